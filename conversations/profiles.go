package conversations

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// Profile is a patient for whom a person may act now.
type Profile struct {
	Patient    PatientID
	Name       string
	Minor      bool
	Delegation rules.Delegation // that gives Rights, as it stands now
	Rights     rules.Rights
	Beside     []rules.Delegation // others that give the person rights now: GiveUp ends them too
	Actor      Actor              // the person, as his acts are traced

	delegate PatientID
}

// Acting returns the context in which the person acts for the patient. Whether he may is decided anew from the
// patient's own record with every command (D17, R135).
func (p Profile) Acting(ctx context.Context) context.Context {
	return acting(ctx, p.Patient, p.delegate)
}

// Signature is the line that ends what the person writes for the patient (R134).
func (p Profile) Signature() string { return signature(p.Delegation.Kind, p.Actor.Name, p.Name) }

// Profiles lists for whom a person may act now, by name. What the person's own record notes only says where to look: the
// records of those patients decide. A patient whose records cannot be opened is left out, for that harms nobody else.
func (s *Service) Profiles(ctx context.Context, person PatientID) ([]Profile, error) {
	l, err := s.read(ctx, person, FactsQuery{})
	if err != nil {
		return nil, err
	}
	if !l.state.Patient.Account.Reads() {
		return nil, nil
	}
	return s.profilesOf(ctx, l)
}

// profilesOf asks the records of the patients that a person's record names.
func (s *Service) profilesOf(ctx context.Context, l *loaded) ([]Profile, error) {
	var all []Profile
	for _, p := range l.patient.Profiles {
		one, err := s.profile(ctx, l.id, PatientID(p))
		switch k := KindOf(err); {
		case err == nil:
			all = append(all, one)
		case k == KindNotFound, k == KindMailboxUnknown:
		case errors.Is(err, errLocked):
			s.Log.WarnContext(ctx, "profile left out: its records cannot be opened", "error", err)
		default:
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b Profile) int { return byName(a.Name, b.Name, string(a.Patient), string(b.Patient)) })
	return all, nil
}

// byName orders by name, then by id.
func byName(a, b, idA, idB string) int {
	switch {
	case a < b, a == b && idA < idB:
		return -1
	case a == b && idA == idB:
		return 0
	}
	return 1
}

// profile reads whether and how a person may act for a patient; KindNotFound when he may not.
func (s *Service) profile(ctx context.Context, person, p PatientID) (Profile, error) {
	l, err := s.load(acting(ctx, p, person), p, FactsQuery{})
	if err != nil {
		return Profile{}, err
	}
	actor, err := l.actor()
	if err != nil {
		return Profile{}, err
	}
	beside := lo.Filter(l.state.Patient.ActsFor(s.Now()), func(d rules.Delegation, _ int) bool {
		return PatientID(d.Person) == person && d.ID != l.by.delegation.ID
	})
	patient, err := l.person()
	return Profile{
		Patient: p, Name: patient.Name, Minor: l.state.Patient.Minor(s.Now()), Delegation: l.by.delegation, Rights: l.by.rights,
		Beside: beside, Actor: actor, delegate: person,
	}, err
}

// profileEffect notes with a person, after a change of a delegation, whether to look for him in the patient's record.
func (l *loaded) profileEffect(person PatientID) Effect {
	place := l.svc.name("profile", string(l.id)+string(person))
	return Effect{
		ID: l.id.Shard() + "d" + lowerBase32(place[:15]), Kind: EffectProfile, Mailbox: rules.MailboxID(person), At: l.svc.Now(),
	}
}

// noteSoon does at once what the effect of a change will do again. A failure is the effect's.
func (s *Service) noteSoon(ctx context.Context, p, person PatientID) {
	if err := s.noteProfile(ctx, p, person); err != nil {
		s.Log.WarnContext(ctx, "profile not noted, comes back", "kind", KindOf(err))
	}
}

// profileChanged is noteProfile as an effect.
func (s *Service) profileChanged(ctx context.Context, e Effect) (time.Time, error) {
	return time.Time{}, s.noteProfile(ctx, e.Patient, PatientID(e.Mailbox))
}

// noteProfile brings a person's record in line with the patient's. It reads the patient again after each write, so
// that of several at once the last one sees what holds.
func (s *Service) noteProfile(ctx context.Context, p, person PatientID) error {
	for range maxConflicts {
		held, err := s.holds(ctx, p, person)
		if err != nil {
			return err
		}
		changed, err := s.setProfile(ctx, p, person, held)
		if err != nil || !changed {
			return err
		}
	}
	return &Error{Kind: KindStaleState, Rule: "D17"}
}

// holds reports whether a patient's record has a delegation of a person that is not over.
func (s *Service) holds(ctx context.Context, p, person PatientID) (bool, error) {
	l, err := s.read(ctx, p, FactsQuery{})
	switch {
	case err != nil && KindOf(err) == KindMailboxUnknown:
		return false, nil
	case err != nil:
		return false, err
	}
	now := s.Now()
	return slices.ContainsFunc(l.state.Patient.Delegations, func(d rules.Delegation) bool {
		return PatientID(d.Person) == person && l.state.Patient.DelegationAt(d, now).State == rules.DelegationAccepted
	}), nil
}

// setProfile notes in a person's record whether to look for him in a patient's. Who has no record is told nothing.
func (s *Service) setProfile(ctx context.Context, p, person PatientID, held bool) (changed bool, err error) {
	_, _, err = s.run(ctx, person, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		changed = slices.Contains(l.patient.Profiles, hexID(p)) != held
		if !changed {
			return &decision{}, nil
		}
		list := slices.DeleteFunc(slices.Clone(l.patient.Profiles), func(o hexID) bool { return o == hexID(p) })
		claims := l.patient.Claims
		if held {
			list, claims = append(list, hexID(p)), l.patient.unclaimed(p)
		}
		return &decision{
			verdict: rules.Verdict{Change: rules.Change{Kind: rules.ProfileNoted, Seq: l.facts.Version + 1, At: s.Now()}},
			actor:   Actor{Kind: ActorSystem}, profiles: list, claims: claims,
		}, nil
	})
	if err != nil && KindOf(err) == KindMailboxUnknown {
		return false, nil
	}
	return changed, err
}

// resign ends every delegation of a person for a patient: as an effect, when the person's account was erased.
func (s *Service) resign(ctx context.Context, e Effect) (time.Time, error) {
	err := s.GiveUp(ctx, Actor{Kind: ActorSystem}, e.Patient, PatientID(e.Mailbox))
	if k := KindOf(err); err != nil && (k == KindNotFound || k == KindMailboxUnknown) {
		return time.Time{}, nil
	}
	return time.Time{}, err
}

// delegationsEnd is what an erasure has to end outside the patient's record: who acted for him looks for him no more, and
// for whom he acted is acted for no more.
func (l *loaded) delegationsEnd() []Effect {
	var all []Effect
	for _, d := range l.state.Patient.Delegations {
		if d.Person != "" {
			all = append(all, l.profileEffect(PatientID(d.Person)))
		}
	}
	if own := l.state.Patient.Subject; own != "" {
		all = append(all, l.loginEffect(PatientID(own)))
	}
	for _, p := range l.patient.Profiles {
		place := l.svc.name("resign", string(l.id)+string(p))
		all = append(all, Effect{
			ID: l.id.Shard() + "d" + lowerBase32(place[:15]), Kind: EffectResign, Mailbox: rules.MailboxID(p), At: l.svc.Now(),
		})
	}
	return all
}
