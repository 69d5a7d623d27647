package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func (b *bench) ask(mailbox string, ins rules.INS) conversations.ContactVerdict {
	b.t.Helper()
	v, err := b.Ask(b.t.Context(), theClinic(), address(b.t, mailbox), ins)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// D29: nothing joins mailbox and patient: existing, blocked, closed and unknown look the same.
func TestAsk_strangers_areToldNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: clinic, subject: "x", text: "y"})
	for _, state := range []rules.AccountState{rules.Active, rules.MessagingClosed, rules.Opposed} {
		if _, err := b.Enrol(t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, anINS, "", state); err != nil {
			t.Fatal(err)
		}
		for _, ins := range []rules.INS{anINS, otherINS} {
			if v := b.ask(doctor, ins); v.Refusal.Refused() || v.Reachability != rules.Unknown || v.Rule != "D29" || v.Silences != nil {
				t.Errorf("%s: %+v", state, v)
			}
		}
	}
}

// D29, D6: an exchange or an open episode joins them; then the verdict is that of sending, with what an end
// would silence.
func TestAsk_joined_isWhatSendingGives(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "y"})
	b.settle()
	if v := b.ask(doctor, anINS); v.Refusal.Refused() || v.Reachability != rules.Reachable || len(v.Silences) != 1 {
		t.Errorf("%+v", v)
	}
	b.tables.add(clinic, conversations.Mailbox{Kind: rules.Organisational, Structure: "1" + finess})
	if v := b.ask(clinic, anINS); v.Reachability != rules.Unknown {
		t.Errorf("before the episode: %+v", v)
	}
	b.event("e1", rules.EpisodeOpen)
	if v := b.ask(clinic, anINS); v.Reachability != rules.Reachable || len(v.Silences) != 0 {
		t.Errorf("during the episode: %+v", v)
	}
	b.event("e2", rules.EpisodeClosed)
	if v := b.ask(clinic, anINS); v.Reachability != rules.Unknown {
		t.Errorf("after the episode: %+v", v)
	}
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, b.thread("Fil").Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	_, refused := b.receive(mail{from: doctor, subject: "z", text: "z"})
	v := b.ask(doctor, anINS)
	if conversations.Kind(v.Refusal.Code) != conversations.KindOf(refused) || v.Reachability != rules.Unreachable {
		t.Errorf("%+v, and sending gives %v", v, refused)
	}
}

// D29: each question is traced with the person; too many are refused, each person for himself, by any
// process.
func TestAsk_isTracedAndCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.VerdictsPerHour = 2
	other := b.another()
	other.VerdictsPerHour = 2
	who := conversations.Signatory{Kind: theClinic().Kind, ID: theClinic().ID, Name: theClinic().Name}
	if err := b.Note(t.Context(), who, conversations.TraceLogin); err != nil { // who never asked is given an account first
		t.Fatal(err)
	}
	before := b.memory.entries()
	b.ask(doctor, anINS)
	other.ask(doctor, anINS)
	if n := b.memory.entries() - before; n != 2 {
		t.Errorf("%d journal entries of two questions", n)
	}
	_, err := b.Ask(t.Context(), theClinic(), address(t, doctor), anINS)
	wantKind(t, err, conversations.KindRateLimited)
	someone := conversations.Actor{Kind: conversations.ActorProfessional, ID: "clinic"}
	if _, err := b.Ask(t.Context(), someone, address(t, doctor), anINS); err != nil {
		t.Errorf("another person: %v", err)
	}
	b.redis.FastForward(time.Hour)
	b.ask(doctor, anINS)
}
