package conversations_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// TestBounce_withoutPatient covers the setting mes of D18: a report about somebody of whom nothing is kept
// names the address as it was written, goes out once, and makes no patient of it.
func TestBounce_withoutPatient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	kinds := map[string]conversations.Kind{
		"153124500723160@patient.mssante.fr": conversations.KindMailboxUnknown,
		"2790351215189@patient.mssante.fr":   conversations.KindINSInvalid,
	}
	for range 2 { // an operator's retry
		for to, kind := range kinds {
			in := conversations.Incoming{
				Recipient: address(t, to), Envelope: address(t, clinic), MessageID: "a@operator.test",
				From: conversations.NamedAddress{Address: address(t, doctor)}, Subject: "Refusé",
			}
			if err := b.Bounce(t.Context(), in, &conversations.Error{Kind: kind}); err != nil {
				t.Fatal(err)
			}
		}
	}
	told := map[string]conversations.Kind{}
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectReport: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			r, err := b.Reportable(ctx, e)
			if _, twice := told[r.From.Wire()]; twice || r.To != address(t, clinic) || r.Subject != "Refusé" {
				t.Errorf("reported %+v", r)
			}
			told[r.From.Wire()] = r.Failure
			return time.Time{}, err
		},
	})
	if !maps.Equal(told, kinds) {
		t.Errorf("reported %v, want %v (R44)", told, kinds)
	}
	for to := range kinds {
		local, _, _ := strings.Cut(to, "@")
		if _, err := b.Recipient(t.Context(), rules.INS(local), address(t, doctor)); conversations.KindOf(err) != conversations.KindMailboxUnknown {
			t.Errorf("%s is somebody now: %v", to, err)
		}
	}
}
