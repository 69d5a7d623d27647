package conversations_test

import (
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/localdb/localdbtest"
)

// The journal finds the entries on one patient among those of others in his shard, newest first.
func TestAbout_inTheRealJournal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	db := localdbtest.Open(t, vfs.NewMem(), "data")
	j, err := journal.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	}
	var own [][]byte
	for _, entry := range b.memory.journal[b.patient.ID.Shard()] {
		own = append(own, entry)
	}
	sequence, mine := uint64(0), []uint64{}
	for i := range 2500 { // more than one step of the search
		sequence++
		entry := []byte("of somebody else")
		if i%500 == 7 {
			entry = own[i/500]
			mine = append(mine, sequence)
		}
		if err := j.Append(t.Context(), conversations.JournalEntry{Shard: b.patient.ID.Shard(), Sequence: sequence, Entry: entry}); err != nil {
			t.Fatal(err)
		}
	}
	slices.Reverse(mine)
	var found []uint64
	for before := uint64(0); ; {
		page, err := j.About(t.Context(), b.patient.ID, before, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			found, before = append(found, e.Sequence), e.Sequence
		}
		if len(page) == 0 {
			break
		}
	}
	if !slices.Equal(found, mine) {
		t.Errorf("found %v, want %v", found, mine)
	}
}
