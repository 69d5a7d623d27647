package tests

import (
	"path/filepath"
	"testing"
	"time"
)

// crashAccounts are the figures of the wire: what arrived how often, and what explains a repeat.
type crashAccounts struct {
	messages int // each counted once for each mailbox
	notices  int // of them, copies of what a mailbox wrote here (D30), which have no outcome to record
	extra    int // copies beyond the first
	windows  int // kills of the bridge between the peer's 250 for a message and our record of it
	recorded int // outcomes "sent" in the journal
}

// accounts judges every arrival by the journal. A copy is repeated only by a later process of the bridge,
// and only when the one before was killed between the peer's 250 and our record: so that there are never
// more copies beyond the first than such kills. All copies of a message are the same bytes.
func (c *crash) accounts(t *testing.T, sent map[string]time.Time) (a crashAccounts) {
	t.Helper()
	c.sink.mu.Lock()
	defer c.sink.mu.Unlock()
	tags := map[string]string{} // by Message-ID
	for tag, id := range c.sink.words {
		tags[id] = tag
	}
	ids := c.ids()
	for mail, copies := range c.sink.all {
		a.messages++
		record, recorded := sent[ids[tags[mail.id]]]
		windows := c.windows(copies, record, recorded)
		if recorded {
			a.windows += windows
			a.extra += len(copies) - 1
		} else {
			a.notices++
		}
		if len(copies)-1 > windows {
			t.Errorf("%s arrived %d times; %d kills fell between a 250 and its record", mail.id, len(copies), windows)
		}
		for i, one := range copies {
			if one.sum != copies[0].sum {
				t.Errorf("copies of %s differ", mail.id)
			}
			if i > 0 && one.life <= copies[i-1].life {
				t.Errorf("%s was sent twice by one process", mail.id)
			}
			if recorded && c.lives[one.life].begun.After(record) {
				t.Errorf("%s was sent by a process that began after its record", mail.id)
			}
		}
	}
	a.recorded = c.neverWrong(t, sent)
	return a
}

// windows counts the kills that came after a process got 250 for a message and before any record of it.
func (c *crash) windows(copies []crashCopy, record time.Time, recorded bool) (n int) {
	ended := map[int]bool{}
	for _, one := range copies {
		killed := c.lives[one.life].killed
		if !ended[one.life] && !killed.IsZero() && (!recorded || record.After(killed)) {
			ended[one.life] = true
			n++
		}
	}
	return n
}

// ids names by its tag each message that is there: replies, and what a professional wrote by the API, of which
// his mailbox gets a copy (D30).
func (c *crash) ids() map[string]string {
	ids := map[string]string{}
	for _, l := range c.lanes {
		for _, thread := range l.threads {
			for tag, m := range thread.texts {
				if m.there.yes {
					ids[tag] = m.id
				}
			}
		}
	}
	return ids
}

// neverWrong checks that no message is recorded as sent that nobody got, and counts the records.
func (c *crash) neverWrong(t *testing.T, sent map[string]time.Time) (n int) {
	t.Helper()
	for tag, id := range c.ids() {
		if _, recorded := sent[id]; !recorded {
			continue
		}
		n++
		if c.sink.words[tag] == "" {
			t.Errorf("message %s is recorded as sent, and nobody got it", tag)
		}
	}
	return n
}

// sentByJournal exports the journal and finds when each reply was recorded as sent, by its id.
func sentByJournal(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	out := filepath.Join(t.TempDir(), "traces.jsonl")
	if code, text := mesbridge(t, "audit", "export", "--data", dir, "--format", "jsonl", "--out", out); code != 0 {
		t.Fatalf("export ends with %d:\n%s", code, text)
	}
	sent := map[string]time.Time{}
	for _, row := range exported(t, out) {
		if row["event"] != "message.delivery" || row["outcome"] != "sent" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, row["time"].(string))
		if err != nil {
			t.Fatal(err)
		}
		id := row["message"].(string)
		if _, twice := sent[id]; twice {
			t.Errorf("message %s is recorded as sent twice", id)
		}
		sent[id] = at
	}
	return sent
}
