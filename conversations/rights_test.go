package conversations_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

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
