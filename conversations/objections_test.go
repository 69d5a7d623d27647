package conversations_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

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

// D14 b, D16: the list of messages and the account tell what of the patient's own will stops them; an objection to
// exchange about him stops none.
func TestClosure_tellsThePatientsOwnWill(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	closure := func(want conversations.Closure) {
		t.Helper()
		inbox, err := b.Inbox(t.Context(), b.patient.ID, "", 0)
		account, failed := b.Account(t.Context(), b.patient.ID)
		if err != nil || failed != nil || inbox.Closure != want || account.Closure != want {
			t.Errorf("%+v, %v; %+v, %v; want %+v", inbox.Closure, err, account.Closure, failed, want)
		}
	}
	closure(conversations.Closure{})
	b.object("about", rules.AgainstExchange, rules.Everyone, "")
	closure(conversations.Closure{})
	b.object("some", rules.AgainstMessages, rules.WholeStructure, "770816478")
	closure(conversations.Closure{Some: true})
	b.object("all", rules.AgainstMessages, rules.Everyone, "")
	closure(conversations.Closure{Some: true, Everyone: true})
	if _, err := b.ManageAccount(t.Context(), b.self(), rules.Holder, b.patient.ID, rules.CloseMessaging); err != nil {
		t.Fatal(err)
	}
	closure(conversations.Closure{Messaging: true, Some: true, Everyone: true})
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
