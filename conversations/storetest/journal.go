package storetest

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func journalContracts() []contract {
	return []contract{
		{"Journal/entries_inOrderOfCommit", journalOrder},
		{"Journal/after_andLimit", journalPages},
		{"Journal/trim_forgetsUpTo", journalTrim},
		{"Head/isTheLastSequence_afterTrimToo", journalHead},
	}
}

// journal reads entries of a shard, which must succeed.
func journal(t *testing.T, s conversations.Store, shard string, after uint64, limit int) []conversations.JournalEntry {
	t.Helper()
	entries, err := s.Journal(t.Context(), shard, after, limit)
	if err != nil {
		t.Fatalf("Journal: %v", err)
	}
	return entries
}

// head reads the head of a shard, which must succeed.
func head(t *testing.T, s conversations.Store, shard string) uint64 {
	t.Helper()
	h, err := s.Head(t.Context(), shard)
	if err != nil {
		t.Fatalf("Head: %v", err)
	}
	return h
}

// write commits count changes of alice.
func write(t *testing.T, s conversations.Store, count int) {
	t.Helper()
	for i := range count {
		commit(t, s, alice, change(rules.Seq(i), numbered("op", i)))
	}
}

func journalOrder(t *testing.T, s conversations.Store) {
	wantEqual(t, "entries of an empty shard", len(journal(t, s, "7f", 0, 10)), 0)
	var want []string
	for i, p := range []conversations.PatientID{alice, bob, carol, alice} {
		c := change(facts(t, s, p, conversations.FactsQuery{}).Version, numbered("op", i))
		c.Entry = append(everyByte(), byte(i))
		c.Now = minutes(i).Add(999_999)
		commit(t, s, p, c)
		if p.Shard() == "7f" {
			want = append(want, string(c.Entry))
		}
	}
	entries := journal(t, s, "7f", 0, 10)
	wantEqual(t, "entries", len(entries), len(want))
	for i, e := range entries {
		wantEqual(t, "shard", e.Shard, "7f")
		wantEqual(t, "sequence", e.Sequence, uint64(i)+1)
		wantEqual(t, "entry", string(e.Entry), want[i])
	}
	wantEqual(t, "at", entries[2].At, minutes(3))
	wantEqual(t, "entries of the other shard", len(journal(t, s, "03", 0, 10)), 1)
}

func journalPages(t *testing.T, s conversations.Store) {
	write(t, s, 7)
	for _, tc := range []struct {
		after       uint64
		limit       int
		first, last uint64
	}{{0, 3, 1, 3}, {3, 3, 4, 6}, {6, 3, 7, 7}, {7, 3, 0, 0}, {99, 3, 0, 0}, {0, 0, 0, 0}} {
		entries := journal(t, s, alice.Shard(), tc.after, tc.limit)
		var first, last uint64
		if len(entries) > 0 {
			first, last = entries[0].Sequence, entries[len(entries)-1].Sequence
		}
		if first != tc.first || last != tc.last {
			t.Errorf("after %d, limit %d: %d to %d, want %d to %d", tc.after, tc.limit, first, last, tc.first, tc.last)
		}
	}
}

func journalTrim(t *testing.T, s conversations.Store) {
	write(t, s, 5)
	for _, step := range []struct{ upTo, first uint64 }{{0, 1}, {3, 4}, {2, 4}, {4, 5}} {
		if err := s.Trim(t.Context(), alice.Shard(), step.upTo); err != nil {
			t.Fatalf("Trim: %v", err)
		}
		entries := journal(t, s, alice.Shard(), 0, 10)
		wantEqual(t, "first after trim", entries[0].Sequence, step.first)
		wantEqual(t, "last after trim", entries[len(entries)-1].Sequence, 5)
	}
	if err := s.Trim(t.Context(), "00", 5); err != nil {
		t.Errorf("Trim of an empty shard: %v", err)
	}
}

func journalHead(t *testing.T, s conversations.Store) {
	wantEqual(t, "head of an empty shard", head(t, s, alice.Shard()), 0)
	write(t, s, 3)
	wantEqual(t, "head", head(t, s, alice.Shard()), 3)
	if err := s.Trim(t.Context(), alice.Shard(), 3); err != nil {
		t.Fatalf("Trim: %v", err)
	}
	wantEqual(t, "head after trim", head(t, s, alice.Shard()), 3)
	wantEqual(t, "head of another shard", head(t, s, carol.Shard()), 0)
	c := change(3, "after trim")
	c.Now = noon().Add(time.Hour)
	wantEqual(t, "sequence", commit(t, s, alice, c).Sequence, 4)
	wantEqual(t, "entries", len(journal(t, s, alice.Shard(), 3, 10)), 1)
}
