package conversations_test

import (
	"maps"
	"testing"
	"time"

	"mesbridge/conversations"
)

// latest is what LatestThreads gives for the patient.
func (b *bench) latest(want map[conversations.ID]conversations.ID) {
	b.t.Helper()
	got, err := b.LatestThreads(b.t.Context(), b.patient.ID)
	if err != nil || !maps.Equal(got, want) {
		b.t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// The newest conversation in which a professional wrote is told with him, as long as it is there to read (R115).
func TestLatestThreads_newestInWhichHeWrote(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.latest(map[conversations.ID]conversations.ID{})
	b.taken(mail{from: doctor, subject: "Premier", text: "1"})
	b.clock.advance(time.Hour)
	b.taken(mail{from: doctor, subject: "Second", text: "2", others: []string{clinic}})
	b.clock.advance(time.Hour)
	b.taken(mail{from: clinic, subject: "Autre", text: "3"})
	b.settle()
	first, second, third := b.thread("Premier").ID, b.thread("Second").ID, b.thread("Autre").ID
	his, its := b.contactOf(doctor), b.contactOf(clinic)
	b.latest(map[conversations.ID]conversations.ID{his: second, its: third})
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, second); err != nil {
		t.Fatal(err)
	}
	b.latest(map[conversations.ID]conversations.ID{his: first, its: third})
}

// A conversation as a line of the list leaves no trace of whoever looks for the patient, and is as hidden as the whole (R115).
func TestLine_opensNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	b.settle()
	id := b.thread("Fil").ID
	helper, _ := b.helped()
	before, err := b.History(t.Context(), b.patient.ID, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	line, err := b.Line(b.as(helper), b.patient.ID, id)
	if err != nil || line.ID != id || line.Subject != "Fil" || !line.Unread {
		t.Errorf("%+v, %v", line, err)
	}
	if after, err := b.History(t.Context(), b.patient.ID, "", 200); err != nil || len(after.Items) != len(before.Items) {
		t.Errorf("%d entries, %d before, %v", len(after.Items), len(before.Items), err)
	}
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, id); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []conversations.ID{id, id[:len(id)-1] + "zz", "x"} {
		_, err = b.Line(t.Context(), b.patient.ID, gone)
		wantKind(t, err, conversations.KindNotFound)
	}
}
