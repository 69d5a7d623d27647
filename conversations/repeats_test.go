package conversations_test

import (
	"testing"
	"time"

	"mesbridge/rules"
)

// R115, D16: the mark of a message outlives it by seven days. An operator's repeat of a message that the
// patient deleted, and that is erased meanwhile, makes no second one; after that it is a message like any
// other. Each purge leaves its trace.
func TestRepeat_ofErasedMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := mail{from: doctor, subject: "Fil", text: "1", id: "one@cabinet.test"}
	b.taken(m)
	b.settle()
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, b.thread("Fil").ID); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(rules.TrashFor)
	b.settle()
	b.clock.advance(rules.RepeatFor - time.Minute)
	b.settle()
	if repeated, err := b.receive(m); err != nil || !repeated {
		t.Errorf("within seven days: repeated %v, %v", repeated, err)
	}
	b.clock.advance(time.Minute)
	b.settle()
	if repeated, err := b.receive(m); err != nil || repeated {
		t.Errorf("after seven days: repeated %v, %v", repeated, err)
	}
	if page, err := b.Inbox(t.Context(), b.patient.ID, "", 0); err != nil || len(page.Items) != 1 {
		t.Errorf("%d conversations, %v", len(page.Items), err)
	}
}
