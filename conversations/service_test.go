package conversations_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

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

func TestReceive_referencesJoinTheConversation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, id: "one@operator.test", subject: "Fil", text: "1"})
	b.taken(mail{from: clinic, subject: "Re: Fil", text: "2", refs: []string{"unknown@x.test", "one@operator.test"}})
	thread := b.thread("Fil")
	if len(thread.Messages) != 2 || !slices.Equal(thread.With, []string{"Dr Marie MARTIN"}) && len(thread.With) == 0 {
		t.Fatalf("%+v", thread)
	}
	reply, err := b.reply(thread.ID, "Merci")
	if err != nil {
		t.Fatal(err)
	}
	if reply.AuthorKind != conversations.FromPatient || reply.Author != "Camille Durand" {
		t.Errorf("%+v", reply)
	}
}

func TestThreadingByOwnReply(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	if _, err := b.reply(thread.ID, "Ma réponse"); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Re: Fil", text: "2", refs: []string{b.sentMessageID()}})
	if n := len(b.read(thread.ID).Messages); n != 3 {
		t.Errorf("%d messages: an answer to the patient's reply joins its conversation (R110)", n)
	}
}

// sentMessageID returns the Message-ID of the only reply that waits for delivery.
func (b *bench) sentMessageID() string {
	b.t.Helper()
	out := b.queued()
	if len(out) != 1 {
		b.t.Fatalf("%d replies wait", len(out))
	}
	return out[0].messageID
}

type queuedReply struct {
	effect    conversations.Effect
	messageID string
	outgoing  conversations.Outgoing
	err       error
}

// queued does every effect that is due and returns the replies that wait for delivery.
func (b *bench) queued() []queuedReply {
	b.t.Helper()
	var list []queuedReply
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			out, err := b.Outgoing(ctx, e)
			q := queuedReply{effect: e, outgoing: out, err: err}
			if err == nil {
				body, err := out.Open()
				if err != nil {
					return time.Time{}, err
				}
				refs, err := plainMail{}.References(body)
				if err := errors.Join(err, body.Close()); err != nil {
					return time.Time{}, err
				}
				q.messageID = refs[len(refs)-1]
			}
			list = append(list, q)
			return time.Time{}, nil
		},
	})
	return list
}

// handle does every effect that is due, one at a time; kinds that handlers leaves out are done at once.
func (b *bench) handle(handlers map[conversations.EffectKind]conversations.EffectHandler) {
	b.t.Helper()
	done := func(context.Context, conversations.Effect) (time.Time, error) { return time.Time{}, nil }
	for _, k := range []conversations.EffectKind{conversations.EffectNotify, conversations.EffectReport, conversations.EffectReceipt, conversations.EffectDeliver} {
		if handlers[k] == nil {
			handlers[k] = done
		}
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	idle := make(chan struct{})
	go func() { b.Run(ctx, 1, handlers); close(idle) }()
	for quiet := 0; quiet < 2; quiet++ { // an effect may bring another while they are counted
		if b.pendingEffects() > 0 {
			quiet = -1
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-b.t.Context().Done():
		}
	}
	cancel()
	<-idle
}

// lease is for how long an effect is claimed; nothing of the tests is put off for so long.
const lease = 30 * time.Second

// pendingEffects counts effects that are due, or claimed a moment ago and not done, over all shards. The clock of
// the tests goes on with every look at it.
func (b *bench) pendingEffects() int {
	now := b.clock.Now()
	claimed := float64(now.Add(lease - time.Second).UnixMilli())
	return b.countEffects(func(at float64) bool {
		return at <= float64(now.UnixMilli()) || at > claimed && at <= float64(now.Add(lease).UnixMilli())
	})
}

// countEffects counts the effects whose instant, in Unix milliseconds, is one of those asked for.
func (b *bench) countEffects(asked func(at float64) bool) (n int) {
	for _, key := range b.redis.Keys() {
		if !strings.HasSuffix(key, ":due") {
			continue
		}
		members, err := b.redis.ZMembers(key)
		if errors.Is(err, miniredis.ErrKeyNotFound) { // its last effect was just done
			continue
		}
		if err != nil {
			b.t.Fatal(err)
		}
		for _, id := range members {
			if at, err := b.redis.ZScore(key, id); err == nil && asked(at) { // else it was just done
				n++
			}
		}
	}
	return n
}

func TestReply_afterEnd_isRefusedAndKeptAsDraft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	b.taken(mail{from: doctor, subject: "[FIN]"})
	_, err := b.reply(thread.ID, "Encore un mot")
	wantKind(t, err, conversations.KindThreadClosed)
	after := b.read(thread.ID)
	if after.Draft != "Encore un mot" || !after.HasDraft || after.State != string(rules.Ended) {
		t.Errorf("draft %q, state %s (D7)", after.Draft, after.State)
	}
	if after.Ended == nil || after.Ended.How != rules.BySubject || after.Ended.By != "Dr Marie MARTIN" {
		t.Errorf("ended %+v", after.Ended)
	}
	if len(b.queued()) != 0 {
		t.Error("a refused reply waits for delivery")
	}
}

func TestReply_sameOperation_isOneReply(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	in := conversations.ReplyInput{Text: "Une fois", Choice: rules.ReplyToOne, Operation: "k1"}
	first, err := b.Reply(t.Context(), b.self(), b.patient.ID, thread.ID, in)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Reply(t.Context(), b.self(), b.patient.ID, thread.ID, in)
	if err != nil || second.ID != first.ID {
		t.Errorf("second answer %v %v, first %v", second.ID, err, first.ID)
	}
	if n := len(b.read(thread.ID).Messages); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestOutgoing_endMeanwhile_isCrossed_blockMeanwhile_returnsToDraft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	if _, err := b.reply(thread.ID, "Avant la fin"); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "[FIN]"})
	sent := b.queued()
	if len(sent) != 1 || sent[0].err != nil {
		t.Fatalf("%+v: what was sent before the end is delivered (D7)", sent)
	}
	if err := b.Delivered(t.Context(), sent[0].effect, conversations.Outcome{State: conversations.DeliverySent}); err != nil {
		t.Fatal(err)
	}
	m := b.read(thread.ID).Messages[0]
	if !m.Crossed || m.Delivery.State != conversations.DeliverySent {
		t.Errorf("%+v", m)
	}

	b.taken(mail{from: doctor, subject: "Second", text: "2"})
	second := b.thread("Second")
	if _, err := b.reply(second.ID, "Avant le blocage"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, second.Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	stopped := b.queued()
	if len(stopped) != 1 {
		t.Fatalf("%+v", stopped)
	}
	wantKind(t, stopped[0].err, conversations.KindBlockedByPatient)
	after := b.read(second.ID)
	if after.Draft != "Avant le blocage" || after.Messages[0].Delivery.State != conversations.DeliveryFailed {
		t.Errorf("draft %q, delivery %+v (D15)", after.Draft, after.Messages[0].Delivery)
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

func TestAccountStates_table8_2(t *testing.T) {
	t.Parallel()
	for state, want := range map[rules.AccountState]struct {
		receive conversations.Kind // "" for yes
		read    bool
	}{
		rules.Absent:          {conversations.KindMailboxUnknown, false},
		rules.Opposed:         {conversations.KindMailboxUnknown, false},
		rules.NotActivated:    {"", false},
		rules.Active:          {"", true},
		rules.MessagingClosed: {conversations.KindUnreachable, true},
		rules.Suspended:       {conversations.KindUnavailable, false},
		rules.Closed:          {conversations.KindUnreachable, false},
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.taken(mail{from: doctor, subject: "Avant", text: "1"})
			if _, err := b.Enrol(t.Context(), b.self(), anINS, "Camille Durand", state); err != nil {
				t.Fatal(err)
			}
			_, err := b.receive(mail{from: doctor, subject: "Après", text: "2"})
			if want.receive == "" && err != nil {
				t.Errorf("refused: %v", err)
			} else if want.receive != "" {
				wantKind(t, err, want.receive)
			}
			if _, err := b.Inbox(t.Context(), b.patient.ID, "", 0); (err == nil) != want.read {
				t.Errorf("reading: %v, want allowed %v", err, want.read)
			}
		})
	}
}

func TestFirstLogin_activates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.Enrol(t.Context(), b.self(), anINS, "", rules.NotActivated); err != nil {
		t.Fatal(err)
	}
	if err := b.LoggedIn(t.Context(), b.self(), b.patient.ID); err != nil {
		t.Fatal(err)
	}
	p, err := b.Patient(t.Context(), b.patient.ID)
	if err != nil || p.State != rules.Active || p.Name != "Camille Durand" || p.INS != anINS {
		t.Errorf("%+v %v", p, err)
	}
}

func TestInbox_pages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 7 {
		b.taken(mail{from: doctor, subject: fmt.Sprint("n", i), text: "x"})
	}
	var got []string
	cursor := ""
	for {
		page, err := b.Inbox(t.Context(), b.patient.ID, cursor, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range page.Items {
			got = append(got, line.Subject)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if want := []string{"n6", "n5", "n4", "n3", "n2", "n1", "n0"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	_, err := b.Inbox(t.Context(), b.patient.ID, "not a cursor", 3)
	wantKind(t, err, conversations.KindInvalidRequest)
}

func TestProfessionalsLists(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Un", text: "1"})
	b.taken(mail{from: clinic, subject: "Autre", text: "1"})
	b.queued()
	page, err := b.Threads(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || len(page.Items) != 1 || page.Items[0].Subject != "Un" || !slices.Equal(page.Items[0].With, []string{"Camille Durand"}) {
		t.Fatalf("%+v %v", page, err)
	}
	pairs, err := b.Exchanges(t.Context(), address(t, doctor), conversations.Filter{State: rules.ThreadOpen})
	if err != nil || len(pairs.Items) != 1 || pairs.Items[0].Patient.INS != anINS {
		t.Fatalf("%+v %v", pairs, err)
	}
	_, err = b.ThreadFor(t.Context(), []conversations.Address{address(t, clinic)}, page.Items[0].ID)
	wantKind(t, err, conversations.KindNotFound)
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, pairs.Items[0].ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	pairs, err = b.Exchanges(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || pairs.Items[0].State != rules.ThreadUnreachable || !pairs.Items[0].Since.IsZero() {
		t.Errorf("%+v %v: one value and no date (D4)", pairs, err)
	}
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
