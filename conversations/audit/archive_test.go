package audit_test

import (
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/audit"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/localdb/localdbtest"
	"mesbridge/rules"
)

// O156: from the archive's files, what happened to one message, in one mailbox or on one day is answered
// within five seconds, over 100 000 entries in 200 rounds at the full size, 4 000 in 8 otherwise.
func TestExport_fromFiles(t *testing.T) {
	t.Parallel()
	rounds := 8
	if os.Getenv("SOAK") != "" {
		rounds = 200
	}
	const each, mailboxes = 500, 100
	dir := t.TempDir()
	fill(t, dir, rounds, each, mailboxes)
	noon := time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		filter audit.Filter
		rows   int
	}{
		"message": {audit.Filter{Message: "00m77"}, 1},
		"mailbox": {audit.Filter{Mailbox: mailbox(7)}, rounds * each / mailboxes},
		"period":  {audit.Filter{From: noon.AddDate(0, 0, 1), To: noon.AddDate(0, 0, 2)}, each},
	} {
		began := time.Now()
		source, err := archive.NewReader(os.DirFS(dir), nil)
		if err != nil {
			t.Fatal(err)
		}
		m, err := audit.Export(t.Context(), io.Discard, audit.Options{Source: source, Filter: tt.filter, Form: audit.JSONLines, Now: noon})
		took := time.Since(began)
		if err != nil || m.Rows != tt.rows || took > 5*time.Second {
			t.Errorf("%s: %d rows in %v, %v; want %d", name, m.Rows, took, err, tt.rows)
		}
		t.Logf("%s: %d of %d entries in %v", name, m.Rows, source.Total(), took)
	}
}

func mailbox(n int) rules.MailboxID { return rules.MailboxID(fmt.Sprintf("5a%030x", n)) }

// fill makes an archive of rounds, one a day from noon on.
func fill(t *testing.T, dir string, rounds, each, mailboxes int) {
	t.Helper()
	db := localdbtest.Open(t, vfs.NewMem(), "data")
	j, err := journal.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	key, err := archive.MakeKey(dir + ".key")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)
	files, err := archive.Open(dir, j, key, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	for n := range rounds * each {
		err := conversations.TraceTo(t.Context(), j, now, conversations.Event{
			Kind: conversations.TraceRecipient, Message: conversations.ID(fmt.Sprint("00m", n)), Mailbox: mailbox(n % mailboxes),
			Patient: conversations.PatientID(fmt.Sprintf("%032x", n)), Outcome: conversations.OutcomeRefused, Code: "mailbox-unknown", Rule: "R140",
		})
		if err != nil {
			t.Fatal(err)
		}
		if n%each != each-1 {
			continue
		}
		if _, err := files.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.AddDate(0, 0, 1)
	}
}
