package storetest

import (
	"testing"
	"time"

	"mesbridge/conversations"
)

// lease is how long the tests claim for.
const lease = time.Minute

func effectContracts() []contract {
	return []contract{
		{"Claim/givesTheEffectAsCommitted", effectFields},
		{"Claim/atItsInstant_notBefore", effectInstant},
		{"Finish/done_isNeverClaimedAgain", effectDone},
		{"Finish/again_comesBackAtThatInstant", effectAgain},
		{"Finish/twice_doesNothing", effectFinishedTwice},
		{"Wake/afterCommit", effectWakes},
		{"Watch/wakesItsOwn", watchWakes},
	}
}

// claim claims for a minute, which must succeed.
func claim(t *testing.T, s conversations.Store, now time.Time, limit int) []conversations.Claim {
	t.Helper()
	claims, err := s.Claim(t.Context(), now, lease, limit)
	if err != nil {
		t.Fatalf("Claim: %v", err)
	}
	if len(claims) > limit {
		t.Fatalf("Claim gave %d effects, limit %d", len(claims), limit)
	}
	return claims
}

// claimOne claims the only effect that is due.
func claimOne(t *testing.T, s conversations.Store, now time.Time) conversations.Claim {
	t.Helper()
	claims := claim(t, s, now, 10)
	if len(claims) != 1 {
		t.Fatalf("Claim gave %d effects, want 1", len(claims))
	}
	return claims[0]
}

// finish ends a claim, which must succeed.
func finish(t *testing.T, s conversations.Store, c conversations.Claim, again time.Time) {
	t.Helper()
	if _, err := s.Finish(t.Context(), c, again, conversations.Note{}); err != nil {
		t.Fatalf("Finish: %v", err)
	}
}

// effect returns an effect of a patient that may run at an instant.
func effect(p conversations.PatientID, name string, at time.Time) conversations.Effect {
	return conversations.Effect{
		ID: string(idOf(p, name)), Kind: conversations.EffectDeliver, Patient: p,
		Message: idOf(p, "msg"), Thread: idOf(p, "conv"), Mailbox: surgery, At: at, CreatedAt: noon(),
	}
}

// commitEffects commits effects of a patient who was never written.
func commitEffects(t *testing.T, s conversations.Store, p conversations.PatientID, effects ...conversations.Effect) {
	t.Helper()
	c := change(0, "op of "+string(p))
	c.Effects = effects
	commit(t, s, p, c)
}

func effectFields(t *testing.T, s conversations.Store) {
	rich := effect(alice, "rich", noon())
	bare := conversations.Effect{ID: "7fbare", Kind: conversations.EffectNotify, Patient: alice, At: minutes(1), CreatedAt: minutes(-1)}
	commitEffects(t, s, alice, bare, rich)
	claims := claim(t, s, minutes(2), 10)
	wantEqual(t, "claims", len(claims), 2)
	for i, want := range []conversations.Effect{rich, bare} { // the earliest first
		wantEqual(t, "effect", claims[i].Effect, want)
	}
}

func effectInstant(t *testing.T, s conversations.Store) {
	at := noon().Add(1500 * time.Millisecond)
	commitEffects(t, s, alice, effect(alice, "e", at))
	wantEqual(t, "claims before", len(claim(t, s, at.Add(-time.Millisecond), 10)), 0)
	wantEqual(t, "claims at", len(claim(t, s, at, 10)), 1)
}

func effectDone(t *testing.T, s conversations.Store) {
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	finish(t, s, claimOne(t, s, noon()), time.Time{})
	for i := range 5 {
		wantEqual(t, "claims", len(claim(t, s, minutes(i), 10)), 0)
	}
}

func effectAgain(t *testing.T, s conversations.Store) {
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	first := claimOne(t, s, noon())
	wantEqual(t, "attempts", first.Effect.Attempts, 0)
	finish(t, s, first, minutes(10))
	wantEqual(t, "claims before", len(claim(t, s, minutes(10).Add(-time.Millisecond), 10)), 0)
	second := claimOne(t, s, minutes(10))
	wantEqual(t, "attempts", second.Effect.Attempts, 1)
	wantEqual(t, "at", second.Effect.At, minutes(10))
	wantEqual(t, "created", second.Effect.CreatedAt, noon())
	if second.Number == first.Number {
		t.Errorf("two claims have number %d", first.Number)
	}
}

func effectFinishedTwice(t *testing.T, s conversations.Store) {
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	c := claimOne(t, s, noon())
	finish(t, s, c, time.Time{})
	finish(t, s, c, minutes(1))
	wantEqual(t, "claims", len(claim(t, s, minutes(2), 10)), 0)
}

func effectWakes(t *testing.T, s conversations.Store) {
	select {
	case <-s.Wake(): // left from before
	default:
	}
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	timeout := time.NewTimer(10 * time.Second)
	defer timeout.Stop()
	select {
	case <-s.Wake():
	case <-timeout.C:
		t.Fatal("nobody was woken")
	}
}
