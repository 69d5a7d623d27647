package conversations_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// later moves the clock.
func (c *clock) later(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (b *bench) object(id string, kind rules.ObjectionKind, scope rules.RefusalScope, value string) conversations.Objection {
	b.t.Helper()
	o, err := b.Object(b.t.Context(), b.self(), b.patient.ID, rules.Objection{ID: rules.ObjectionID(id), Kind: kind, Scope: scope, Value: value})
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

// D14 b, D13, D15: a refusal by structure, with the identifier that people write, freezes and restores.
func TestObject_messages_freezesAndRestores(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tables.add(clinic, conversations.Mailbox{Name: "Cardiologie", Speciality: "Clinique du Parc", Kind: rules.Organisational, Structure: "1770816478"})
	b.taken(mail{from: clinic, subject: "Fil", text: "1"})
	b.taken(mail{from: doctor, subject: "Autre", text: "2"})
	id := b.thread("Fil").ID
	o := b.object("plus-de-clinique", rules.AgainstMessages, rules.WholeStructure, "770816478")
	if o.Meaning != "Clinique du Parc" || !slices.Equal(o.Binds, []string{"Cardiologie"}) || !o.Unsure || o.Told {
		t.Errorf("%+v", o)
	}
	_, err := b.receive(mail{from: clinic, subject: "Fil", text: "3"})
	wantKind(t, err, conversations.KindUnreachable)
	frozen := b.read(id)
	if frozen.State != string(rules.Frozen) || frozen.Reply.Code != rules.PatientOpposed || !slices.Equal(frozen.Reply.Options, []string{"NO_REPLY"}) {
		t.Errorf("%s %+v", frozen.State, frozen.Reply)
	}
	_, err = b.reply(id, "Bonjour")
	wantKind(t, err, conversations.KindPatientOpposed)
	if b.read(id).Draft != "Bonjour" {
		t.Error("the refused text is lost (D15)")
	}
	if b.thread("Autre").State != string(rules.Open) {
		t.Error("another professional is frozen too")
	}
	if err := b.Withdraw(t.Context(), b.self(), b.patient.ID, "plus-de-clinique"); err != nil {
		t.Fatal(err)
	}
	if b.read(id).State != string(rules.Open) || b.read(id).Draft != "Bonjour" {
		t.Error("lifted, it is not as before (D15)")
	}
}

// What an objection says is sealed: neither its id nor whom it binds stands in the store.
func TestObject_isSealed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.object("contre-le-docteur-martin", rules.AgainstMessages, rules.WholeStructure, "1770816478")
	dump := b.redis.Dump()
	for _, secret := range []string{"contre-le-docteur", "770816478"} {
		if strings.Contains(dump, secret) {
			t.Errorf("%s stands in Redis in clear", secret)
		}
	}
}

// D14 c: told to those in scope, with the date; out of REPLY_TO_ALL; no message is stopped.
func TestObject_exchange_isToldAndStopsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tables.add(clinic, conversations.Mailbox{Name: "Cardiologie", Kind: rules.Organisational, Structure: "1770816478"})
	b.taken(mail{from: doctor, subject: "Fil", text: "1", others: []string{clinic}})
	b.taken(mail{from: clinic, subject: "Autre", text: "2"})
	b.settle()
	if all := b.thread("Fil").Reply.ToAll; !slices.Equal(all, []string{"Cardiologie"}) {
		t.Fatalf("REPLY_TO_ALL adds %v", all)
	}
	if o := b.object("e1", rules.AgainstExchange, rules.WholeStructure, "1770816478"); !o.Told {
		t.Errorf("%+v", o)
	}
	if all := b.thread("Fil").Reply.ToAll; len(all) != 0 {
		t.Errorf("REPLY_TO_ALL still adds %v", all)
	}
	b.taken(mail{from: clinic, subject: "Encore", text: "3"})
	b.settle()
	for box, told := range map[string]bool{clinic: true, doctor: false} {
		ex, err := b.Exchanges(t.Context(), address(t, box), conversations.Filter{})
		if err != nil || len(ex.Items) != 1 {
			t.Fatalf("%s: %v, %+v", box, err, ex)
		}
		if got := !ex.Items[0].Objected.IsZero(); got != told {
			t.Errorf("%s: told %v, want %v", box, got, told)
		}
		threads, err := b.Threads(t.Context(), address(t, box), conversations.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range threads.Items {
			if got := !line.Objected.IsZero(); got != told {
				t.Errorf("%s, %s: told %v, want %v", box, line.Subject, got, told)
			}
		}
		if v := b.ask(box, anINS); !v.Objected.IsZero() != told || v.Refusal.Refused() {
			t.Errorf("%s: verdict %+v, want told %v", box, v, told)
		}
	}
}

// D14 d, R144, I140: recorded by the professional's side, hard, then soft with a reason.
func TestOpposition_recorded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	actor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896", Name: "Dr Martin"}
	in := conversations.OppositionInput{Mailbox: address(t, doctor), INS: anINS, ToPatient: true, Reason: "dit en consultation"}
	if o, err := b.RecordOpposition(t.Context(), actor, in); err != nil || !o.ToPatient || o.At.IsZero() {
		t.Fatalf("%+v, %v", o, err)
	}
	first := conversations.ThreadInput{Mailbox: address(t, doctor), INS: anINS, Subject: "Bilan", Text: "Bonjour"}
	_, err := b.OpenThread(t.Context(), actor, first)
	wantKind(t, err, conversations.KindObjectionRecorded)
	first.Acknowledged = "le patient a changé d’avis"
	_, err = b.OpenThread(t.Context(), actor, first)
	wantKind(t, err, conversations.KindObjectionRecorded) // hard by default
	v := b.ask(doctor, anINS)                             // D29: the caller's own register is told without an exchange
	if v.Refusal.Code != rules.ObjectionRecorded || v.Rule != "D14" || v.Reachability != rules.Unknown {
		t.Errorf("verdict %+v", v)
	}
	b.SoftOpposition = true
	if v := b.ask(doctor, anINS); v.Refusal.Code != rules.ObjectionRecorded || v.Rule != "I140" {
		t.Errorf("verdict when soft %+v", v)
	}
	if _, err = b.OpenThread(t.Context(), actor, first); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Par mail", text: "x"}) // mail knows nothing of it (R146)
	b.settle()
	ex, err := b.Exchanges(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || len(ex.Items) != 1 || !ex.Items[0].Opposition.ToPatient {
		t.Errorf("%+v, %v", ex.Items, err)
	}
	in.ToPatient = false
	if o, err := b.RecordOpposition(t.Context(), actor, in); err != nil || !o.At.IsZero() {
		t.Errorf("cleared: %+v, %v", o, err)
	}
	if strings.Contains(b.redis.Dump(), "consultation") {
		t.Error("the reason stands in Redis in clear")
	}
}

// R75, R78, D9, I141: the reply mailbox that a professional names, and the attestation.
func TestOpenThread_replyToAndAttestation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	actor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "1"}
	in := conversations.ThreadInput{
		Mailbox: address(t, doctor), INS: anINS, Subject: "Vers le service", Text: "x", ReplyTo: address(t, clinic),
		Informed: conversations.Attestation{By: "Dr Martin", At: b.clock.Now(), How: "en consultation"},
	}
	if _, err := b.OpenThread(t.Context(), actor, in); err != nil {
		t.Fatal(err)
	}
	thread := b.thread("Vers le service")
	if _, err := b.reply(thread.ID, "Merci"); err != nil {
		t.Fatal(err)
	}
	if out := b.queued(); len(out) != 1 || out[0].outgoing.To.Canonical() != clinic {
		t.Errorf("the answer goes to %+v, want the mailbox named", out)
	}
	in.Subject, in.ReplyTo = "Dehors", address(t, "x@gone.test")
	if _, err := b.OpenThread(t.Context(), actor, in); err != nil {
		t.Fatal(err)
	}
	if to := b.thread("Dehors").Reply.To; !slices.Equal(to, []string{"marie.martin"}) {
		t.Errorf("a reply mailbox outside the trust space is ignored: %v (D9)", to)
	}
}

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
	b.clock.later(31 * 24 * time.Hour)
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
	b.clock.later(31 * 24 * time.Hour)
	b.settle()
	if left := b.left(); len(left) != 1 || !strings.Contains(left[0], ":marks:") {
		t.Errorf("something of the conversation is left: %q", left)
	}
	b.clock.later(rules.RepeatFor)
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

// I178, I179: a saved document outlives its conversation; saving twice is saving once.
func TestSaveDocument_outlivesItsConversation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	actor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "1"}
	_, err := b.OpenThread(t.Context(), actor, conversations.ThreadInput{
		Mailbox: address(t, doctor), INS: anINS, Subject: "Ordonnance", Text: "x",
		Attachments: []conversations.Attachment{{Name: "ordo.pdf", Type: "application/pdf", Content: []byte("%PDF")}, {Name: "a.exe", Content: []byte("MZ")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.settle()
	thread := b.thread("Ordonnance")
	files := thread.Messages[0].Attachments
	doc, saved, err := b.SaveDocument(t.Context(), b.self(), b.patient.ID, files[0].ID)
	if err != nil || !saved || doc.Name != "ordo.pdf" || doc.From != "marie.martin" {
		t.Fatalf("%+v, %v, %v", doc, saved, err)
	}
	if again, saved, err := b.SaveDocument(t.Context(), b.self(), b.patient.ID, files[0].ID); err != nil || saved || again.ID != doc.ID {
		t.Errorf("a second time: %+v, %v, %v", again, saved, err)
	}
	_, _, err = b.SaveDocument(t.Context(), b.self(), b.patient.ID, files[1].ID)
	wantKind(t, err, conversations.KindInvalidRequest)
	b.cameWith(doc.ID, thread.ID)
	if files = b.thread("Ordonnance").Messages[0].Attachments; !files[0].Saved || files[1].Saved {
		t.Errorf("the conversation shows as saved: %v, %v", files[0].Saved, files[1].Saved)
	}
	if line, err := b.AttachmentLine(t.Context(), b.patient.ID, files[0].ID); err != nil || !line.Saved {
		t.Errorf("%+v, %v", line, err)
	}
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, thread.ID); err != nil {
		t.Fatal(err)
	}
	b.cameWith(doc.ID, "")
	_, err = b.Attachment(t.Context(), b.self(), b.patient.ID, files[0].ID)
	wantKind(t, err, conversations.KindNotFound)
	b.clock.later(31 * 24 * time.Hour)
	b.settle()
	b.cameWith(doc.ID, "")
	d, err := b.Document(t.Context(), b.self(), b.patient.ID, doc.ID)
	if err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	if err := d.Write(&content); err != nil || content.String() != "%PDF" {
		t.Errorf("%q, %v", content.String(), err)
	}
	if is, err := b.Known()(t.Context(), b.patient.ID, doc.ID); err != nil || !is {
		t.Errorf("the document's body counts as dead: %v, %v", is, err)
	}
	if err := b.DeleteDocument(t.Context(), b.self(), b.patient.ID, doc.ID); err != nil {
		t.Fatal(err)
	}
	if page, err := b.Documents(t.Context(), b.patient.ID, "", 0); err != nil || len(page.Items) != 0 || b.bodyCount() != 0 {
		t.Errorf("%+v, %v, %d bodies", page, err, b.bodyCount())
	}
}

// cameWith expects of the patient's one document the conversation that it came with; empty: that is there no more.
func (b *bench) cameWith(doc, thread conversations.ID) {
	b.t.Helper()
	line, err := b.DocumentLine(b.t.Context(), b.patient.ID, doc)
	if err != nil || line.Thread != thread {
		b.t.Errorf("%+v, %v", line, err)
	}
	page, err := b.Documents(b.t.Context(), b.patient.ID, "", 0)
	if err != nil || len(page.Items) != 1 || page.Items[0].Thread != thread {
		b.t.Errorf("%+v, %v", page, err)
	}
}

// O159: who did what, page by page, without an address.
func TestHistory_pages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	if _, err := b.reply(id, "Merci"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, b.read(id).Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	b.object("o", rules.AgainstExchange, rules.Everyone, "")
	var codes []string
	for cursor := ""; ; {
		page, err := b.History(t.Context(), b.patient.ID, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range page.Items {
			codes = append(codes, line.Code)
			if strings.Contains(line.With+line.Actor, "@") || line.At.IsZero() {
				t.Errorf("%+v", line)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	want := []string{"opposition.set", "patient.block", "message.out", "message.in", "mailbox.state", "mailbox.state"}
	if !slices.Equal(codes, want) {
		t.Errorf("%v, want %v", codes, want)
	}
}

// Item of the lists: one patient whose key is lost does not fail a professional's page.
func TestThreads_oneUnreadablePatient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other, err := b.Enrol(t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, "162999951203423", "Gérard Pelletan", rules.Active)
	if err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	b.hand(other.INS, mail{from: doctor, subject: "Perdu", text: "2"}, func(*conversations.Incoming) {})
	b.settle()
	delete(b.memory.keys, other.ID)
	page, err := b.Threads(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || len(page.Items) != 2 || !page.Items[0].Unreadable || page.Items[1].Subject != "Fil" {
		t.Errorf("%+v, %v", page.Items, err)
	}
	ex, err := b.Exchanges(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || len(ex.Items) != 2 || !ex.Items[0].Unreadable || ex.Items[1].Unreadable {
		t.Errorf("%+v, %v", ex.Items, err)
	}
	if page, err = b.Threads(t.Context(), address(t, doctor), conversations.Filter{State: rules.ThreadUnreachable}); err != nil || len(page.Items) != 0 {
		t.Errorf("unreadable is no state: %+v, %v", page.Items, err)
	}
}

// D15: a reply withdrawn from one of two recipients stays sent; from both, it is a draft again.
func TestWithdraw_fromOneOfTwo_isNoDraft(t *testing.T) {
	t.Parallel()
	for all, draft := range map[bool]string{false: "", true: "À tous"} {
		b := newBench(t)
		b.taken(mail{from: doctor, subject: "Fil", text: "1", others: []string{clinic}})
		b.taken(mail{from: clinic, subject: "Autre", text: "2"})
		id := b.thread("Fil").ID
		in := conversations.ReplyInput{Text: "À tous", Choice: rules.ReplyToAll}
		if _, err := b.Reply(t.Context(), b.self(), b.patient.ID, id, in); err != nil {
			t.Fatal(err)
		}
		contact := b.thread("Autre").Contact
		if all { // whoever wrote the message governs: blocking him stops both
			contact = b.read(id).Contact
		}
		if _, err := b.Block(t.Context(), b.self(), b.patient.ID, contact, time.Time{}); err != nil {
			t.Fatal(err)
		}
		b.queued()
		thread := b.read(id)
		if thread.Draft != draft || thread.Messages[0].Delivery.State != conversations.DeliveryFailed {
			t.Errorf("all %v: draft %q, %+v", all, thread.Draft, thread.Messages[0].Delivery)
		}
		if keeps := strings.Contains(thread.Messages[0].Delivery.Detail, "brouillon"); keeps != all {
			t.Errorf("all %v: %q", all, thread.Messages[0].Delivery.Detail)
		}
	}
}

// R119, D33: a professional who left the directory is warned of, never refused.
func TestThread_inactiveProfessional_isAWarning(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tables.add(doctor, conversations.Mailbox{Name: "Dr Marie MARTIN", Kind: rules.Personal})
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	b.taken(mail{from: clinic, subject: "Jamais connu", text: "1"})
	if b.thread("Fil").Inactive || b.thread("Jamais connu").Inactive {
		t.Error("warned of somebody who is there, or on the red list (O75)")
	}
	b.tables.add(doctor, conversations.Mailbox{})
	thread := b.thread("Fil")
	if !thread.Inactive || !thread.Reply.Allowed {
		t.Errorf("inactive %v, allowed %v", thread.Inactive, thread.Reply.Allowed)
	}
	if _, err := b.reply(thread.ID, "Merci"); err != nil {
		t.Error(err)
	}
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
