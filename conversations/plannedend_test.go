package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

var colleague = conversations.Actor{Kind: conversations.ActorProfessional, ID: "810000000001", Name: "Marie Martin"}

// pair is the exchange of the doctor with the patient, after a message about a subject.
func (b *bench) pair(subject string) (conversations.ID, []conversations.Address) {
	b.t.Helper()
	b.taken(mail{from: doctor, subject: subject, text: "Bonjour"})
	b.settle()
	boxes := []conversations.Address{address(b.t, doctor)}
	return b.thread(subject).Contact, boxes
}

// lists tells in which lists the doctor's one exchange stands, by asking for each, which the counts must confirm.
func (b *bench) lists() (stands rules.Lists) {
	b.t.Helper()
	tally, err := b.Tally(b.t.Context(), address(b.t, doctor))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, l := range rules.AllLists() {
		page, err := b.Exchanges(b.t.Context(), address(b.t, doctor), conversations.Filter{List: l})
		if err != nil || len(page.Items) != tally.Lists[l] {
			b.t.Fatalf("list %b: %d, counted %d, %v", l, len(page.Items), tally.Lists[l], err)
		}
		if len(page.Items) > 0 {
			stands |= l
		}
	}
	return stands
}

func (b *bench) stands(what string, want rules.Lists) {
	b.t.Helper()
	b.settle()
	if got := b.lists(); got != want {
		b.t.Errorf("%s: in the lists %08b, want %08b", what, got, want)
	}
}

// TestPlanEnd_comes: D7: the patient replies in the ten minutes; the end comes, by whom planned it; the reply is
// marked as crossed and waits for an answer.
func TestPlanEnd_comes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pair, boxes := b.pair("Fil")
	thread := b.thread("Fil").ID
	at := b.clock.Now().Add(rules.UndoFor)
	line, err := b.PlanEnd(t.Context(), colleague, boxes, pair, at, "suivi terminé")
	if err != nil || !line.Planned.At.Equal(at.Truncate(time.Millisecond)) || line.Planned.By != colleague.Name || line.Planned.Reason != "suivi terminé" {
		t.Fatalf("%+v, %v", line.Planned, err)
	}
	b.stands("planned", rules.ListOpen|rules.ListPlanned)
	if got := b.read(thread); !got.Reply.Allowed || !got.Reply.Until.Equal(line.Planned.At) {
		t.Errorf("the patient is told %+v", got.Reply)
	}
	b.clock.advance(9 * time.Minute)
	if _, err := b.reply(thread, "Merci"); err != nil {
		t.Fatal(err)
	}
	b.stands("he replied", rules.ListOpen|rules.ListPlanned|rules.ListWaiting)
	b.clock.advance(time.Minute)
	b.memory.forget()
	if _, err := b.reply(thread, "Encore"); conversations.KindOf(err) != conversations.KindThreadClosed {
		t.Errorf("a reply at the instant: %v", err)
	}
	b.stands("it came", rules.ListEnded|rules.ListWaiting)
	crossed := 0
	desk, err := b.ThreadFor(t.Context(), boxes, thread)
	if err != nil || desk.State != "ended" || desk.Ended == nil || !desk.Ended.At.Equal(line.Planned.At) {
		t.Fatalf("%+v, %v", desk.Ended, err)
	}
	for _, m := range desk.Messages {
		if m.Crossed {
			crossed++
		}
	}
	if crossed != 1 {
		t.Errorf("%d messages crossed the end", crossed)
	}
	if _, err := b.KeepExchange(t.Context(), colleague, boxes, pair); err != nil {
		t.Error(err)
	}
	b.stands("too late to take it back", rules.ListEnded|rules.ListWaiting)
	if _, err := b.Write(t.Context(), colleague, thread, conversations.ThreadInput{Mailbox: boxes[0], Text: "Bien reçu"}); err != nil {
		t.Fatal(err)
	}
	b.stands("answered", rules.ListOpen)
}

// TestPlanEnd_takenBack: D7: nothing is left of it, for the patient either.
func TestPlanEnd_takenBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pair, boxes := b.pair("Fil")
	thread := b.thread("Fil").ID
	if _, err := b.PlanEnd(t.Context(), colleague, boxes, pair, b.clock.Now().Add(rules.UndoFor), ""); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(5 * time.Minute)
	line, err := b.KeepExchange(t.Context(), colleague, boxes, pair)
	if err != nil || line.Planned != (conversations.Planned{}) {
		t.Fatalf("%+v, %v", line.Planned, err)
	}
	b.clock.advance(time.Hour)
	b.stands("taken back", rules.ListOpen)
	if _, err := b.reply(thread, "Merci"); err != nil {
		t.Error(err)
	}
}

// TestStanding_lists: D4, D22, O89: what brings an exchange into each list, and what takes it out.
func TestStanding_lists(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pair, boxes := b.pair("Fil")
	thread := b.thread("Fil").ID
	b.stands("written", rules.ListOpen)
	if _, err := b.Write(t.Context(), colleague, thread, conversations.ThreadInput{Mailbox: boxes[0], Text: "Avez-vous lu ?", ReadReceipt: true}); err != nil {
		t.Fatal(err)
	}
	b.stands("a receipt is asked for", rules.ListOpen|rules.ListUnread)
	if err := b.Opened(t.Context(), b.self(), b.patient.ID, thread); err != nil {
		t.Fatal(err)
	}
	b.stands("opened", rules.ListOpen)
	m, err := b.reply(thread, "Oui")
	if err != nil {
		t.Fatal(err)
	}
	b.stands("he replied", rules.ListOpen|rules.ListWaiting)
	e := conversations.Effect{Kind: conversations.EffectDeliver, Patient: b.patient.ID, Thread: thread, Message: m.ID, Mailbox: b.MailboxID(boxes[0])}
	if err := b.Delivered(t.Context(), e, conversations.Outcome{State: conversations.DeliveryFailed, Detail: "Non remis.", Code: "550 5.1.1"}); err != nil {
		t.Fatal(err)
	}
	b.stands("it did not arrive", rules.ListOpen|rules.ListWaiting|rules.ListUndelivered)
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, pair, b.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	b.stands("blocked", rules.ListUnreachable|rules.ListWaiting|rules.ListUndelivered)
	b.clock.advance(time.Hour)
	b.stands("the block ended by itself", rules.ListOpen|rules.ListWaiting|rules.ListUndelivered)
	if _, err := b.Write(t.Context(), colleague, thread, conversations.ThreadInput{Mailbox: boxes[0], Text: "Je vous appelle"}); err != nil {
		t.Fatal(err)
	}
	b.stands("answered", rules.ListOpen)
	if _, err := b.EndExchange(t.Context(), colleague, boxes, pair); err != nil {
		t.Fatal(err)
	}
	b.stands("ended", rules.ListEnded)
	if _, err := b.ManageAccount(t.Context(), b.self(), rules.Holder, b.patient.ID, rules.EraseAccount); err != nil {
		t.Fatal(err)
	}
	b.stands("erased", 0)
}

// TestAttachmentFor_ownMessagesAlone: D34, O155: the document whole, and nobody else's.
func TestAttachmentFor_ownMessagesAlone(t *testing.T) {
	t.Parallel()
	w := newActWorld(t)
	seen, err := w.ThreadFor(t.Context(), w.boxes(), w.thread)
	if err != nil {
		t.Fatal(err)
	}
	id := seen.Messages[0].Attachments[0].ID
	d, err := w.AttachmentFor(t.Context(), colleague, w.boxes(), w.thread, id)
	if err != nil || d.ID != id || d.Name != "a.pdf" {
		t.Fatalf("%+v, %v", d.AttachmentLine, err)
	}
	stranger := []conversations.Address{address(t, clinic)}
	for name, try := range map[string]func() error{
		"another mailbox": func() error { _, err := w.AttachmentFor(t.Context(), colleague, stranger, w.thread, id); return err },
		"no mailbox":      func() error { _, err := w.AttachmentFor(t.Context(), colleague, nil, w.thread, id); return err },
		"the patient's id": func() error {
			_, err := w.AttachmentFor(t.Context(), colleague, w.boxes(), w.thread, w.piece)
			return err
		},
		"another part": func() error {
			_, err := w.AttachmentFor(t.Context(), colleague, w.boxes(), w.thread, id+"9")
			return err
		},
		"no id":           func() error { _, err := w.AttachmentFor(t.Context(), colleague, w.boxes(), w.thread, "x"); return err },
		"no conversation": func() error { _, err := w.AttachmentFor(t.Context(), colleague, w.boxes(), "a1x", id); return err },
	} {
		if err := try(); conversations.KindOf(err) != conversations.KindNotFound || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
