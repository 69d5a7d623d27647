package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// newest is the newest line of the patient's history of a kind.
func (b *bench) newest(kind rules.ChangeKind) conversations.HistoryLine {
	b.t.Helper()
	page, err := b.History(b.t.Context(), b.patient.ID, "", 200)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, l := range page.Items {
		if l.Code == string(kind) {
			return l
		}
	}
	b.t.Fatalf("no line of %s", kind)
	return conversations.HistoryLine{}
}

// O159, R133: the history says whom each change of an access was about, as the record had it then, to whoever may name
// others; a caregiver is told nothing of it.
func TestHistory_namesWhom(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	helper, id := b.helped()
	if l := b.newest(rules.DelegateInvited); l.Whom != "Mon voisin" || !l.Invited {
		t.Errorf("%+v", l)
	}
	if l := b.newest(rules.DelegateAccepted); l.Whom != "Sacha Petit" || l.Invited {
		t.Errorf("%+v", l)
	}
	page, err := b.History(b.as(helper), b.patient.ID, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range page.Items {
		if l.Whom != "" {
			t.Errorf("a caregiver reads of %s: %+v", l.Whom, l)
		}
	}
	other := b.enrolled(parentINS, "Dominique Durand")
	in := conversations.RepresentationInput{Person: other, Kind: rules.Protector, Scope: rules.ScopeRead}
	if err := b.Represent(t.Context(), anAgent(), b.patient.ID, in); err != nil {
		t.Fatal(err)
	}
	if l := b.newest(rules.DelegateDeclared); l.Whom != "Dominique Durand" {
		t.Errorf("%+v", l)
	}
	if err := b.EndDelegate(t.Context(), b.self(), b.patient.ID, id); err != nil {
		t.Fatal(err)
	}
	if l := b.newest(rules.DelegateEnded); l.Whom != "Sacha Petit" || l.Invited {
		t.Errorf("%+v", l)
	}
	if err := b.RestoreDelegate(t.Context(), b.self(), b.patient.ID, id); err != nil {
		t.Fatal(err)
	}
	if l := b.newest(rules.DelegateRestored); l.Whom != "Sacha Petit" {
		t.Errorf("%+v", l)
	}
}

// O159, D14: the history says which objection was declared, also after it was lifted.
func TestHistory_tellsTheObjection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.object("a", rules.AgainstMessages, rules.WholeProfession, "10")
	b.clock.advance(time.Minute)
	b.object("b", rules.AgainstExchange, rules.Everyone, "")
	if o := b.newest(rules.ObjectionSet).Objection; o == nil || o.Kind != rules.AgainstExchange || o.Scope != rules.Everyone {
		t.Errorf("%+v", o)
	}
	b.clock.advance(time.Minute)
	b.object("b", rules.AgainstMessages, rules.WholeStructure, "1770816478")
	if err := b.Withdraw(t.Context(), b.self(), b.patient.ID, "b"); err != nil {
		t.Fatal(err)
	}
	if o := b.newest(rules.ObjectionSet).Objection; o == nil || o.Kind != rules.AgainstMessages || o.Value != "1770816478" {
		t.Errorf("%+v", o)
	}
	if o := b.newest(rules.ObjectionLifted).Objection; o != nil {
		t.Errorf("%+v", o)
	}
}

// O159: a messaging that is opened again is told apart from the one that opens for the first time.
func TestHistory_tellsReopening(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if b.newest(rules.AccountChanged).Reopened {
		t.Error("opened for the first time")
	}
	who := conversations.Signatory{Patient: b.patient.ID, Kind: conversations.ActorPatient, ID: string(b.patient.ID), Name: "Camille Durand"}
	if _, err := b.AcceptTerms(t.Context(), who, rules.Terms{Version: "1", Hash: "h"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []rules.AccountCommand{rules.CloseMessaging, rules.ReopenMessaging} {
		if _, err := b.ManageAccount(t.Context(), b.self(), rules.Holder, b.patient.ID, c); err != nil {
			t.Fatal(err)
		}
	}
	if l := b.newest(rules.AccountChanged); l.Account != rules.Active || !l.Reopened {
		t.Errorf("%+v", l)
	}
}
