package conversations_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// responder answers everything that leaves with everything that it can, and asks for a report and a receipt on
// each answer: the worst neighbour there is.
type responder struct {
	*bench
	sent map[conversations.EffectKind]int
	todo []func()
}

// answer notes the answers to one message that left.
func (r *responder) answer(kind conversations.EffectKind, names string) {
	r.sent[kind]++
	n := r.sent[kind]
	for _, item := range []rules.ReportItem{{Action: "failed"}, {Action: "delayed"}, {Disposition: "displayed"}, {Automatic: true}} {
		f := about(item, names)
		r.todo = append(r.todo, func() { r.file(f) })
		r.todo = append(r.todo, func() {
			r.hand(anINS, mail{from: doctor, subject: fmt.Sprint("Auto ", kind, n), text: "x", refs: []string{names}}, func(in *conversations.Incoming) {
				in.IsReport, in.Automatic, in.Feedback = true, item.Automatic, &f
				in.ReadTo, in.Receipt.Success = []conversations.Address{address(r.t, doctor)}, true
			})
		})
	}
}

// round lets everything leave, then brings in every answer, and has the patient open all that he sees.
func (r *responder) round() (busy bool) {
	ctx := r.t.Context()
	r.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			m, err := r.Outgoing(ctx, e)
			if err != nil {
				return time.Time{}, nil
			}
			r.answer(e.Kind, m.EnvID[:len(m.EnvID)-9]+"@patient.mssante.fr")
			return time.Time{}, r.Delivered(ctx, e, conversations.Outcome{State: conversations.DeliverySent})
		},
		conversations.EffectReport: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			r.sent[e.Kind]++ // from MAILER-DAEMON of our domain: an answer is refused at RCPT, where no patient has that name
			return time.Time{}, r.Delivered(ctx, e, conversations.Outcome{State: conversations.DeliverySent})
		},
		conversations.EffectReceipt: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			if _, err := r.ReadReceipt(ctx, e); err == nil {
				r.answer(e.Kind, "mdn@patient.mssante.fr")
			}
			return time.Time{}, r.ReceiptOutcome(ctx, e, conversations.Outcome{State: conversations.DeliverySent})
		},
	})
	todo := r.todo
	r.todo = nil
	for _, do := range todo {
		do()
	}
	page, err := r.Inbox(ctx, r.patient.ID, "", conversations.MaxPage)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, line := range page.Items {
		if err := r.Opened(ctx, r.self(), r.patient.ID, line.ID); err != nil {
			r.t.Fatal(err)
		}
	}
	return len(todo) > 0 || r.pendingEffects() > 0
}

// O178, R62, RFC 3834, RFC 5321 section 6.1: against a neighbour that answers everything, what we send comes to
// its end by itself: a report that is filed is told to nobody, and no report gets a receipt. Success reports,
// which RFC 3461 owes for each message that is shown, have a null reverse-path and an author that takes no mail,
// so that an answer to one cannot arrive.
func TestLoops_impossible(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := &responder{bench: b, sent: map[conversations.EffectKind]int{}}
	b.asking("Fil", doctor)
	if _, err := b.reply(b.thread("Fil").ID, "Merci"); err != nil {
		t.Fatal(err)
	}
	b.open("Fil", conversations.ActorPatient)
	rounds := 0
	for r.round() {
		if rounds++; rounds > 10 {
			t.Fatalf("no end: %v", r.sent)
		}
	}
	if r.sent[conversations.EffectDeliver] != 1 || r.sent[conversations.EffectReceipt] != 1 {
		t.Errorf("sent %v in %d rounds", r.sent, rounds)
	}
}
