package modeltest

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/rules"
)

// TestCaregiver_acceptsManyAtOnce covers I174 under a race: one person accepts eight invitations of eight patients at one
// instant, through services that share nothing but redis. Five are his, whichever; none is a sixth.
func TestCaregiver_acceptsManyAtOnce(t *testing.T) {
	t.Parallel()
	const patients = 8
	w := newWorld(t, redistest.Start(t), 1, 0)
	defer w.close()
	store := redisstore.New(w.client, redisstore.Options{Sweep: -1})
	process := func() *conversations.Service {
		return conversations.New(w.svc[0].Settings, conversations.Ports{
			Store: store, Keys: w.keys, Bodies: w.bodies, Journal: w.journal, Acts: w.journal, Directory: w, Mail: w.mail,
			Log: slog.New(slog.DiscardHandler), Now: w.clock, Random: rand.Reader,
		})
	}
	first := process()
	caregiver := w.id(w.patients[0])
	codes := make([]string, patients)
	for i := range codes {
		number := 15312450000000/10 + i*97*5
		p, err := first.Enrol(t.Context(), system, rules.INS(fmt.Sprintf("%013d%02d", number, 97-number%97)), "Patient", rules.Active)
		if err != nil {
			t.Fatal(err)
		}
		d, err := first.Invite(t.Context(), system, p.ID, conversations.InvitationInput{Kind: rules.Caregiver, Name: "Aidant"})
		if err != nil {
			t.Fatal(err)
		}
		codes[i] = d.Code
	}
	var all sync.WaitGroup
	errs := make([]error, patients)
	start := make(chan struct{})
	for i, code := range codes {
		svc := process()
		all.Go(func() {
			<-start
			for errs[i] = conversations.ErrConflict; errs[i] != nil; {
				_, errs[i] = svc.AcceptInvitation(t.Context(), caregiver, code)
				if k := conversations.KindOf(errs[i]); errs[i] != nil && !k.Temporary() {
					return
				}
			}
		})
	}
	close(start)
	all.Wait()
	accepted := 0
	for _, err := range errs {
		switch {
		case err == nil:
			accepted++
		case conversations.KindOf(err) != conversations.KindInvalidRequest:
			t.Error(err)
		}
	}
	held, err := first.Profiles(t.Context(), caregiver)
	if err != nil || accepted != rules.MaxAssisted || len(held) != rules.MaxAssisted {
		t.Errorf("%d accepted, %d held, %v", accepted, len(held), err)
	}
}
