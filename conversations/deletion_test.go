package conversations_test

import (
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// R115, I167, R117, OP18: deletion for the patient alone, what a later message makes of it, and the purge.
func TestDeleteThread_thenANewMessage_thenThePurge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, id: "one@operator.test", subject: "Fil", text: "secret un"})
	b.settle()
	id := b.thread("Fil").ID
	if err := b.SaveDraft(t.Context(), b.self(), b.patient.ID, id, "brouillon"); err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, id); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"delete again": b.DeleteThread(t.Context(), b.self(), b.patient.ID, id),
		"opened":       b.Opened(t.Context(), b.self(), b.patient.ID, id),
		"draft":        b.SaveDraft(t.Context(), b.self(), b.patient.ID, id, "x"),
	} {
		if conversations.KindOf(err) != conversations.KindNotFound || err == nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := b.reply(id, "x")
	wantKind(t, err, conversations.KindNotFound)
	if page, err := b.Inbox(t.Context(), b.patient.ID, "", 0); err != nil || len(page.Items) != 0 {
		t.Errorf("inbox %+v, %v", page, err)
	}
	desk, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, doctor)}, id)
	if err != nil || len(desk.Messages) != 1 || desk.State != string(rules.ThreadOpen) {
		t.Errorf("the professional sees %+v, %v: he saw one open message (I167)", desk, err)
	}
	bodies := b.bodyCount()
	b.taken(mail{from: doctor, subject: "Re: Fil", text: "deux", refs: []string{"one@operator.test"}})
	again := b.read(id)
	if len(again.Messages) != 1 || again.Messages[0].Text != "deux" || again.Draft != "" || !again.Unread || !again.Reply.Allowed {
		t.Errorf("after a new message: %+v (R117)", again)
	}
	b.clock.advance(31 * 24 * time.Hour)
	b.settle()
	if got := b.bodyCount(); got != bodies {
		t.Errorf("%d bodies, want %d: the deleted one is erased, the new one stays", got, bodies)
	}
	if again = b.read(id); len(again.Messages) != 1 {
		t.Errorf("after the purge: %+v", again.Messages)
	}
	if _, err := b.reply(id, "Merci"); err != nil {
		t.Errorf("answer to what came after the deletion: %v", err)
	}
}

func (b *bench) bodyCount() int {
	b.memory.mu.Lock()
	defer b.memory.mu.Unlock()
	return len(b.memory.bodies)
}

// The purge of a conversation that nobody wrote in since leaves nothing of it; a body in the trash is no
// dead body before.
func TestDeleteThread_purgeLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	b.settle()
	id := b.thread("Fil").ID
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, id); err != nil {
		t.Fatal(err)
	}
	known := b.Known()
	for body := range b.memory.bodies {
		if is, err := known(t.Context(), b.patient.ID, body); err != nil || !is {
			t.Errorf("a body in the trash counts as dead: %v, %v", is, err)
		}
	}
	b.clock.advance(31 * 24 * time.Hour)
	b.settle()
	if left := b.left(); len(left) != 1 || !strings.Contains(left[0], ":marks:") {
		t.Errorf("something of the conversation is left: %q", left)
	}
	b.clock.advance(rules.RepeatFor)
	b.settle()
	if left := b.left(); len(left) > 0 {
		t.Errorf("something of the conversation is left: %q", left)
	}
	if b.bodyCount() != 0 {
		t.Error("its body is left")
	}
	_, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, doctor)}, id)
	wantKind(t, err, conversations.KindNotFound)
}

// left lists what the store holds of the patient's conversations and messages, in their compact form, but for
// the marks of repeats, which outlive their message, and the count of what is stored.
func (b *bench) left() (names []string) {
	const mark, count = "\x05", "\x0c"
	tag := "{s" + b.patient.ID.Shard() + "}:"
	if key := tag + "inbox:" + string(b.patient.ID); b.redis.Exists(key) {
		names = append(names, key)
	}
	if !b.redis.Exists(tag + "conv:" + string(b.patient.ID)) {
		return names
	}
	fields, err := b.redis.HKeys(tag + "conv:" + string(b.patient.ID))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range fields {
		if !strings.HasPrefix(f, mark) && f != count {
			names = append(names, f)
		}
	}
	return names
}
