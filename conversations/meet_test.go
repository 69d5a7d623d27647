package conversations_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// O159, R155: the history tells what left in the patient's name and what establishments said of him, and
// names no address.
func TestHistory_tellsOpeningsReceiptsAndVisits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.event("in", rules.EpisodeOpen)
	b.asking("Fil", doctor)
	b.open("Fil", conversations.ActorPatient)
	b.receipts()
	b.event("out", rules.EpisodeClosed)
	page, err := b.History(t.Context(), b.patient.ID, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, line := range page.Items {
		codes = append(codes, line.Code)
		if strings.Contains(line.With+line.Actor, "@") {
			t.Errorf("%+v", line)
		}
	}
	want := []string{
		"episode.close", "receipt.out", "message.opened", "message.in", "episode.open", "mailbox.state", "mailbox.state",
	}
	if !slices.Equal(codes, want) {
		t.Errorf("%v, want %v", codes, want)
	}
}

// OP18: with a message that the patient deleted goes all that stands beside it.
func TestDeleteThread_purgeTakesReceiptsToo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.asking("Fil", doctor)
	b.open("Fil", conversations.ActorPatient)
	b.receipts()
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, b.thread("Fil").ID); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(31 * 24 * time.Hour)
	b.settle()
	b.clock.advance(rules.RepeatFor)
	b.settle()
	if left := b.left(); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// O117: what waits for an erased patient is told to nobody, and the visits of his establishment go on.
func TestErased_nothingDueLeaves_andItsVisitGoesOn(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.asking("Fil", doctor)
	b.open("Fil", conversations.ActorPatient)
	if _, err := b.reply(tagged, "Merci"); err != nil {
		t.Fatal(err)
	}
	b.must(rules.Holder, rules.EraseAccount, rules.Purged)
	if sent := b.receipts(); len(sent) != 0 {
		t.Errorf("a receipt left: %+v", sent)
	}
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			_, err := b.Outgoing(ctx, e)
			wantKind(t, err, conversations.KindNotFound)
			return time.Time{}, nil
		},
	})
	b.clock.advance(time.Minute)
	if line := b.event("out", rules.EpisodeClosed); line.State != rules.EpisodeClosed {
		t.Errorf("%+v", line)
	}
	for state, want := range map[rules.EpisodeState]int{rules.EpisodeOpen: 0, rules.EpisodeClosed: 1} {
		page, err := b.Episodes(t.Context(), nil, finess, conversations.EpisodeFilter{State: state})
		if err != nil || len(page.Items) != want {
			t.Errorf("%s: %+v, %v", state, page.Items, err)
		}
	}
}

// kept notes every commit.
type kept struct {
	conversations.Store
	all []conversations.Commit
}

func (k *kept) Commit(ctx context.Context, p conversations.PatientID, c conversations.Commit) (conversations.Committed, error) {
	k.all = append(k.all, c)
	return k.Store.Commit(ctx, p, c)
}

// The outcome of an attempt and a read receipt write what they concern, no more: each is a commit.
func TestCommit_ofAnAttempt_isSmall(t *testing.T) {
	t.Parallel()
	var k *kept
	b := newBench(t, func(s conversations.Store) conversations.Store {
		k = &kept{Store: s}
		return k
	})
	b.asking("Fil", doctor)
	k.all = nil
	b.open("Fil", conversations.ActorPatient)
	if len(k.all) != 1 || k.all[0].Patient != nil || !slices.ContainsFunc(k.all[0].Records, func(r conversations.Record) bool {
		return r.Table == conversations.TableConversations && r.Field == string(b.thread("Fil").ID)
	}) {
		t.Errorf("an opening wrote %+v", k.all)
	}
	k.all = nil
	b.receipts()
	if len(k.all) != 2 { // begun, and its outcome
		t.Errorf("a receipt made %d commits", len(k.all))
	}
	for _, c := range k.all {
		if c.Patient != nil || len(c.Records) != 1 || c.Records[0].Table != conversations.TableMessages || len(c.IDs)+len(c.Inbox)+len(c.Effects) > 0 {
			t.Errorf("%+v", c)
		}
	}
}

// R115, D24: of a conversation that the patient deleted, only what comes after is there; the end of its
// episode holds all the same, and nobody is told of what was deleted unread (R68).
func TestDeleteThread_thenTheEpisodeEnds(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.asking("Lu", doctor)
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, b.thread("Lu").ID); err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, tagged); err != nil {
		t.Fatal(err)
	}
	b.event("out", rules.EpisodeClosed, grace(48*time.Hour), func(in *conversations.EpisodeInput) { in.LastMessage = "Au revoir" })
	b.settle()
	b.clock.advance(49 * time.Hour)
	b.settle()
	thread := b.read(tagged)
	if len(thread.Messages) != 1 || thread.Reply.Allowed {
		t.Errorf("%+v", thread)
	}
	if sent := b.receipts(); len(sent) != 0 {
		t.Errorf("told of what was deleted unread: %+v", sent)
	}
	b.clock.advance(31 * 24 * time.Hour)
	b.settle()
	if thread := b.read(tagged); len(thread.Messages) != 1 {
		t.Errorf("after the purge: %+v", thread)
	}
}

// D13, D14: a refusal made while an end is announced withholds its last message; the end stays.
func TestObject_duringTheGrace_withholdsTheLastMessage(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.event("out", rules.EpisodeClosed, grace(48*time.Hour), func(in *conversations.EpisodeInput) { in.LastMessage = "Au revoir" })
	b.object("o", rules.AgainstMessages, rules.WholeStructure, finess)
	b.clock.advance(49 * time.Hour)
	b.settle()
	if n := len(b.read(tagged).Messages); n != 1 {
		t.Errorf("%d messages", n)
	}
	if err := b.Withdraw(t.Context(), b.self(), b.patient.ID, "o"); err != nil {
		t.Fatal(err)
	}
	if thread := b.read(tagged); thread.Reply.Allowed {
		t.Errorf("the end did not hold: %+v", thread.Reply)
	}
}
