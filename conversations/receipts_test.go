package conversations_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// asking brings in a message that asks for a read receipt to some addresses.
func (b *bench) asking(subject string, to ...string) {
	b.t.Helper()
	b.hand(anINS, mail{from: doctor, subject: subject, text: "1", id: subject + "@x.test"}, func(in *conversations.Incoming) {
		for _, a := range to {
			in.ReadTo = append(in.ReadTo, address(b.t, a))
		}
	})
}

// open opens a conversation as somebody.
func (b *bench) open(subject string, as conversations.ActorKind) {
	b.t.Helper()
	actor := conversations.Actor{Kind: as, ID: "x"}
	if err := b.Opened(b.t.Context(), actor, b.patient.ID, b.thread(subject).ID); err != nil {
		b.t.Fatal(err)
	}
}

// receipts does what is due, and returns the receipts that are, after their transmission.
func (b *bench) receipts() (sent []conversations.ReadReceipt) {
	b.t.Helper()
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectReceipt: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			r, err := b.ReadReceipt(ctx, e)
			if conversations.KindOf(err) == conversations.KindNotFound && err != nil {
				return time.Time{}, nil
			}
			if err != nil {
				return time.Time{}, err
			}
			if mine, err := b.BeginReceipt(ctx, e, r); err != nil || !mine {
				b.t.Errorf("not begun: %v", err)
			}
			sent = append(sent, r)
			return time.Time{}, b.ReceiptOutcome(ctx, e, conversations.Outcome{State: conversations.DeliverySent})
		},
	})
	return sent
}

// R58-R61, R63: opening a conversation, and nothing else, tells each mailbox once, by whom it was opened.
func TestOpened_releasesReceiptsOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.asking("Fil", doctor, "intrus@ailleurs.test")
	if got := b.receipts(); len(got) != 0 {
		t.Fatal("told before it was opened")
	}
	b.thread("Fil") // the API's GET is no opening
	if got := b.receipts(); len(got) != 0 {
		t.Fatal("told of a list")
	}
	b.open("Fil", conversations.ActorCaregiver)
	got := b.receipts()
	if len(got) != 1 {
		t.Fatalf("%d receipts", len(got))
	}
	r := got[0]
	if r.Next.Wire() != doctor || len(r.To) != 1 || r.MessageID != "Fil@x.test" || r.Subject != "Fil" || r.By != conversations.ActorCaregiver ||
		r.From.Name != "Camille Durand" || r.From.Address.Local != string(anINS) || r.OpenedAt.IsZero() {
		t.Errorf("receipt %+v", r)
	}
	b.open("Fil", conversations.ActorPatient)
	if got := b.receipts(); len(got) != 0 {
		t.Error("told twice (R60)")
	}
}

// R62: a message that asks for nothing, one that asks for somebody else, and a report release nothing.
func TestOpened_nothingDue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Sans", text: "1"})
	b.asking("Autre", "intrus@ailleurs.test")
	b.hand(anINS, mail{from: doctor, subject: "Rapport", text: "1"}, func(in *conversations.Incoming) {
		in.ReadTo, in.IsReport = []conversations.Address{address(t, doctor)}, true
	})
	for _, subject := range []string{"Sans", "Autre", "Rapport"} {
		b.open(subject, conversations.ActorPatient)
	}
	if got := b.receipts(); len(got) != 0 {
		t.Errorf("%d receipts", len(got))
	}
}

// R59: all that a conversation owes is told at one opening, each message to each mailbox that asked.
func TestOpened_wholeConversation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.asking("Fil", doctor)
	b.hand(anINS, mail{from: doctor, subject: "Re: Fil", text: "2", refs: []string{"Fil@x.test"}}, func(in *conversations.Incoming) {
		in.ReplyTo = []conversations.Address{address(t, clinic)}
		in.ReadTo = []conversations.Address{address(t, doctor), address(t, clinic)}
	})
	b.open("Fil", conversations.ActorPatient)
	told := map[string]int{}
	for _, r := range b.receipts() {
		told[r.Next.Wire()]++
	}
	if told[doctor] != 2 || told[clinic] != 1 {
		t.Errorf("told %v", told)
	}
}

// Two processes open at once: one of them releases the receipt.
func TestOpened_byTwoProcesses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.asking("Fil", doctor)
	id := b.thread("Fil").ID
	other := b.another()
	var both sync.WaitGroup
	for _, p := range []*bench{b, other} {
		both.Go(func() {
			for range 5 {
				if err := p.Opened(t.Context(), p.self(), p.patient.ID, id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	if got := b.receipts(); len(got) != 1 {
		t.Errorf("%d receipts", len(got))
	}
}

// R60: of several attempts, in several processes, one transmits; after a crash between it and its outcome
// nobody does again; one that the server put off may.
func TestBeginReceipt_once(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.asking("Fil", doctor)
	b.open("Fil", conversations.ActorPatient)
	other := b.another()
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectReceipt: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			first, err := b.ReadReceipt(ctx, e)
			second, err2 := other.ReadReceipt(ctx, e)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			if mine, err := b.BeginReceipt(ctx, e, first); err != nil || !mine {
				t.Errorf("the first: %v, %v", mine, err)
			}
			if mine, err := b.BeginReceipt(ctx, e, first); err != nil || !mine {
				t.Errorf("the first, whose answer was lost: %v, %v", mine, err)
			}
			if mine, err := other.BeginReceipt(ctx, e, second); err != nil || mine {
				t.Errorf("the second: %v, %v", mine, err)
			}
			if _, err := other.ReadReceipt(ctx, e); conversations.KindOf(err) != conversations.KindNotFound {
				t.Errorf("after a crash: %v", err)
			}
			if err := b.ReceiptOutcome(ctx, e, conversations.Outcome{Code: "450"}); err != nil {
				t.Error(err)
			}
			third, err := other.ReadReceipt(ctx, e)
			if err != nil {
				t.Fatalf("after it was put off: %v", err)
			}
			if mine, err := other.BeginReceipt(ctx, e, third); err != nil || !mine {
				t.Errorf("after it was put off: %v, %v", mine, err)
			}
			return time.Time{}, nil
		},
	})
}

// D22: the professional sees that his message was opened only when he asked; otherwise that it arrived.
func TestThreadFor_readOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	desk := conversations.Actor{Kind: conversations.ActorProfessional, ID: "801234567897"}
	box := address(t, doctor)
	for _, asked := range []bool{false, true} {
		first, err := b.OpenThread(t.Context(), desk, conversations.ThreadInput{
			Mailbox: box, INS: anINS, Subject: "Fil", Text: "1", ReadReceipt: asked,
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := first.Messages[0].Delivery; d == nil || d.State != conversations.DeliveryDelivered {
			t.Errorf("before: %+v", d)
		}
		if err := b.Opened(t.Context(), conversations.Actor{Kind: conversations.ActorRepresentative}, b.patient.ID, first.ID); err != nil {
			t.Fatal(err)
		}
		after, err := b.ThreadFor(t.Context(), []conversations.Address{box}, first.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := conversations.DeliveryDelivered
		if asked {
			want = conversations.DeliveryRead
		}
		if d := after.Messages[0].Delivery; d.State != want || d.At.IsZero() || (d.Detail != "") != asked {
			t.Errorf("asked %v: %+v", asked, d)
		}
	}
	if got := b.receipts(); len(got) != 1 {
		t.Errorf("%d receipts", len(got))
	}
}

// R155: the first opening and the receipt leave a trace, in the commits that make them; further openings none.
func TestOpened_isTraced(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.asking("Fil", doctor)
	b.settle()
	before := b.memory.entries()
	b.open("Fil", conversations.ActorPatient)
	b.open("Fil", conversations.ActorPatient)
	if n := b.memory.entries() - before; n != 1 {
		t.Errorf("%d entries for two openings", n)
	}
	b.receipts()
	if n := b.memory.entries() - before; n != 3 { // begun, and its outcome
		t.Errorf("%d entries with the receipt", n)
	}
}

// table 8.2 of operator.md: who may not read opens nothing.
func TestOpened_notByAClosedAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.asking("Fil", doctor)
	id := b.thread("Fil").ID
	if _, err := b.Enrol(t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, anINS, "Camille Durand", rules.Closed); err != nil {
		t.Fatal(err)
	}
	wantKind(t, b.Opened(t.Context(), b.self(), b.patient.ID, id), conversations.KindPatientOpposed)
}

// D36: who cannot reach the patient any more gets no receipt, whichever the cause; in time, once all is as before.
func TestReadReceipt_unreachable_isSilent(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]func(*bench){
		"blocked": func(b *bench) {
			if _, err := b.Block(b.t.Context(), b.self(), b.patient.ID, b.thread("Fil").Contact, time.Time{}); err != nil {
				b.t.Fatal(err)
			}
		},
		"closed": func(b *bench) {
			if _, err := b.manage(rules.Holder, rules.CloseMessaging); err != nil {
				b.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.asking("Fil", doctor)
			cause(b)
			b.open("Fil", conversations.ActorPatient)
			if got := b.receipts(); len(got) != 0 {
				t.Error("told although he cannot reach the patient")
			}
		})
	}
}
