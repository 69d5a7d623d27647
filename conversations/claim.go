package conversations

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// A caregiver helps so many patients at most (I174), and each acceptance is a commit of another patient. So a person who
// accepts first claims a place in his own record, where two acceptances of one instant meet: the second one counts the
// claim of the first.

// claimRecord is a patient whom the person of the record is about to help as a caregiver.
type claimRecord struct {
	Patient hexID  `cbor:"1,keyasint"`
	At      millis `cbor:"2,keyasint"`
}

// claimPeriod is how long a claim counts by itself: longer than the command that made it may take. Afterwards the
// patient's record tells whether it became a delegation.
const claimPeriod = 30 * time.Second

// claim notes that a person is about to help a patient as a caregiver, and returns how many others he helps or is
// about to. What is full is not claimed: rules refuse it.
func (s *Service) claim(ctx context.Context, person, p PatientID) (assisted int, err error) {
	_, _, err = s.run(ctx, person, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		kept, helped, err := s.helped(ctx, l, p)
		if assisted = helped; err != nil || helped >= rules.MaxAssisted {
			return &decision{}, err
		}
		return &decision{
			actor: Actor{Kind: ActorSystem}, profiles: l.patient.Profiles,
			claims:  append(kept, claimRecord{Patient: hexID(p), At: toMillis(s.Now())}),
			verdict: rules.Verdict{Change: rules.Change{Kind: rules.ProfileNoted, Seq: l.facts.Version + 1, At: s.Now()}},
		}, nil
	})
	return assisted, err
}

// helped counts whom the person of a record helps as a caregiver, or is about to, p aside. kept are the claims of others
// that still say something.
func (s *Service) helped(ctx context.Context, l *loaded, p PatientID) (kept []claimRecord, n int, err error) {
	fresh := toMillis(s.Now().Add(-claimPeriod))
	claims := lo.SliceToMap(l.patient.Claims, func(c claimRecord) (hexID, claimRecord) { return c.Patient, c })
	claiming := lo.Map(l.patient.Claims, func(c claimRecord, _ int) hexID { return c.Patient })
	for _, one := range lo.Uniq(slices.Concat(l.patient.Profiles, claiming)) {
		if one == hexID(p) {
			continue
		}
		claim, claimed := claims[one]
		helps, err := s.helps(ctx, l.id, PatientID(one))
		switch {
		case err != nil:
			return nil, 0, err
		case helps || claimed && claim.At > fresh:
			n++
		default:
			continue
		}
		if claimed {
			kept = append(kept, claim)
		}
	}
	return kept, n, nil
}

// helps reports whether a person is a patient's caregiver now.
func (s *Service) helps(ctx context.Context, person, p PatientID) (bool, error) {
	one, err := s.profile(ctx, person, p)
	switch k := KindOf(err); {
	case err == nil:
		return one.Delegation.Kind == rules.Caregiver, nil
	case k == KindNotFound, k == KindMailboxUnknown, errors.Is(err, errLocked):
		return false, nil
	}
	return false, err
}

// unclaimed are the claims of a record without that of a patient, whose record says how it ended.
func (r patientRecord) unclaimed(p PatientID) []claimRecord {
	return lo.Filter(r.Claims, func(c claimRecord, _ int) bool { return c.Patient != hexID(p) })
}

// claimAgain claims the place of a caregiver whose end is to be taken back, when that is possible.
func (s *Service) claimAgain(ctx context.Context, p PatientID, id ID) (assisted int, err error) {
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return 0, err
	}
	f := l.delegationFacts()
	f.ID = rules.DelegationID(id)
	d := rules.Restore(f, s.Now()).Change.Delegation
	if d.Kind != rules.Caregiver || d.Person == "" {
		return 0, nil
	}
	return s.claim(onOwn(ctx), PatientID(d.Person), p)
}
