package alarm

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Name is one kind of condition. The text stands in the log and in metrics.
type Name string

// Names, in the order of the rules.
const (
	ListAge        Name = "white-list-age"           // not confirmed for too long (O16)
	ListRefresh    Name = "white-list-refresh"       // the last attempt failed, the list before serves (O15, O17)
	OwnEntry       Name = "own-entry-missing"        // a list does not name our certificate for our domain (O44)
	RevocationData Name = "revocation-data"          // a source cannot be had; what it gave last is used (O52)
	RevocationGone Name = "revocation-unknown"       // nothing valid tells about an authority's certificates (O52)
	OwnExpiry      Name = "own-certificate-expiring" // 60, 30, 7 days before the end (O53)
	OwnReplacement Name = "own-certificate-refused"  // new files cannot be used, the pair before serves (O53)
	HostName       Name = "peer-host-name"           // a server's certificate does not name the host of its MX (D23, O84)
)

// Alarm is one condition that holds.
type Alarm struct {
	Name    Name
	Subject string // of what there may be several: an authority, a host; otherwise empty
	Level   slog.Level
	Detail  string
	Since   time.Time
}

// Board holds the alarms of a bridge. A nil board takes and tells nothing. It is safe for concurrent
// use.
type Board struct {
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex
	active map[key]Alarm
}

type key struct {
	name    Name
	subject string
}

// NewBoard returns an empty board.
func NewBoard(log *slog.Logger, now func() time.Time) *Board {
	return &Board{log: log, now: now, active: map[key]Alarm{}}
}

// Raise says that a condition holds. It is logged when it is new, or has another level or detail.
func (b *Board) Raise(name Name, subject string, level slog.Level, detail string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k := key{name, subject}
	old, held := b.active[k]
	a := Alarm{Name: name, Subject: subject, Level: level, Detail: detail, Since: b.now()}
	if held {
		a.Since = old.Since
	}
	b.active[k] = a
	if !held || old.Level != level || old.Detail != detail {
		write := b.log.Warn
		if level >= slog.LevelError {
			write = b.log.Error
		}
		write("alarm", "alarm", string(name), "subject", subject, "state", "raised", "detail", detail)
	}
}

// Clear says that a condition holds no more.
func (b *Board) Clear(name Name, subject string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k := key{name, subject}
	if _, held := b.active[k]; !held {
		return
	}
	delete(b.active, k)
	b.log.Info("alarm", "alarm", string(name), "subject", subject, "state", "cleared")
}

// Active lists what holds, by name and subject.
func (b *Board) Active() []Alarm {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Alarm, 0, len(b.active))
	for _, a := range b.active {
		all = append(all, a)
	}
	slices.SortFunc(all, func(x, y Alarm) int {
		if x.Name != y.Name {
			return strings.Compare(string(x.Name), string(y.Name))
		}
		return strings.Compare(x.Subject, y.Subject)
	})
	return all
}

// Names lists every kind of condition, for a metric that shows the absent ones too.
func Names() []Name {
	return []Name{ListAge, ListRefresh, OwnEntry, RevocationData, RevocationGone, OwnExpiry, OwnReplacement, HostName}
}
