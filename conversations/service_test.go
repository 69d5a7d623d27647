package conversations_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func TestReceive_firstMessage_opensConversation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "XDM/1.0/DDM+Compte rendu", text: "Bonjour"})
	thread := b.thread("Compte rendu") // R43: the prefix is hidden
	if !thread.Unread || thread.State != string(rules.Open) || !slices.Equal(thread.With, []string{"Dr Marie MARTIN"}) {
		t.Errorf("%+v", thread.ThreadLine) // OP19: underscores become spaces
	}
	if !thread.Reply.Allowed || !slices.Equal(thread.Reply.Options, []string{"REPLY"}) || len(thread.Messages) != 1 {
		t.Errorf("%+v", thread)
	}
	if err := b.Opened(t.Context(), b.self(), b.patient.ID, thread.ID); err != nil {
		t.Fatal(err)
	}
	if b.read(thread.ID).Unread {
		t.Error("still unread after it was opened")
	}
}

func TestReceive_directoryNameWins(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tables.add(doctor, conversations.Mailbox{Name: "Jeanne LEFÈVRE, médecin", Kind: rules.Personal})
	b.taken(mail{from: doctor, subject: "x", text: "y"})
	if with := b.thread("x").With; !slices.Equal(with, []string{"Jeanne LEFÈVRE, médecin"}) {
		t.Errorf("with %q (I113)", with)
	}
}

func TestReceive_sameMessageAgain_isOneMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := mail{from: doctor, id: "a@operator.test", subject: "Deux fois", text: "y"}
	b.taken(m)
	if repeated, err := b.receive(m); err != nil || !repeated {
		t.Errorf("repeated %v, error %v", repeated, err)
	}
	if n := len(b.thread("Deux fois").Messages); n != 1 {
		t.Errorf("%d messages", n)
	}
	m.text = "autre"
	if repeated, err := b.receive(m); err != nil || repeated {
		t.Errorf("other bytes under a known Message-ID: repeated %v, error %v, want a new message", repeated, err)
	}
}

func TestBlock_byPerson_coversAnotherMailboxKnownLater(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, thread.Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	second := "m.martin@hopital.test"
	if _, err := b.receive(mail{from: second, subject: "x", text: "y"}); err != nil {
		t.Fatalf("nobody knows yet that both boxes are one person's: %v", err)
	}
	for _, a := range []string{doctor, second} {
		b.tables.add(a, conversations.Mailbox{Kind: rules.Personal, Person: "899700218896"})
	}
	_, err := b.receive(mail{from: second, subject: "x2", text: "y"})
	wantKind(t, err, conversations.KindUnreachable) // D12: a later import widens the block
	if _, err := b.Unblock(t.Context(), b.self(), b.patient.ID, thread.Contact); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: second, subject: "x3", text: "y"})
	if s := b.read(thread.ID).State; s != string(rules.Open) {
		t.Errorf("state %s after lifting (D15)", s)
	}
}

func TestEnds_byAPI(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mine := []conversations.Address{address(t, doctor)}
	b.taken(mail{from: doctor, subject: "Un", text: "1"})
	b.taken(mail{from: doctor, subject: "Deux", text: "2"})
	b.queued()
	one, two := b.thread("Un"), b.thread("Deux")
	silenced, err := b.Silenced(t.Context(), mine, one.Contact)
	if err != nil || len(silenced) != 2 {
		t.Errorf("%d conversations would fall silent, error %v, want 2 (D6)", len(silenced), err)
	}
	pro := conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896"}
	for range 2 { // idempotent
		seen, err := b.EndThread(t.Context(), pro, mine, one.ID)
		if err != nil || seen.State != string(rules.ThreadEnded) {
			t.Fatalf("%s %v", seen.State, err)
		}
	}
	if a, o := b.read(one.ID).State, b.read(two.ID).State; a != string(rules.Ended) || o != string(rules.Open) {
		t.Errorf("%s and %s: one conversation ends, the other stays (D6)", a, o)
	}
	for range 2 {
		line, err := b.EndExchange(t.Context(), pro, mine, one.Contact)
		if err != nil || line.State != rules.ThreadEnded || line.EndedHow != rules.ByAPI {
			t.Fatalf("%+v %v", line, err)
		}
	}
	if s := b.read(two.ID).State; s != string(rules.Ended) {
		t.Errorf("%s after the exchange's end", s)
	}
	_, err = b.EndThread(t.Context(), pro, []conversations.Address{address(t, clinic)}, one.ID)
	wantKind(t, err, conversations.KindNotFound)
	_, err = b.EndExchange(t.Context(), pro, []conversations.Address{address(t, clinic)}, one.Contact)
	wantKind(t, err, conversations.KindNotFound)
}

func TestOpenThreadAndWrite(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pro := conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896", Name: "Marie Martin"}
	in := conversations.ThreadInput{Mailbox: address(t, doctor), INS: anINS, Subject: "Par l’API", Text: "Bonjour", Operation: "k"}
	thread, err := b.OpenThread(t.Context(), pro, in)
	if err != nil || len(thread.Messages) != 1 || !thread.Messages[0].Mine {
		t.Fatalf("%+v %v", thread, err)
	}
	again, err := b.OpenThread(t.Context(), pro, in)
	if err != nil || again.ID != thread.ID {
		t.Errorf("the same operation opened %s, first %s, %v", again.ID, thread.ID, err)
	}
	if _, err := b.reply(thread.ID, "Merci"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write(t.Context(), pro, thread.ID, conversations.ThreadInput{Mailbox: address(t, doctor), Text: "De rien", NoReply: true}); err != nil {
		t.Fatal(err)
	}
	seen := b.read(thread.ID)
	if len(seen.Messages) != 3 || seen.State != string(rules.NoReply) {
		t.Errorf("%d messages, %s", len(seen.Messages), seen.State)
	}
	in.Subject = " [FIN] "
	_, err = b.OpenThread(t.Context(), pro, in)
	wantKind(t, err, conversations.KindInvalidRequest)
}

func TestBounce_tellsTheSenderOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, err := b.Recipient(t.Context(), anINS, address(t, doctor))
	if err != nil {
		t.Fatal(err)
	}
	in := conversations.Incoming{
		Patient: p, INS: anINS, Message: conversations.ID(p.Shard() + "aaaaaaaaaaaaaaaaaaaa1"), Envelope: address(t, clinic), MessageID: "a@operator.test",
		From: conversations.NamedAddress{Address: address(t, doctor)}, Subject: "Refusé",
	}
	refusal := &conversations.Error{Kind: conversations.KindUnreachable, Rule: "D13"}
	for _, id := range []string{"1", "2"} { // an operator's retry
		in.Message = conversations.ID(p.Shard() + "aaaaaaaaaaaaaaaaaaaa" + id)
		if err := b.Bounce(t.Context(), in, refusal); err != nil {
			t.Fatal(err)
		}
	}
	in.Digest, in.Receipt.Silent = [32]byte{1}, true // NOTIFY=NEVER: traced alone
	if err := b.Bounce(t.Context(), in, refusal); err != nil {
		t.Fatal(err)
	}
	var reports []conversations.Report
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectReport: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			r, err := b.Reportable(ctx, e)
			reports = append(reports, r)
			return time.Time{}, err
		},
	})
	if len(reports) != 1 || reports[0].Failure != conversations.KindUnreachable || reports[0].To != address(t, clinic) || reports[0].MessageID != "a@operator.test" {
		t.Errorf("%+v: one report, to the envelope sender (R47, R48)", reports)
	}
	if page, err := b.Inbox(t.Context(), p, "", 0); err != nil || len(page.Items) != 0 {
		t.Errorf("%+v %v: a refused message is in the inbox", page, err)
	}
}
