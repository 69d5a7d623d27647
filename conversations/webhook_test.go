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

// listener is a bench with a receiver for the doctor's mailbox, registered by an application that may act for it.
type listener struct {
	*bench
	hook  conversations.Webhook
	may   bool
	calls []conversations.Calling
	fault conversations.CallFault // what the receiver answers with
}

func theSoftware() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorClinic, ID: "logiciel", Name: "Logiciel de cabinet"}
}

func newListener(t *testing.T, wrap ...func(conversations.Store) conversations.Store) *listener {
	t.Helper()
	b := newBench(t, wrap...)
	l := &listener{bench: b, may: true}
	b.TellWebhooks = true
	b.Applications = func(client string) []conversations.Address {
		if client != theSoftware().ID || !l.may {
			return nil
		}
		return []conversations.Address{address(t, doctor)}
	}
	l.hook = l.register("https://logiciel.test/appels", rules.EventKinds()...)
	return l
}

func (l *listener) boxes() []conversations.Address {
	return []conversations.Address{address(l.t, doctor)}
}

func (l *listener) register(url string, kinds ...rules.EventKind) conversations.Webhook {
	l.t.Helper()
	w, err := l.RegisterWebhook(l.t.Context(), theSoftware(), conversations.WebhookInput{Mailbox: address(l.t, doctor), URL: url, Events: kinds})
	if err != nil {
		l.t.Fatal(err)
	}
	return w
}

// told does what is due, and returns what the receivers were told since the last time: kind and state.
func (l *listener) told() (lines []string) {
	l.t.Helper()
	l.calls = nil
	handlers := map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectWebhook: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			c, err := l.Calling(ctx, e)
			if err != nil && conversations.KindOf(err) == conversations.KindNotFound {
				return time.Time{}, nil
			}
			if err != nil {
				return time.Time{}, err
			}
			l.calls = append(l.calls, c)
			o := conversations.CallOutcome{Status: 204, Fault: l.fault}
			if l.fault != "" {
				o.Status = 500
			}
			return l.Called(ctx, e, o)
		},
	}
	for more := true; more; more = l.pendingEffects() > 0 { // the last effect may have made others
		l.handle(handlers)
	}
	for _, c := range l.calls {
		lines = append(lines, strings.TrimSpace(string(c.Event.Kind)+" "+c.Event.State))
	}
	slices.Sort(lines)
	return lines
}

// wants compares what was told.
func (l *listener) wants(what string, lines ...string) {
	l.t.Helper()
	if got := l.told(); !slices.Equal(got, lines) {
		l.t.Errorf("%s: told %q, want %q", what, got, lines)
	}
}

func (l *listener) log(f conversations.CallFilter) []conversations.WebhookCall {
	l.t.Helper()
	page, err := l.WebhookCalls(l.t.Context(), l.boxes(), l.hook.ID, f)
	if err != nil {
		l.t.Fatal(err)
	}
	return page.Items
}

// What a mailbox's software is told of a whole story, and that none of it names or quotes anybody.
func TestWebhook_story(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	l.asking("Fil", doctor)
	l.wants("a first message", "conversation.state open", "message.delivery delivered")
	thread := l.thread("Fil").ID
	if at := l.calls[0].Event; at.Conversation != thread || at.Exchange != l.contactOf(doctor) {
		t.Errorf("about %+v", at)
	}
	l.open("Fil", conversations.ActorPatient)
	l.wants("opened, and a receipt was asked for", "message.delivery read")
	if _, err := l.reply(thread, "Merci"); err != nil {
		t.Fatal(err)
	}
	l.wants("a reply", "message.received open")
	seen, err := l.ThreadFor(t.Context(), l.boxes(), thread)
	if err != nil || seen.Messages[0].ID != l.calls[0].Event.Message {
		t.Errorf("the message of the event is not that of the conversation: %v", err)
	}
	if _, err := l.EndThread(t.Context(), theSoftware(), l.boxes(), thread); err != nil {
		t.Fatal(err)
	}
	l.wants("an end of one conversation", "conversation.state ended")
	l.taken(mail{from: doctor, subject: "Re: Fil", text: "2", refs: []string{"Fil@x.test"}})
	l.wants("and open again", "conversation.state open", "message.delivery delivered")
	l.taken(mail{from: doctor, subject: "Re: Fil", text: "3", refs: []string{"Fil@x.test"}, header: []string{"FIN"}})
	l.wants("without an answer", "conversation.state no-reply", "message.delivery delivered")
	if _, err := l.EndExchange(t.Context(), theSoftware(), l.boxes(), l.contactOf(doctor)); err != nil {
		t.Fatal(err)
	}
	l.wants("an end of the exchange", "exchange.state ended")
	l.taken(mail{from: clinic, subject: "Autre", text: "1"})
	l.wants("another mailbox")
	for _, c := range l.log(conversations.CallFilter{}) {
		text := fmt.Sprintf("%+v", c)
		for _, secret := range []string{"Fil", "Durand", string(anINS), "Merci", "cabinet"} {
			if strings.Contains(text, secret) {
				t.Errorf("an event holds %q: %s", secret, text)
			}
		}
	}
}

// A reply that could not be delivered by mail is told; one that the patient called back is not (D36).
func TestWebhook_failedDelivery(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	l.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := l.thread("Fil").ID
	l.told()
	m, err := l.reply(thread, "Merci")
	if err != nil {
		t.Fatal(err)
	}
	l.told()
	e := conversations.Effect{Kind: conversations.EffectDeliver, Patient: l.patient.ID, Thread: thread, Message: m.ID, Mailbox: l.MailboxID(address(t, doctor))}
	if err := l.Delivered(t.Context(), e, conversations.Outcome{State: conversations.DeliveryFailed, Code: "550 5.1.1"}); err != nil {
		t.Fatal(err)
	}
	l.wants("failed", "message.delivery failed")
}

// D36, D4: whatever puts a patient out of reach, and whatever brings him back, is silence; what would be told of him
// meanwhile is not.
func TestWebhook_silence(t *testing.T) {
	t.Parallel()
	for name, member := range classUnreachable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newListener(t)
			l.asking("Fil", doctor)
			thread := l.thread("Fil")
			l.told()
			if _, err := l.reply(thread.ID, "Une réponse que personne n’a encore lue"); err != nil {
				t.Fatal(err)
			}
			member.begin(l.bench, thread.Contact)
			l.wants("out of reach")
			if _, err := l.EndThread(t.Context(), theSoftware(), l.boxes(), thread.ID); err != nil {
				t.Fatal(err)
			}
			l.wants("ended meanwhile")
			member.end(l.bench, thread.Contact)
			l.wants("in reach again")
			if calls := l.log(conversations.CallFilter{}); len(calls) != 2 {
				t.Errorf("%d events in the log", len(calls))
			}
		})
	}
}

// D27: whoever registered the receiver and may not act for the mailbox any more is told nothing, from the next call on.
func TestWebhook_rightsAreAskedAgain(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	l.fault = conversations.FaultStatus
	l.taken(mail{from: doctor, subject: "Fil", text: "1"})
	l.wants("a receiver that fails", "conversation.state open", "message.delivery delivered")
	l.may = false
	l.clock.advance(10 * time.Second)
	l.wants("the next attempt, without a right")
	for _, c := range l.log(conversations.CallFilter{State: conversations.CallFailed}) {
		if c.Fault != conversations.FaultRight {
			t.Errorf("%+v", c)
		}
	}
	l.taken(mail{from: doctor, subject: "Fil 2", text: "1"})
	l.wants("a new event, without a right")
	if w, err := l.Webhook(t.Context(), l.boxes(), l.hook.ID); err != nil || w.Active {
		t.Errorf("%+v %v", w, err)
	}
	l.may = true
	l.taken(mail{from: doctor, subject: "Fil 3", text: "1"})
	l.fault = ""
	l.wants("the right is back", "conversation.state open", "message.delivery delivered")
}

// A receiver that fails is called again as rules.NextCall says, under the same id, and given up; a replay begins anew.
func TestWebhook_repeatsThenReplay(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	l.fault = conversations.FaultTimeout
	start := l.clock.Now()
	l.taken(mail{from: doctor, subject: "Fil", text: "1"})
	attempts, ids := 0, map[conversations.ID]bool{}
	for range 12 {
		if len(l.told()) == 0 {
			break
		}
		attempts++
		for _, c := range l.calls {
			ids[c.Event.ID] = true
		}
		if next := l.log(conversations.CallFilter{})[0].NextAt; !next.IsZero() {
			l.clock.advance(next.Sub(l.clock.Now()) + time.Second)
		}
	}
	if spent := l.clock.Now().Sub(start); attempts != 10 || len(ids) != 2 || spent < 72*time.Hour || spent > 96*time.Hour {
		t.Errorf("%d attempts at %d events in %s", attempts, len(ids), spent)
	}
	dead := l.log(conversations.CallFilter{State: conversations.CallFailed})
	if len(dead) != 2 || dead[0].Attempts != 10 {
		t.Fatalf("given up: %+v", dead)
	}
	l.fault = ""
	told, next, err := l.ReplayWebhook(t.Context(), theSoftware(), l.boxes(), l.hook.ID, dead[0].ID, time.Time{})
	if err != nil || told != 1 || !next.IsZero() {
		t.Fatalf("%d %v %v", told, next, err)
	}
	if l.told(); len(l.calls) != 1 || l.calls[0].Event.ID != dead[0].ID {
		t.Errorf("one event again: %+v", l.calls)
	}
	late := l.register("https://logiciel.test/tard", rules.EventDelivery)
	told, _, err = l.ReplayWebhook(t.Context(), theSoftware(), l.boxes(), late.ID, "", start)
	if err != nil || told != 1 {
		t.Fatalf("all since: %d %v", told, err)
	}
	l.wants("what a later receiver asked for", "message.delivery delivered")
	_, _, err = l.ReplayWebhook(t.Context(), theSoftware(), l.boxes(), late.ID, "a1nothing", time.Time{})
	wantKind(t, err, conversations.KindNotFound)
}

// A secret that is changed signs beside the new one for a day.
func TestWebhook_rotate(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	w, err := l.RotateWebhook(t.Context(), theSoftware(), l.boxes(), l.hook.ID)
	if err != nil || len(w.Secret) != 32 || string(w.Secret) == string(l.hook.Secret) || w.Until.IsZero() {
		t.Fatalf("%+v %v", w, err)
	}
	for _, want := range []int{2, 1} {
		if _, err := l.PingWebhook(t.Context(), theSoftware(), l.boxes(), l.hook.ID, ""); err != nil {
			t.Fatal(err)
		}
		if l.wants("a ping", "webhook.ping"); len(l.calls) != 1 || len(l.calls[0].Secrets) != want || string(l.calls[0].Secrets[0]) != string(w.Secret) {
			t.Errorf("%d secrets", len(l.calls[0].Secrets))
		}
		l.clock.advance(rules.SecretOverlap)
	}
}

// The receivers of a mailbox are its own: by another mailbox they are not there. They are few, and end at once.
func TestWebhook_ownAndFew(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	other := []conversations.Address{address(t, clinic)}
	_, err := l.Webhook(t.Context(), other, l.hook.ID)
	wantKind(t, err, conversations.KindNotFound)
	wantKind(t, l.RemoveWebhook(t.Context(), theSoftware(), other, l.hook.ID), conversations.KindNotFound)
	_, err = l.PingWebhook(t.Context(), theSoftware(), other, l.hook.ID, "")
	wantKind(t, err, conversations.KindNotFound)
	for range conversations.MaxWebhooks - 1 {
		l.register("https://logiciel.test/x", rules.EventMessage)
	}
	in := conversations.WebhookInput{Mailbox: address(t, doctor), URL: "https://logiciel.test/y", Operation: "once"}
	_, err = l.RegisterWebhook(t.Context(), theSoftware(), in)
	wantKind(t, err, conversations.KindInvalidRequest)
	l.taken(mail{from: doctor, subject: "Fil", text: "1"})
	if err := l.RemoveWebhook(t.Context(), theSoftware(), l.boxes(), l.hook.ID); err != nil {
		t.Fatal(err)
	}
	l.wants("removed before it was told")
	first, err := l.RegisterWebhook(t.Context(), theSoftware(), in)
	again, err2 := l.RegisterWebhook(t.Context(), theSoftware(), in)
	if err != nil || err2 != nil || first.ID != again.ID || string(first.Secret) != string(again.Secret) {
		t.Errorf("the same operation twice: %v %v", err, err2)
	}
	list, err := l.Webhooks(t.Context(), address(t, doctor))
	if err != nil || len(list) != conversations.MaxWebhooks {
		t.Fatalf("%d %v", len(list), err)
	}
	for _, w := range list {
		if w.Secret != nil {
			t.Error("the list tells a secret")
		}
	}
}

// Nothing of a receiver is readable in the store, and the acts are traced to whoever did them.
func TestWebhook_sealedAndTraced(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	l.memory.forget()
	if _, err := l.RotateWebhook(t.Context(), theSoftware(), l.boxes(), l.hook.ID); err != nil {
		t.Fatal(err)
	}
	if found := l.memory.actors(t); len(found) != 1 || found[0].ID != theSoftware().ID {
		t.Errorf("traced to %+v", found)
	}
	for _, what := range []string{"logiciel", string(l.hook.Secret), "cabinet"} {
		if strings.Contains(l.everything(), what) {
			t.Errorf("the store holds %q", what)
		}
	}
}

// An event that was kept long enough goes, with its calls.
func TestWebhook_forgets(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	l.taken(mail{from: doctor, subject: "Fil", text: "1"})
	l.told()
	l.clock.advance(rules.EventKept + 25*time.Hour)
	l.told()
	if calls := l.log(conversations.CallFilter{}); len(calls) != 0 {
		t.Errorf("%d events are left", len(calls))
	}
}
