package conversations_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D12: a later import widens a block everywhere: in what the patient sees, and in what lifts it.
func TestContacts_blockWidenedByAnImport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	second := "m.martin@hopital.test"
	b.taken(mail{from: doctor, subject: "Un", text: "1"})
	b.taken(mail{from: second, subject: "Deux", text: "2"})
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, b.thread("Un").Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for _, a := range []string{doctor, second} {
		b.tables.add(a, conversations.Mailbox{Kind: rules.Personal, Person: "899700218896", Name: a[:4]})
	}
	contacts, err := b.Contacts(t.Context(), b.patient.ID)
	if err != nil || len(contacts) != 2 || !contacts[0].Blocked || !contacts[1].Blocked {
		t.Fatalf("%+v %v: the second mailbox is refused, and shown as if it were not", contacts, err)
	}
	if _, err := b.Unblock(t.Context(), b.self(), b.patient.ID, b.thread("Deux").Contact); err != nil {
		t.Fatal(err)
	}
	for _, a := range []string{doctor, second} {
		b.taken(mail{from: a, subject: "Encore " + a, text: "3"})
	}
}

// D12: who answers for an organisational mailbox in the directory is not blocked with it.
func TestBlock_ofAnOrganisation_isOfNoPerson(t *testing.T) {
	t.Parallel()
	for _, kind := range []rules.MailboxKind{rules.Organisational, rules.Application, rules.Practice} {
		b := newBench(t)
		b.tables.add(clinic, conversations.Mailbox{Kind: kind, Person: "899700218896"})
		b.tables.add(doctor, conversations.Mailbox{Kind: rules.Personal, Person: "899700218896"})
		b.taken(mail{from: clinic, subject: "Un", text: "1"})
		if _, err := b.Block(t.Context(), b.self(), b.patient.ID, b.thread("Un").Contact, time.Time{}); err != nil {
			t.Fatal(err)
		}
		b.taken(mail{from: doctor, subject: "Deux", text: "2"})
		_, err := b.receive(mail{from: clinic, subject: "Trois", text: "3"})
		wantKind(t, err, conversations.KindUnreachable)
	}
}

// reading counts what a question costs.
type reading struct {
	conversations.Store
	facts int
}

func (r *reading) Facts(ctx context.Context, p conversations.PatientID, q conversations.FactsQuery) (conversations.Facts, error) {
	r.facts++
	return r.Store.Facts(ctx, p, q)
}

// D13, D36: the members of a class cost the same, so that no clock tells them apart.
func TestRecipient_sameReadingsInAClass(t *testing.T) {
	t.Parallel()
	var r *reading
	b := newBench(t, func(s conversations.Store) conversations.Store {
		r = &reading{Store: s}
		return r
	})
	b.taken(mail{from: doctor, subject: "Un", text: "1"})
	contact := b.thread("Un").Contact
	ask := func(ins rules.INS) (conversations.Kind, int) {
		before := r.facts
		_, err := b.Recipient(t.Context(), ins, address(t, doctor))
		return conversations.KindOf(err), r.facts - before
	}
	account := func(s rules.AccountState) {
		if _, err := b.Enrol(t.Context(), b.self(), anINS, "", s); err != nil {
			t.Fatal(err)
		}
	}
	want := map[conversations.Kind]int{}
	note := func(name string, kind conversations.Kind, cost int) {
		if known, ok := want[kind]; ok && known != cost {
			t.Errorf("%s: %d readings, and another of %s takes %d", name, cost, kind, known)
		}
		want[kind] = cost
	}
	for _, s := range []rules.AccountState{rules.MessagingClosed, rules.Closed, rules.Opposed, rules.Absent} {
		account(s)
		kind, cost := ask(anINS)
		note(string(s), kind, cost)
	}
	kind, cost := ask(anotherINS)
	note("never enrolled", kind, cost)
	account(rules.Active)
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	kind, cost = ask(anINS)
	note("blocked, holder unknown", kind, cost)
	if want[conversations.KindUnreachable] != 1 || want[conversations.KindMailboxUnknown] != 1 {
		t.Errorf("readings %v", want)
	}
}

// D15: a reply to a reply mailbox waits; the patient blocks the professional whom he answered.
func TestOutgoing_blockOfTheAuthor_stopsTheReplyToHisReplyMailbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, replyTo: clinic, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	if _, err := b.reply(thread.ID, "Au secrétariat"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, thread.Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	stopped := b.queued()
	if len(stopped) != 1 {
		t.Fatalf("%+v", stopped)
	}
	wantKind(t, stopped[0].err, conversations.KindBlockedByPatient)
	if after := b.read(thread.ID); after.Draft != "Au secrétariat" {
		t.Errorf("draft %q", after.Draft)
	}
}

// R71, D11: nothing that the patient is shown holds a professional's address.
func TestPatientSide_holdsNoAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	named := func(a, name string) conversations.NamedAddress {
		return conversations.NamedAddress{Name: name, Address: address(t, a)}
	}
	b.hand(anINS, mail{from: doctor, id: "a@x.test", subject: "Fil", text: "1"}, func(in *conversations.Incoming) {
		in.From.Name = doctor
		in.ReplyTo = []conversations.Address{address(t, clinic)}
		in.Others = []conversations.NamedAddress{named("autre@cabinet.test", "<autre@cabinet.test>"), named("b@gone.test", "")}
	})
	thread := b.thread("Fil")
	all := []any{thread, thread.Reply, thread.Messages}
	if _, err := b.Reply(t.Context(), b.self(), b.patient.ID, thread.ID, conversations.ReplyInput{Text: "x", Choice: rules.ReplyToAll}); err != nil {
		t.Fatal(err)
	}
	contacts, err := b.Contacts(t.Context(), b.patient.ID)
	all = append(all, contacts, err)
	blocked, err := b.Block(t.Context(), b.self(), b.patient.ID, thread.Contact, time.Time{})
	all = append(all, blocked, err)
	_, err = b.reply(thread.ID, "refusé")
	all = append(all, err, b.read(thread.ID), b.read(thread.ID).Messages[0].Delivery)
	for _, q := range b.queued() {
		all = append(all, q.err)
	}
	all = append(all, b.read(thread.ID), b.read(thread.ID).Messages[0].Delivery)
	text := fmt.Sprintf("%+v", all)
	for _, domain := range []string{"cabinet.test", "clinique.test", "gone.test"} {
		if i := strings.Index(text, domain); i >= 0 {
			t.Errorf("the patient sees %q", text[max(0, i-40):i+len(domain)])
		}
	}
	if !slices.Contains(thread.With, "marie.martin") { // OP19: the local part at most
		t.Errorf("with %q", thread.With)
	}
}
