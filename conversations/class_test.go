package conversations_test

import (
	"context"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// member is one of a class of D36: how a patient becomes it, and is none any more.
type member struct {
	begin, end func(b *bench, contact conversations.ID)
}

// moved is a member by the state of the account.
func moved(to rules.AccountState) member {
	set := func(s rules.AccountState) func(*bench, conversations.ID) {
		return func(b *bench, _ conversations.ID) {
			if _, err := b.Enrol(b.t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, anINS, "Camille Durand", s); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	return member{begin: set(to), end: set(rules.Active)}
}

// objecting is a member by a refusal of messages.
func objecting(scope rules.RefusalScope, value string) member {
	return member{
		begin: func(b *bench, _ conversations.ID) { b.object("o", rules.AgainstMessages, scope, value) },
		end: func(b *bench, _ conversations.ID) {
			if err := b.Withdraw(b.t.Context(), b.self(), b.patient.ID, "o"); err != nil {
				b.t.Fatal(err)
			}
		},
	}
}

// classUnreachable are the members of the class.
func classUnreachable() map[string]member {
	return map[string]member{
		"blocked": {
			begin: func(b *bench, contact conversations.ID) {
				if _, err := b.Block(b.t.Context(), b.self(), b.patient.ID, contact, time.Time{}); err != nil {
					b.t.Fatal(err)
				}
			},
			end: func(b *bench, contact conversations.ID) {
				if _, err := b.Unblock(b.t.Context(), b.self(), b.patient.ID, contact); err != nil {
					b.t.Fatal(err)
				}
			},
		},
		"refuses everyone": objecting(rules.Everyone, ""),
		"messaging closed": moved(rules.MessagingClosed),
		"account closed":   moved(rules.Closed),
	}
}

// trips counts the calls of the store, each of which is one round trip.
type trips struct {
	conversations.Store
	n int
}

// counted returns a counter of trips, and the wrapping by which a bench counts them.
func counted() (*trips, func(conversations.Store) conversations.Store) {
	r := &trips{}
	return r, func(s conversations.Store) conversations.Store {
		r.Store = s
		return r
	}
}

func (r *trips) Facts(ctx context.Context, p conversations.PatientID, q conversations.FactsQuery) (conversations.Facts, error) {
	r.n++
	return r.Store.Facts(ctx, p, q)
}

func (r *trips) Commit(ctx context.Context, p conversations.PatientID, c conversations.Commit) (conversations.Committed, error) {
	r.n++
	return r.Store.Commit(ctx, p, c)
}

func (r *trips) Touch(ctx context.Context, p conversations.PatientID, all []conversations.Record, n conversations.Note) (uint64, error) {
	r.n++
	return r.Store.Touch(ctx, p, all, n)
}

func (r *trips) Owner(ctx context.Context, id conversations.ID) (conversations.PatientID, error) {
	r.n++
	return r.Store.Owner(ctx, id)
}

func (r *trips) Ledger(ctx context.Context, m rules.MailboxID, q conversations.LedgerQuery) ([]conversations.LedgerEntry, error) {
	r.n++
	return r.Store.Ledger(ctx, m, q)
}

// asked is one thing that a professional may ask about a patient.
type asked struct {
	name string
	do   func(b *bench, ins rules.INS) error
}

// everyQuestion lists what a professional can observe of a patient by whom nothing joins him, or by an exchange.
func everyQuestion() []asked {
	pro := theClinic()
	return []asked{
		{"RCPT", func(b *bench, ins rules.INS) error {
			_, err := b.Recipient(b.t.Context(), ins, address(b.t, doctor))
			return err
		}},
		{"POST /conversations", func(b *bench, ins rules.INS) error {
			_, err := b.OpenThread(b.t.Context(), pro, conversations.ThreadInput{Mailbox: address(b.t, doctor), INS: ins, Subject: "x", Text: "x"})
			return err
		}},
		{"POST /verdicts", func(b *bench, ins rules.INS) error {
			_, err := b.Ask(b.t.Context(), pro, address(b.t, doctor), ins)
			return err
		}},
		{"POST /verdicts by a stranger", func(b *bench, ins rules.INS) error {
			_, err := b.Ask(b.t.Context(), pro, address(b.t, "etranger@autre.test"), ins)
			return err
		}},
		{"GET /exchanges", func(b *bench, _ rules.INS) error {
			_, err := b.Exchanges(b.t.Context(), address(b.t, doctor), conversations.Filter{})
			return err
		}},
		{"GET /conversations", func(b *bench, _ rules.INS) error {
			_, err := b.Threads(b.t.Context(), address(b.t, doctor), conversations.Filter{})
			return err
		}},
		{"the own register", func(b *bench, ins rules.INS) error {
			_, err := b.ExchangeWith(b.t.Context(), address(b.t, doctor), ins)
			return err
		}},
		{"the own register of a stranger", func(b *bench, ins rules.INS) error {
			_, err := b.ExchangeWith(b.t.Context(), address(b.t, "etranger@autre.test"), ins)
			return err
		}},
	}
}

// D13, D36: whatever a professional asks, the members of the class cost the same round trips, so that no clock tells
// them apart, however loaded the machine is.
func TestUnreachable_sameTripsInTheClass(t *testing.T) {
	t.Parallel()
	r, counting := counted()
	b := newBench(t, counting)
	b.taken(mail{from: doctor, subject: "Un", text: "1"})
	b.settle()
	contact := b.thread("Un").Contact
	for _, q := range everyQuestion() { // the asker has an account from the first question on
		_ = q.do(b, anINS)
	}
	b.settle()
	costs, kinds := map[string]map[string]int{}, map[string]map[conversations.Kind]bool{}
	for _, q := range everyQuestion() {
		costs[q.name], kinds[q.name] = map[string]int{}, map[conversations.Kind]bool{}
	}
	for name, m := range classUnreachable() {
		m.begin(b, contact)
		b.settle()
		for _, q := range everyQuestion() {
			before := r.n
			err := q.do(b, anINS)
			costs[q.name][name], kinds[q.name][kindOrNone(err)] = r.n-before, true
		}
		m.end(b, contact)
	}
	for question, seen := range costs {
		for _, n := range seen {
			if n != seen["blocked"] || len(kinds[question]) != 1 {
				t.Errorf("%s: %v, answered %v", question, seen, kinds[question])
			}
		}
	}
}

func kindOrNone(err error) conversations.Kind {
	if err == nil {
		return ""
	}
	return conversations.KindOf(err)
}

// D36, D29: a stranger's question costs the same whether the patient exists, cannot be reached, or was never enrolled.
func TestAsk_sameTripsWhoeverItIs(t *testing.T) {
	t.Parallel()
	r, counting := counted()
	b := newBench(t, counting)
	costs := map[string]int{}
	for _, first := range []bool{true, false} { // the first question of somebody, and a further one
		for name, ins := range map[string]rules.INS{"enrolled": anINS, "never enrolled": anotherINS} {
			actor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "899900000066" + name, Name: "Une personne"}
			before := r.n
			if _, err := b.Ask(t.Context(), actor, address(t, doctor), ins); err != nil {
				t.Fatal(err)
			}
			if key := name; first {
				costs["first, "+key] = r.n - before
			} else {
				costs["again, "+key] = r.n - before
			}
		}
	}
	for _, opposed := range []rules.AccountState{rules.Opposed, rules.MessagingClosed, rules.Closed} {
		moved(opposed).begin(b, "")
		before := r.n
		actor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "899900000066enrolled", Name: "Une personne"}
		if _, err := b.Ask(t.Context(), actor, address(t, doctor), anINS); err != nil {
			t.Fatal(err)
		}
		costs["again, "+string(opposed)] = r.n - before
	}
	if costs["first, enrolled"] != costs["first, never enrolled"] {
		t.Errorf("%v", costs)
	}
	for name, n := range costs {
		if name[:5] == "again" && n != costs["again, enrolled"] {
			t.Errorf("%s: %v", name, costs)
		}
	}
}

// D29, D36: a mailbox finds in its own register whom it has an exchange with, and nobody else's; somebody who has none with
// it is not found, by the same round trips whether he is known here or not.
func TestExchangeWith_tellsTheOwnRegisterAlone(t *testing.T) {
	t.Parallel()
	r, counting := counted()
	b := newBench(t, counting)
	b.taken(mail{from: doctor, subject: "Un", text: "1"})
	b.settle()
	line, err := b.ExchangeWith(t.Context(), address(t, doctor), anINS)
	if err != nil || line.Patient.Name != "Camille Durand" || line.State != rules.ThreadOpen || line.ID != b.thread("Un").Contact {
		t.Fatalf("%+v, %v", line, err)
	}
	costs := map[string]int{}
	for name, ins := range map[string]rules.INS{"another's patient": anINS, "nobody": anotherINS} {
		before := r.n
		_, err := b.ExchangeWith(t.Context(), address(t, clinic), ins)
		wantKind(t, err, conversations.KindNotFound)
		costs[name] = r.n - before
	}
	if costs["another's patient"] != costs["nobody"] {
		t.Errorf("%v", costs)
	}
}

// D36, class unknown: never opened, opposed, erased cost the same trips.
func TestUnknown_sameTripsInTheClass(t *testing.T) {
	t.Parallel()
	r, counting := counted()
	b := newBench(t, counting)
	for _, q := range everyQuestion() {
		_ = q.do(b, anINS)
	}
	for _, q := range everyQuestion()[:2] {
		costs := map[string]int{}
		ask := func(name string, ins rules.INS) {
			before := r.n
			err := q.do(b, ins)
			wantKind(t, err, conversations.KindMailboxUnknown)
			costs[name] = r.n - before
		}
		ask("never opened", anotherINS)
		moved(rules.Opposed).begin(b, "")
		ask("opposed", anINS)
		moved(rules.Absent).begin(b, "")
		ask("absent", anINS)
		moved(rules.Opposed).end(b, "")
		for name, n := range costs {
			if n != costs["never opened"] {
				t.Errorf("%s, %s: %v", q.name, name, costs)
			}
		}
	}
}

// A9, A1: whatever another mailbox asks by an id, what exists costs the round trips of what does not.
func TestStranger_sameTripsForWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	r, counting := counted()
	l := newListener(t, counting)
	l.taken(mail{from: doctor, subject: "Un", text: "1"})
	l.told()
	thread, pair, ctx := l.thread("Un").ID, l.contactOf(doctor), t.Context()
	stranger, who := []conversations.Address{address(t, "etranger@autre.test")}, theSoftware()
	unlike := func(id conversations.ID) conversations.ID {
		if id[len(id)-1] == 'a' {
			return id[:len(id)-1] + "b"
		}
		return id[:len(id)-1] + "a"
	}
	for name, q := range map[string]struct {
		id conversations.ID
		do func(conversations.ID) error
	}{
		"ThreadFor": {thread, func(id conversations.ID) error { _, err := l.ThreadFor(ctx, stranger, id); return err }},
		"EndThread": {thread, func(id conversations.ID) error { _, err := l.EndThread(ctx, who, stranger, id); return err }},
		"Write": {thread, func(id conversations.ID) error {
			_, err := l.Write(ctx, who, id, conversations.ThreadInput{Mailbox: stranger[0], Text: "x"})
			return err
		}},
		"Exchange":    {pair, func(id conversations.ID) error { _, err := l.Exchange(ctx, stranger, id); return err }},
		"EndExchange": {pair, func(id conversations.ID) error { _, err := l.EndExchange(ctx, who, stranger, id); return err }},
		"a list of one": {pair, func(id conversations.ID) error {
			_, err := l.Threads(ctx, stranger[0], conversations.Filter{Patient: id})
			return err
		}},
		"Webhook":       {l.hook.ID, func(id conversations.ID) error { _, err := l.Webhook(ctx, stranger, id); return err }},
		"RemoveWebhook": {l.hook.ID, func(id conversations.ID) error { return l.RemoveWebhook(ctx, who, stranger, id) }},
		"another patient": {thread, func(id conversations.ID) error {
			_, err := l.Thread(ctx, l.enrolled(anotherINS, "Une autre"), id)
			return err
		}},
	} {
		_ = q.do(q.id)
		before := r.n
		known := q.do(q.id)
		middle := r.n
		none := q.do(unlike(q.id))
		if a, b := middle-before, r.n-middle; a != b || conversations.KindOf(known) != conversations.KindNotFound || conversations.KindOf(none) != conversations.KindNotFound {
			t.Errorf("%s: %d trips and %v, of what is not there %d and %v", name, a, known, b, none)
		}
	}
}
