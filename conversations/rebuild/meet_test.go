package rebuild_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// R60, D24: a read receipt that waits comes back with its message, one that was begun never leaves again, and
// the index of an establishment's visits is made again.
func TestRebuild_receiptsAndVisits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, p := t.Context(), w.enrol(1)
	clinic := conversations.Actor{Kind: conversations.ActorClinic, ID: "clinic", Name: "Clinique"}
	_, err := w.ChangeEpisode(ctx, clinic, nil, conversations.EpisodeInput{
		Visit: conversations.Visit{FINESS: "770816478", Number: "V1"}, To: rules.EpisodeOpen, EventID: "e1", INS: p.INS, Source: rules.ByHand,
	})
	must(t, err)
	_, err = w.bring(p, "marie.martin", "Ordonnance", "", func(in *conversations.Incoming) { in.ReadTo = []conversations.Address{in.Envelope} })
	must(t, err)
	must(t, w.Opened(ctx, conversations.Actor{Kind: conversations.ActorPatient, ID: "x"}, p.ID, w.threads(p)[0].ID))

	begun, refused := 0, 0
	cut := map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectReceipt: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			r, err := w.ReadReceipt(ctx, e)
			if err != nil {
				if refused++; conversations.KindOf(err) != conversations.KindNotFound {
					t.Errorf("the receipt again: %v", err)
				}
				return time.Time{}, nil
			}
			if mine, err := w.BeginReceipt(ctx, e, r); err != nil || !mine || r.Subject != "Ordonnance" {
				t.Errorf("begun: %v, %v, %+v", mine, err, r)
			}
			begun++
			return w.now().Add(time.Hour), nil // cut before its outcome is known
		},
	}
	w.rebuild()
	w.workOn(cut)
	w.rebuild()
	w.workOn(cut)
	if begun != 1 || refused != 1 {
		t.Errorf("begun %d times, refused %d times", begun, refused)
	}
	page, err := w.Episodes(ctx, nil, "770816478", conversations.EpisodeFilter{State: rules.EpisodeOpen})
	if err != nil || len(page.Items) != 1 || page.Items[0].Visit.Number != "V1" {
		t.Errorf("%+v, %v", page.Items, err)
	}
}

// O117: after an erasure the store that is made again is the one that was lost: a tombstone, with nothing of
// what stood before it; and the one who comes back begins anew.
func TestRebuild_erasedAccount_andAnewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patients := w.live()
	_, err := w.ManageAccount(t.Context(), conversations.Actor{Kind: conversations.ActorPatient, ID: "x"}, rules.Holder, patients[0].ID, rules.EraseAccount)
	must(t, err)
	_, err = w.archive.Round(t.Context())
	must(t, err)
	done := func(context.Context, conversations.Effect) (time.Time, error) { return time.Time{}, nil }
	w.work(done)
	record := "{s" + patients[0].ID.Shard() + "}:patient:" + string(patients[0].ID) + " r"
	before := w.dump()
	w.rebuild()
	after := w.dump()
	if before[record] == "" || after[record] != before[record] {
		t.Errorf("the tombstone was %q, is %q", before[record], after[record])
	}
	for key, value := range after {
		if _, there := before[key]; !there && strings.Contains(key+value, string(patients[0].ID)) {
			t.Errorf("%s is back", key)
		}
	}
	if again := w.enrol(0); again.ID != patients[0].ID {
		t.Fatal("another id")
	}
	w.receive(patients[0], "marie.martin", "Nouveau", "")
	w.work(done)
	w.rebuild()
	if lines := w.threads(patients[0]); len(lines) != 1 || lines[0].Subject != "Nouveau" {
		t.Errorf("%+v", lines)
	}
}

// TestRebuild_matriculeThatLeadsOn: the record of another matricule comes back byte-equal, and leads where it led
// (OP17); an effect that was cut is due again.
func TestRebuild_matriculeThatLeadsOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	p := w.enrol(1)
	w.receive(p, "marie.martin", "Ordonnance", "")
	done := func(context.Context, conversations.Effect) (time.Time, error) { return time.Time{}, nil }
	w.work(done)
	in := conversations.LifeInput{Event: rules.INSMerged, INS: p.INS, New: "255081416802538"}
	seen, err := w.PreviewEvent(ctx, in)
	must(t, err)
	agent := conversations.Actor{Kind: conversations.ActorAgent, ID: "A. Gent", Name: "A. Gent"}
	_, err = w.ApplyEvent(ctx, agent, in, seen.Seen)
	must(t, err)
	open := w.dump()
	sum := w.rebuild()
	compare(t, open, w.dump())
	if sum.Effects != 2 || sum.Patients != 2 { // the join, and the end of sessions
		t.Errorf("%+v", sum)
	}
	w.work(done)
	before := w.dump()
	w.rebuild()
	compare(t, before, w.dump())
	if led, err := w.PatientByINS(ctx, in.New); err != nil || led.ID != p.ID || led.INS != in.New {
		t.Errorf("%v, %v", led.ID == p.ID, err)
	}
}
