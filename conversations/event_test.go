package conversations_test

import (
	"context"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

const (
	aNIA      = rules.INS("789019999912378")
	aNIR      = rules.INS("255081416802538")
	agentName = "Camille Agent"
	yearLong  = 365 * 24 * time.Hour
)

func anAgent() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorAgent, ID: agentName, Name: agentName}
}

// enrol makes a patient.
func (b *bench) enrol(ins rules.INS, state rules.AccountState) conversations.Patient {
	b.t.Helper()
	p, err := b.Enrol(b.t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, ins, "Dominique Petit", state)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// live brings an event in, as it was previewed.
func (b *bench) live(in conversations.LifeInput) error {
	b.t.Helper()
	p, err := b.PreviewEvent(b.t.Context(), in)
	if err != nil {
		return err
	}
	_, err = b.ApplyEvent(b.t.Context(), anAgent(), in, p.Seen)
	return err
}

// lived brings in an event that must be carried out.
func (b *bench) lived(in conversations.LifeInput) {
	b.t.Helper()
	if err := b.live(in); err != nil {
		b.t.Fatalf("%s: %v", in.Event, err)
	}
}

// leads returns the patient of a matricule.
func (b *bench) leads(ins rules.INS) conversations.Patient {
	b.t.Helper()
	p, err := b.PatientByINS(b.t.Context(), ins)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// OP17: a NIA becomes a NIR: both lead to the mailbox, at RCPT, by the API, in verdicts and in documents; it writes
// as the new one, and what was there stays.
func TestApplyEvent_numberChanged_bothLeadToOneMailbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	p := b.enrol(aNIA, rules.Active)
	b.hand(aNIA, mail{from: doctor, subject: "Avant", text: "1"}, func(*conversations.Incoming) {})
	b.lived(conversations.LifeInput{Event: rules.INSChanged, INS: aNIA, New: aNIR})
	for _, ins := range []rules.INS{aNIA, aNIR} {
		if to, err := b.Recipient(ctx, ins, address(t, doctor)); err != nil || to != p.ID {
			t.Errorf("RCPT: %v, %v", to == p.ID, err)
		}
		if led := b.leads(ins); led.ID != p.ID || led.INS != aNIR || led.Name != p.Name {
			t.Errorf("leads to %q", led.Name)
		}
		if v := b.ask(doctor, ins); v.Reachability != rules.Reachable {
			t.Errorf("verdict: %+v", v)
		}
		b.hand(ins, mail{from: doctor, subject: "Document", text: "x", documents: document(string(aNIA))}, func(*conversations.Incoming) {})
		b.hand(ins, mail{from: doctor, subject: "Document", text: "y", documents: document(string(aNIR))}, func(*conversations.Incoming) {})
	}
	if _, err := b.OpenThread(ctx, theClinic(), conversations.ThreadInput{Mailbox: address(t, clinic), INS: aNIR, Subject: "API", Text: "z"}); err != nil {
		t.Error(err)
	}
	page, err := b.Inbox(ctx, p.ID, "", 0)
	if err != nil || len(page.Items) != 6 {
		t.Fatalf("%d conversations, %v", len(page.Items), err)
	}
	before := page.Items[len(page.Items)-1]
	m, err := b.Reply(ctx, conversations.Actor{Kind: conversations.ActorPatient}, p.ID, before.ID, conversations.ReplyInput{Text: "merci", Choice: rules.ReplyToOne})
	if err != nil || len(m.Notices) > 0 {
		t.Fatalf("reply in an old conversation: %v", err)
	}
	var from conversations.Address
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			out, err := b.Outgoing(ctx, e)
			from = out.From
			return time.Time{}, err
		},
	})
	if from.Local != string(aNIR) {
		t.Error("the reply does not leave under the new matricule")
	}
}

// OP17: the same again changes nothing; back to the old number is a change of the same mailbox's.
func TestApplyEvent_numberChangedTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.enrol(aNIA, rules.Active)
	in := conversations.LifeInput{Event: rules.INSChanged, INS: aNIA, New: aNIR}
	b.lived(in)
	entries := b.memory.entries()
	b.lived(in)
	if n := b.memory.entries(); n != entries {
		t.Errorf("%d more entries", n-entries)
	}
	b.redis.FastForward(time.Minute)
	b.lived(conversations.LifeInput{Event: rules.INSMerged, INS: aNIR, New: otherINS})
	for _, ins := range []rules.INS{aNIA, aNIR, otherINS} {
		if led := b.leads(ins); led.ID != p.ID || led.INS != otherINS {
			t.Errorf("%v", led.ID == p.ID)
		}
	}
	b.lived(conversations.LifeInput{Event: rules.INSMerged, INS: otherINS, New: aNIR})
	if b.leads(aNIA).INS != aNIR {
		t.Error("the number was not taken back")
	}
}

// I232: the bare mailbox gives way, whichever it is; two that hold something stay as they are.
func TestApplyEvent_merged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bare := b.enrol(aNIR, rules.Active)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	b.lived(conversations.LifeInput{Event: rules.INSMerged, INS: aNIR, New: anINS})
	if led := b.leads(aNIR); led.ID != b.patient.ID || led.INS != anINS {
		t.Error("the bare mailbox does not lead to the other one")
	}
	_, err := b.Inbox(t.Context(), bare.ID, "", 0)
	wantKind(t, err, conversations.KindStaleState)

	full := b.enrol(otherINS, rules.Active)
	b.hand(otherINS, mail{from: doctor, subject: "Autre", text: "2"}, func(*conversations.Incoming) {})
	wantKind(t, b.live(conversations.LifeInput{Event: rules.INSMerged, INS: otherINS, New: anINS}), conversations.KindWrongPatient)
	if b.leads(otherINS).ID != full.ID || b.thread("Fil").Subject != "Fil" {
		t.Error("a refused event changed something")
	}
}

// D33: what was confirmed is what stands there; nobody acts without a name.
func TestApplyEvent_confirmation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, in := t.Context(), conversations.LifeInput{Event: rules.INSMerged, INS: aNIR, New: anINS}
	b.enrol(aNIR, rules.NotActivated)
	seen, err := b.PreviewEvent(ctx, in)
	if err != nil || !seen.Changes || seen.Row.Decides != rules.ByAgent {
		t.Fatalf("%+v, %v", seen, err)
	}
	_, err = b.ApplyEvent(ctx, conversations.Actor{Kind: conversations.ActorAgent}, in, seen.Seen)
	wantKind(t, err, conversations.KindInvalidRequest)
	b.hand(aNIR, mail{from: doctor, subject: "Entre-temps", text: "1"}, func(*conversations.Incoming) {})
	_, err = b.ApplyEvent(ctx, anAgent(), in, seen.Seen)
	wantKind(t, err, conversations.KindStaleState)
}

// OP17: cut after the matricule leads on and before the mailbox knows, the effect does the rest. Both lead there
// meanwhile.
func TestApplyEvent_numberChanged_cutShort(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.enrol(aNIA, rules.Active)
	in := conversations.LifeInput{Event: rules.INSChanged, INS: aNIA, New: aNIR}
	seen, err := b.PreviewEvent(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	b.memory.refuse(p.ID.Shard())
	_, err = b.ApplyEvent(t.Context(), anAgent(), in, seen.Seen)
	wantKind(t, err, conversations.KindUnavailable)
	b.memory.refuse("")
	if b.leads(aNIR).ID != p.ID {
		t.Fatal("nothing was cut")
	}
	b.settle()
	if b.leads(aNIR).INS != aNIR || b.leads(aNIA).INS != aNIR {
		t.Error("the effect did not finish the event")
	}
}

// D16, OP17: erasing a mailbox takes every matricule that leads to it, and a new account may begin under either.
func TestApplyEvent_erasedWithEveryMatricule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.enrol(aNIA, rules.Active)
	b.lived(conversations.LifeInput{Event: rules.INSChanged, INS: aNIA, New: aNIR})
	if _, err := b.ManageAccount(t.Context(), b.self(), rules.Holder, p.ID, rules.EraseAccount); err != nil {
		t.Fatal(err)
	}
	b.settle()
	if n := len(b.memory.keys); n != 1 {
		t.Errorf("%d keys are left, with that of another patient", n)
	}
	for _, ins := range []rules.INS{aNIA, aNIR} {
		_, err := b.Recipient(t.Context(), ins, address(t, doctor))
		wantKind(t, err, conversations.KindMailboxUnknown)
	}
	if anew := b.enrol(aNIR, rules.Active); anew.ID == p.ID || b.leads(aNIR).ID != anew.ID {
		t.Error("the new number is bound to the erased mailbox")
	}
}

// D33, D28: death, which is told to nobody, majority and guardianship, told in the patient's history with the
// agent, but for the majority, which the calendar decides.
func TestApplyEvent_ownLife(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	b.lived(conversations.LifeInput{Event: rules.Death, INS: anINS})
	_, err := b.receive(mail{from: doctor, subject: "Fil", text: "2"})
	wantKind(t, err, conversations.KindUnreachable)
	b.lived(conversations.LifeInput{Event: rules.DeathCorrected, INS: anINS})
	b.taken(mail{from: doctor, subject: "Fil", text: "3"})
	b.lived(conversations.LifeInput{Event: rules.GuardianshipBegan, INS: anINS, Until: b.clock.Now().Add(yearLong)})
	b.lived(conversations.LifeInput{Event: rules.GuardianshipEnded, INS: anINS})
	until := b.clock.Now().Add(time.Hour)
	if err := b.NoteMinority(ctx, anAgent(), b.patient.ID, until); err != nil {
		t.Fatal(err)
	}
	b.settle()
	b.clock.now = until
	b.settle()
	page, err := b.History(ctx, b.patient.ID, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	var told []rules.LifeEvent
	for _, line := range page.Items {
		if line.Event == "" {
			continue
		}
		told = append(told, line.Event)
		if (line.Actor == agentName) != (line.Event != rules.Majority) {
			t.Errorf("%s: by %q", line.Event, line.Actor)
		}
	}
	want := []rules.LifeEvent{rules.Majority, rules.GuardianshipEnded, rules.GuardianshipBegan, rules.DeathCorrected}
	if len(told) != len(want) {
		t.Fatalf("%v", told)
	}
	for i := range want {
		if told[i] != want[i] {
			t.Errorf("%v", told)
		}
	}
}

// OP17, D24: a visit that was declared for one matricule is the same person's under the other.
func TestApplyEvent_visitOfTheOtherMatricule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	declare := func(event string, ins rules.INS, to rules.EpisodeState) error {
		_, err := b.ChangeEpisode(t.Context(), theClinic(), nil, conversations.EpisodeInput{
			Visit: conversations.Visit{FINESS: finess, Number: "v-1"}, To: to, EventID: event, INS: ins,
		})
		return err
	}
	if err := declare("e1", aNIR, rules.EpisodeOpen); err != nil { // nobody of that number is enrolled yet
		t.Fatal(err)
	}
	b.enrol(aNIA, rules.Active)
	b.lived(conversations.LifeInput{Event: rules.INSChanged, INS: aNIA, New: aNIR})
	for event, ins := range map[string]rules.INS{"e2": aNIA, "e3": aNIR} {
		if err := declare(event, ins, rules.EpisodeClosed); err != nil {
			t.Errorf("%s: %v", event, err)
		}
	}
	b.settle()
	line, err := b.Episode(t.Context(), nil, conversations.Visit{FINESS: finess, Number: "v-1"})
	if err != nil || line.State != rules.EpisodeClosed {
		t.Errorf("%+v, %v", line, err)
	}
	wantKind(t, declare("e4", otherINS, rules.EpisodeClosed), conversations.KindWrongPatient)
}
