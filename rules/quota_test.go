package rules

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestRoom_steps: O167, above 100 % temporary for 48 hours, then for good; room again, mail again.
func TestRoom_steps(t *testing.T) {
	t.Parallel()
	filled := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	s := State{Patient: Patient{Account: Active, Storage: Storage{Quota: 1000}}, Exchanges: Exchanges{}, Conversations: map[ConversationID]Conversation{}}
	weigh := func(bytes int64, at time.Time) {
		Apply(&s, Change{Kind: DocumentSaved, Bytes: bytes, At: at})
	}
	for _, step := range []struct {
		what  string
		bytes int64
		at    time.Duration
		want  Code
		level StorageLevel
	}{
		{"empty", 0, -time.Hour, "", StorageAmple},
		{"79 %", 799, -time.Hour, "", StorageAmple},
		{"80 %", 1, -time.Hour, "", StorageScarce},
		{"95 %", 150, -time.Hour, "", StorageTight},
		{"one octet left", 49, -time.Hour, "", StorageTight},
		{"full, by a message larger than what was left", 500, 0, TemporarilyAway, StorageFull},
		{"fuller, which changes no instant", 10, time.Hour, TemporarilyAway, StorageFull},
		{"before 48 hours", 0, fullPatience - 1, TemporarilyAway, StorageFull},
		{"at 48 hours", 0, fullPatience, TooLarge, StorageFull},
		{"after a deletion", -600, fullPatience, "", StorageScarce},
		{"more deleted than there was", -9999, fullPatience, "", StorageAmple},
	} {
		weigh(step.bytes, filled.Add(step.at))
		if got := Room(s.Patient, filled.Add(step.at)); got.Code != step.want || got.Refused() && got.Rule != "O167" {
			t.Errorf("%s: %+v, want %q", step.what, got, step.want)
		}
		if got := s.Patient.Storage.Level(); got != step.level {
			t.Errorf("%s: level %d, want %d", step.what, got, step.level)
		}
	}
}

// A retry of what is there is answered as the first time, also by a full mailbox; a refused sender does not
// learn that it is full.
func TestAdmit_full(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	full := Patient{Account: Active, Storage: Storage{Quota: 1, Used: 1, FullSince: now}}
	closed := full
	closed.Account = MessagingClosed
	for _, c := range []struct {
		what string
		f    AdmitFacts
		want Refusal
	}{
		{"a new message", AdmitFacts{Patient: full, HasContent: true}, Refusal{TemporarilyAway, "O167"}},
		{"a retry", AdmitFacts{Patient: full, Repeat: "k"}, Refusal{}},
		{"of a closed mailbox", AdmitFacts{Patient: closed, HasContent: true}, Refusal{PatientUnreachable, "R148"}},
	} {
		if got := Admit(c.f, now).Refusal; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}

// What comes and goes leaves nothing, in whatever order.
func TestStorage_weighsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOf(rapid.Int64Range(0, 1<<40)).Draw(t, "sizes")
		s := Storage{Quota: rapid.Int64Range(0, 1<<40).Draw(t, "quota")}
		at := time.Unix(0, 0)
		for _, n := range sizes {
			s.weigh(n, at)
		}
		for _, n := range sizes {
			s.weigh(-n, at)
		}
		if s.Used != 0 || s.Quota > 0 && !s.FullSince.IsZero() {
			t.Fatalf("%+v is left", s)
		}
	})
}
