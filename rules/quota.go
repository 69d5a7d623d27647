package rules

import "time"

// Storage is how much of a mailbox is taken (D19, O164, O167). The zero value is an empty one without limit.
type Storage struct {
	Used      int64     // octets of messages, whole as they travelled, and of saved documents
	FullSince time.Time // since when Used reaches Quota; zero: it does not
	Quota     int64     // a setting; 0: no limit
}

// fullPatience is how long a full mailbox defers before it refuses (O167).
const fullPatience = 48 * time.Hour

// Room tells whether the mailbox of a patient has room for one more message now. It is asked after [Reach],
// at RCPT and by [Admit]. The message that fills the mailbox is still taken: nothing that fits the size of a
// message is refused before the mailbox is full (O167).
func Room(p Patient, now time.Time) Refusal {
	switch s := p.Storage; {
	case s.Quota <= 0 || s.Used < s.Quota:
		return Refusal{}
	case s.FullSince.IsZero() || now.Before(s.FullSince.Add(fullPatience)):
		return Refusal{TemporarilyAway, "O167"}
	}
	return Refusal{TooLarge, "O167"}
}

// weigh adds octets, or takes them away when bytes is negative.
func (s *Storage) weigh(bytes int64, at time.Time) {
	s.Used = max(0, s.Used+bytes)
	switch {
	case s.Quota <= 0 || s.Used < s.Quota:
		s.FullSince = time.Time{}
	case s.FullSince.IsZero():
		s.FullSince = at
	}
}

// StorageLevel is what to tell the holder of a mailbox about its room (O167).
type StorageLevel int

// Levels, each from a share of the quota on.
const (
	StorageAmple  StorageLevel = iota
	StorageScarce              // 80 %
	StorageTight               // 95 %
	StorageFull
)

// Level is where the mailbox stands.
func (s Storage) Level() StorageLevel {
	switch {
	case s.Quota <= 0:
		return StorageAmple
	case s.Used >= s.Quota:
		return StorageFull
	case s.Used >= s.Quota/100*95:
		return StorageTight
	case s.Used >= s.Quota/100*80:
		return StorageScarce
	}
	return StorageAmple
}
