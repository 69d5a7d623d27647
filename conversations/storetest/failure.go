package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"mesbridge/conversations"
)

func failureContracts() []contract {
	return []contract{
		{"Ping/answers", pingAnswers},
		{"everyMethod/cancelled_failsAndDecidesNothing", cancelled},
	}
}

func pingAnswers(t *testing.T, s conversations.Store) {
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("Ping: %v", err)
	}
}

// cancelled checks D17 at its root: a store that could not ask never says "nothing is there".
func cancelled(t *testing.T, s conversations.Store) {
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range Failures(ctx, s) {
		if err == nil || errors.Is(err, conversations.ErrConflict) || errors.Is(err, conversations.ErrNotFound) {
			t.Errorf("%s with a cancelled context: %v, want another error", name, err)
		}
	}
	wantEqual(t, "version", facts(t, s, alice, conversations.FactsQuery{}).Version, 1)
	claimOne(t, s, minutes(1)) // a failed Claim or Finish loses nothing
}

// Failures calls every method that can fail, with arguments that mean nothing, and returns their
// errors by name: none may be nil when the store cannot be reached.
func Failures(ctx context.Context, s conversations.Store) map[Method]error {
	errs := map[Method]error{}
	_, errs[Facts] = s.Facts(ctx, alice, conversations.FactsQuery{AllExchanges: true})
	_, errs[Commit] = s.Commit(ctx, alice, change(1, "op-2"))
	_, errs[Touch] = s.Touch(ctx, alice, []conversations.Record{{Table: conversations.TableMessages, Field: "f"}}, conversations.Note{})
	_, errs[Inbox] = s.Inbox(ctx, alice, conversations.InboxEntry{}, 1)
	_, errs[Owner] = s.Owner(ctx, "7fconv")
	_, errs[Claim] = s.Claim(ctx, minutes(1), time.Minute, 1)
	errs[Extend] = s.Extend(ctx, conversations.Claim{Effect: effect(alice, "e", noon()), Number: 1}, minutes(1))
	_, errs[Finish] = s.Finish(ctx, conversations.Claim{Effect: effect(alice, "e", noon()), Number: 1}, time.Time{}, conversations.Note{})
	errs[Index] = s.Index(ctx, surgery, []conversations.LedgerEntry{{Patient: alice, At: noon()}})
	_, errs[Ledger] = s.Ledger(ctx, surgery, conversations.LedgerQuery{Pairs: true, Limit: 1})
	errs[Stand] = s.Stand(ctx, surgery, conversations.Standing{Patient: alice})
	_, errs[Standings] = s.Standings(ctx, surgery, []conversations.LedgerEntry{{Patient: alice}})
	_, _, errs[Tally] = s.Tally(ctx, surgery, true)
	_, errs[Remember] = s.Remember(ctx, surgery, "key", nil, time.Hour)
	_, errs[Attend] = s.Attend(ctx, surgery, "place", "a", noon(), time.Hour)
	_, errs[Journal] = s.Journal(ctx, "7f", 0, 1)
	errs[Trim] = s.Trim(ctx, "7f", 1)
	_, errs[Head] = s.Head(ctx, "7f")
	_, errs[Heads] = s.Heads(ctx)
	errs[Ping] = s.Ping(ctx)
	return errs
}
