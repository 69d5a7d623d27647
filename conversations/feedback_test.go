package conversations_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// sent brings in a message about Fil, answers it to all, and lets the answer leave. It returns the conversation
// and what names the answer in mail.
func (b *bench) sent(others ...string) (thread conversations.ID, messageID string, envIDs []string) {
	b.t.Helper()
	b.taken(mail{from: doctor, subject: "Fil", text: "1", others: others})
	thread = b.thread("Fil").ID
	in := conversations.ReplyInput{Text: "Merci", Choice: rules.ReplyToOne}
	if len(others) > 0 {
		in.Choice = rules.ReplyToAll
	}
	if _, err := b.Reply(b.t.Context(), b.self(), b.patient.ID, thread, in); err != nil {
		b.t.Fatal(err)
	}
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			m, err := b.Outgoing(ctx, e)
			if err != nil {
				return time.Time{}, err
			}
			body, err := m.Open()
			if err != nil {
				b.t.Fatal(err)
			}
			var d conversations.Draft
			if err := json.NewDecoder(body).Decode(&d); err != nil {
				b.t.Fatal(err)
			}
			messageID, envIDs = d.MessageID, append(envIDs, m.EnvID)
			return time.Time{}, b.Delivered(ctx, e, conversations.Outcome{State: conversations.DeliverySent})
		},
	})
	return thread, messageID, envIDs
}

// everywhere believes an operator about every mailbox.
func everywhere(string) bool { return true }

// about is a report with one item on a message.
func about(item rules.ReportItem, refs ...string) conversations.Feedback {
	return conversations.Feedback{
		References: refs, Serves: everywhere, Peer: conversations.Actor{Kind: conversations.ActorOperator},
		Items: []conversations.FeedbackItem{{ReportItem: item, Detail: detailOf(item)}},
	}
}

func detailOf(i rules.ReportItem) string {
	if i.Action == "failed" {
		return "Non remis : exemple."
	}
	return ""
}

// fate is what the patient sees of his newest message.
func (b *bench) fate(thread conversations.ID) conversations.Delivery {
	b.t.Helper()
	return *b.read(thread).Messages[0].Delivery
}

func (b *bench) file(f conversations.Feedback) conversations.FeedbackOutcome {
	b.t.Helper()
	outcome, err := b.Feedback(b.t.Context(), b.patient.ID, f)
	if err != nil {
		b.t.Fatal(err)
	}
	return outcome
}

// R69, OP7: a report shows as the state of the patient's message, and as nothing else.
func TestFeedback_showsAsState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		item   rules.ReportItem
		state  conversations.DeliveryState
		detail string
	}{
		"failed":    {rules.ReportItem{Action: "failed"}, conversations.DeliveryFailed, "Non remis : exemple."},
		"delivered": {rules.ReportItem{Action: "delivered"}, conversations.DeliveryDelivered, ""},
		"delayed":   {rules.ReportItem{Action: "delayed"}, conversations.DeliverySent, "Elle essaie encore"},
		"displayed": {rules.ReportItem{Disposition: "displayed"}, conversations.DeliveryRead, ""},
		"absent":    {rules.ReportItem{Automatic: true}, conversations.DeliveryDelivered, "peut-être absent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			thread, id, _ := b.sent()
			before, effects := b.memory.entries(), b.pendingEffects()
			for range 2 { // the operator's retry changes nothing
				if got := b.file(about(c.item, "autre@x.test", strings.ToUpper(id))); got != conversations.FeedbackNoted {
					t.Fatalf("outcome %s", got)
				}
			}
			if got := b.fate(thread); got.State != c.state || !strings.Contains(got.Detail, c.detail) || (got.Detail == "") != (c.detail == "") {
				t.Errorf("shown %+v", got)
			}
			if n := b.memory.entries() - before; n != 1 {
				t.Errorf("%d traces", n)
			}
			if c.state == conversations.DeliveryFailed { // the desk is told in which list the exchange stands now
				effects++
			}
			if b.pendingEffects() != effects || len(b.read(thread).Messages) != 2 {
				t.Error("a report made a message or mail")
			}
			if page, err := b.Inbox(t.Context(), b.patient.ID, "", 0); err != nil || len(page.Items) != 1 {
				t.Errorf("%d conversations, %v", len(page.Items), err)
			}
		})
	}
}

// OP7: only the operator that serves the mailbox of the message can know, whatever others say; and what names
// no message of the patient is nothing.
func TestFeedback_forged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	thread, id, envIDs := b.sent()
	forged := about(rules.ReportItem{Action: "failed"}, id)
	forged.EnvID = envIDs[0]
	forged.Serves = func(domain string) bool { return domain != "cabinet.test" }
	if got := b.file(forged); got != conversations.FeedbackForeign {
		t.Errorf("outcome %s", got)
	}
	for name, f := range map[string]conversations.Feedback{
		"another id":          about(rules.ReportItem{Action: "failed"}, "autre@patient.mssante.fr"),
		"the professional's":  about(rules.ReportItem{Action: "failed"}, "1@operator.test"),
		"no id":               about(rules.ReportItem{Action: "failed"}),
		"an unknown envelope": {EnvID: "nobody.00000000", Serves: everywhere, Items: forged.Items},
		"an unknown action":   about(rules.ReportItem{Action: "vanished"}, id),
		"nothing":             {References: []string{id}, Serves: everywhere},
	} {
		if got := b.file(f); got != conversations.FeedbackUnmatched {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := b.fate(thread); got.State != conversations.DeliverySent {
		t.Errorf("shown %+v", got)
	}
}

// O88: of a message to several mailboxes a report concerns the one that it names, by recipient or envelope,
// and an operator is believed about its own alone.
func TestFeedback_severalMailboxes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	thread, id, envIDs := b.sent(clinic)
	if len(envIDs) != 2 || envIDs[0] == envIDs[1] {
		t.Fatalf("envelopes %v", envIDs)
	}
	read := about(rules.ReportItem{Disposition: "displayed"}, id)
	if got := b.file(read); got != conversations.FeedbackUnmatched {
		t.Errorf("nobody named: %s", got)
	}
	read.Items[0].Recipients = []conversations.Address{address(t, clinic)}
	read.Serves = func(domain string) bool { return domain == "cabinet.test" }
	if got := b.file(read); got != conversations.FeedbackForeign {
		t.Errorf("another's mailbox: %s", got)
	}
	read.Serves = everywhere
	b.file(read)
	if got := b.fate(thread); got.State != conversations.DeliverySent {
		t.Errorf("one of two read: %+v", got)
	}
	for _, env := range envIDs {
		f := conversations.Feedback{EnvID: env, Serves: everywhere, Items: read.Items}
		f.Items[0].Recipients = nil
		if got := b.file(f); got != conversations.FeedbackNoted {
			t.Errorf("by envelope: %s", got)
		}
	}
	if got := b.fate(thread); got.State != conversations.DeliveryRead {
		t.Errorf("both read: %+v", got)
	}
}

// A report that is faster than our own record of the sending is not undone by it, and a message that is known
// to have arrived is not sent again.
func TestFeedback_beforeOurRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil").ID
	if _, err := b.reply(thread, "Merci"); err != nil {
		t.Fatal(err)
	}
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			m, err := b.Outgoing(ctx, e)
			if err != nil {
				return time.Time{}, err
			}
			f := conversations.Feedback{EnvID: m.EnvID, Serves: everywhere, Items: about(rules.ReportItem{Disposition: "displayed"}).Items}
			if _, err := b.Feedback(ctx, b.patient.ID, f); err != nil {
				return time.Time{}, err
			}
			if _, err := b.Outgoing(ctx, e); conversations.KindOf(err) != conversations.KindNotFound {
				t.Errorf("sent again: %v", err)
			}
			for _, o := range []conversations.Outcome{{Code: "4.4.2"}, {State: conversations.DeliverySent}, {State: conversations.DeliveryFailed}} {
				if err := b.Delivered(ctx, e, o); err != nil {
					return time.Time{}, err
				}
			}
			return time.Time{}, nil
		},
	})
	if got := b.fate(thread); got.State != conversations.DeliveryRead {
		t.Errorf("shown %+v", got)
	}
}

// D22, OP7: a report with a sender of its own about a message of the patient is filed with it; an automatic
// answer is also shown in its conversation; one that matches nothing is an ordinary message without reply.
func TestReceive_reportWithASender(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	thread, id, _ := b.sent()
	report := func(subject string, automatic bool, ref string) {
		b.hand(anINS, mail{from: doctor, subject: subject, text: "x", refs: []string{ref}}, func(in *conversations.Incoming) {
			f := about(rules.ReportItem{Disposition: "displayed"}, ref)
			if automatic {
				f = about(rules.ReportItem{Automatic: true}, ref)
			}
			in.IsReport, in.Automatic, in.Feedback = true, automatic, &f
		})
	}
	report("Absent", true, id)
	if got := b.read(thread); len(got.Messages) != 3 || got.Messages[1].Delivery == nil || got.Messages[1].Delivery.State != conversations.DeliveryDelivered {
		t.Errorf("after the automatic answer: %+v", got.Messages)
	}
	report("Lu", false, id)
	if got := b.read(thread); len(got.Messages) != 3 || got.Messages[1].Delivery.State != conversations.DeliveryRead {
		t.Errorf("after the report: %d messages, %+v", len(got.Messages), got.Messages[1].Delivery)
	}
	report("Ailleurs", false, "autre@patient.mssante.fr")
	if got := b.thread("Ailleurs"); got.State != string(rules.NoReply) || got.Reply.Allowed {
		t.Errorf("a report about nothing: %s", got.State)
	}
	if got := b.read(thread); !got.Reply.Allowed {
		t.Error("a report took the right to reply away (OP7)")
	}
}

// O87, O89: from four hours on the patient is told that his message still waits.
func TestThread_tellsTheDelay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil").ID
	if _, err := b.reply(thread, "Merci"); err != nil {
		t.Fatal(err)
	}
	if got := b.fate(thread); got.State != conversations.DeliveryQueued || got.Detail != "" {
		t.Errorf("at once: %+v", got)
	}
	b.clock.mu.Lock()
	b.clock.now = b.clock.now.Add(rules.WarnAfter)
	b.clock.mu.Unlock()
	if got := b.fate(thread); got.State != conversations.DeliveryQueued || !strings.Contains(got.Detail, "Nous essayons encore") {
		t.Errorf("after four hours: %+v", got)
	}
}

// O85: the first sight of a bad certificate is kept with the message, until a good one comes.
func TestDelivered_keepsTheFirstBadCertificate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	if _, err := b.reply(b.thread("Fil").ID, "Merci"); err != nil {
		t.Fatal(err)
	}
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			var since []time.Time
			for _, c := range []conversations.Certificate{"", conversations.CertificateBad, "", conversations.CertificateBad, conversations.CertificateGood} {
				if err := b.Delivered(ctx, e, conversations.Outcome{Code: "4.7.5", Certificate: c}); err != nil {
					t.Fatal(err)
				}
				m, err := b.Outgoing(ctx, e)
				if err != nil {
					t.Fatal(err)
				}
				since = append(since, m.UntrustedSince)
			}
			if !since[0].IsZero() || since[1].IsZero() || since[2] != since[1] || since[3] != since[1] || !since[4].IsZero() {
				t.Errorf("bad since %v", since)
			}
			return time.Time{}, nil
		},
	})
}
