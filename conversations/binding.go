package conversations

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"mesbridge/rules"
)

// A login leads to an account by two records, as somebody who acts for another does: the login's own, at a keyed hash of
// issuer and subject, says where to look, and the patient's own decides. So both are committed, journalled, rebuilt and
// erased like any other record, and Redis knows neither subject nor matricule.

// Login is a person as an identity provider vouched for him.
type Login struct {
	Issuer  string
	Subject string
	Traits  rules.Traits // as the provider tells them; they never find anybody (I76)
}

const (
	// bindTries is how many codes one login may try in an hour.
	bindTries = 10
	// bindPeriod is how long a login is kept for the command that binds it: longer than that takes.
	bindPeriod = 30 * time.Second
)

var errBeingBound = errors.New("this login is being bound by another command; try again in half a minute")

// LedTo returns the patient whom a login leads to; KindNotFound when it leads to none.
func (s *Service) LedTo(ctx context.Context, who Login) (Patient, error) {
	own := s.subjectID(who)
	l, err := s.read(ctx, own, FactsQuery{})
	if err != nil {
		return Patient{}, unbound(err)
	}
	if l.patient.Of == "" {
		return Patient{}, &Error{Kind: KindNotFound, Rule: "D26"}
	}
	if l, err = s.follow(ctx, PatientID(l.patient.Of)); err != nil {
		return Patient{}, unbound(err)
	}
	if l.state.Patient.Subject != rules.SubjectID(own) {
		return Patient{}, &Error{Kind: KindNotFound, Rule: "D26"}
	}
	return s.Patient(ctx, l.id)
}

// unbound says of a record that is not there, or is of another matricule now, that the login leads nowhere.
func unbound(err error) error {
	if KindOf(err) == KindMailboxUnknown || ruleOf(err) == "OP17" {
		return &Error{Kind: KindNotFound, Rule: "D26"}
	}
	return err
}

// BindByCode binds a login to the account whose code the person types, and returns whose it is. Whatever is wrong with
// a code, the answer is the same (KindNotFound): that there is none, that it is over, or that it was given to somebody
// else, which the patient's history tells. Only a slip of the fingers is told as one (KindInvalidRequest).
func (s *Service) BindByCode(ctx context.Context, who Login, text string) (Patient, error) {
	own := s.subjectID(who)
	if err := s.countCode(ctx, own); err != nil {
		return Patient{}, err
	}
	code, shard, err := parseEnrolmentCode(text)
	if err != nil {
		return Patient{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, bindPeriod/2)
	defer cancel()
	if err := s.free(ctx, who); err != nil {
		return Patient{}, err
	}
	id := s.enrolmentID(shard, code)
	p, err := s.owner(ctx, id)
	if err != nil {
		return Patient{}, err
	}
	if err := s.bindByCode(ctx, p, own, who, id); err != nil {
		return Patient{}, unbound(err)
	}
	if err := s.noteLogin(ctx, p, own, who.text()); err != nil {
		return Patient{}, err
	}
	return s.Patient(ctx, p)
}

// countCode counts a code that a login tries.
func (s *Service) countCode(ctx context.Context, own PatientID) error {
	caller := hex.EncodeToString(s.name("codes of", string(own))[:16])
	calls, left, err := s.Store.Count(ctx, caller, time.Hour)
	switch {
	case err != nil:
		return unavailable("count a code", err)
	case calls > bindTries:
		return &Error{Kind: KindRateLimited, Rule: "D26", RetryAfter: left}
	}
	return nil
}

// free fails when a login leads to an account.
func (s *Service) free(ctx context.Context, who Login) error {
	switch _, err := s.LedTo(ctx, who); {
	case err == nil:
		return &Error{Kind: KindAlreadyLinked, Rule: "D26"}
	case KindOf(err) != KindNotFound:
		return err
	}
	return nil
}

// reserveLogin keeps a login for one patient, so that no command binds it to another one meanwhile: the records may stand
// on several shards, which no commit joins. It is free when it is kept.
func (s *Service) reserveLogin(ctx context.Context, own, p PatientID, who Login) error {
	held, err := s.Store.Remember(ctx, rules.MailboxID(own), "bind", []byte(p), bindPeriod)
	switch {
	case err != nil:
		return unavailable("reserve a login", err)
	case string(held) != string(p):
		return &Error{Kind: KindStaleState, Rule: "D26", RetryAfter: bindPeriod, Err: errBeingBound}
	}
	return s.free(ctx, who)
}

// bindByCode commits the binding at the patient, or that somebody else tried the code, which the caller is told like an
// unknown code.
func (s *Service) bindByCode(ctx context.Context, p, own PatientID, who Login, id ID) error {
	var stranger, reserved bool
	_, _, err := s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		label, err := l.enrolmentLabel(id)
		if err != nil {
			return nil, err
		}
		v := rules.Bind(rules.EnrolmentFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, ID: rules.EnrolmentID(id), Subject: rules.SubjectID(own),
			Known: label.traits(), Login: who.Traits,
		}, s.Now())
		if stranger = v.Change.Kind == rules.EnrolmentRefused; stranger {
			return &decision{verdict: v, actor: Actor{Kind: ActorPatient, ID: string(own)}, outcome: OutcomeRefused, rule: "I76"}, nil
		}
		if !reserved && !v.Refusal.Refused() {
			if err := s.reserveLogin(ctx, own, p, who); err != nil {
				return nil, err
			}
			reserved = true
		}
		return l.bound(v, Actor{Kind: ActorPatient, ID: string(p), Name: l.name()}, who), nil
	})
	if err == nil && stranger {
		return &Error{Kind: KindNotFound, Rule: "I76"}
	}
	return err
}

// bound is the decision that binds a login.
func (l *loaded) bound(v rules.Verdict, actor Actor, who Login) *decision {
	return &decision{
		verdict: v, actor: actor, bound: &boundLabel{Issuer: who.Issuer, Subject: who.Subject},
		timed: []Effect{l.loginEffect(l.svc.subjectID(who))},
	}
}

// name is the patient's name, empty when it cannot be opened.
func (l *loaded) name() string {
	p, err := l.person()
	if err != nil {
		return ""
	}
	return p.Name
}

// loginEffect notes in a login's own record which account it leads to.
func (l *loaded) loginEffect(own PatientID) Effect {
	return Effect{
		ID: l.id.Shard() + "u" + lowerBase32(l.svc.name("login of", string(l.id)+string(own))[:15]), Kind: EffectLogin,
		Mailbox: rules.MailboxID(own), At: l.svc.Now(),
	}
}

// BindVouched binds a login to the account of a matricule on the word of a pairing service, opening it where there is
// none (D26). name is that of the person, for an account that is new. The same again changes nothing.
func (s *Service) BindVouched(ctx context.Context, agent Actor, ins rules.INS, name string, who Login) (Patient, error) {
	if who.Issuer == "" || who.Subject == "" || !isName(name) || agent.Kind != ActorAgent {
		return Patient{}, &Error{Kind: KindInvalidRequest, Rule: "D26"}
	}
	p, err := s.LeadsTo(ctx, ins)
	if err != nil {
		return Patient{}, err
	}
	own := s.subjectID(who)
	ctx, cancel := context.WithTimeout(ctx, bindPeriod/2)
	defer cancel()
	switch led, err := s.LedTo(ctx, who); {
	case err == nil && led.ID == p:
		return led, nil
	case err == nil:
		return Patient{}, &Error{Kind: KindAlreadyLinked, Rule: "D26"}
	case KindOf(err) != KindNotFound:
		return Patient{}, err
	}
	if err := s.bindVouched(ctx, agent, p, ins, name, who); err != nil {
		return Patient{}, err
	}
	if err := s.noteLogin(ctx, p, own, who.text()); err != nil {
		return Patient{}, err
	}
	return s.Patient(ctx, p)
}

// bindVouched commits the binding at the patient.
func (s *Service) bindVouched(ctx context.Context, agent Actor, p PatientID, ins rules.INS, name string, who Login) error {
	if err := s.establish(ctx, p, ins, name); err != nil {
		return err
	}
	own, reserved := s.subjectID(who), false
	_, _, err := s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		v := rules.BindVouched(rules.EnrolmentFacts{Patient: l.state.Patient, Next: l.facts.Version + 1, Subject: rules.SubjectID(own)}, s.Now())
		if !reserved && !v.Refusal.Refused() {
			if err := s.reserveLogin(ctx, own, p, who); err != nil {
				return nil, err
			}
			reserved = true
		}
		return l.bound(v, agent, who), nil
	})
	return err
}

// Unbind ends the binding of the login of an account, and every session by it, and reports whether there was one. The
// person may then be enrolled anew.
func (s *Service) Unbind(ctx context.Context, agent Actor, ins rules.INS) (found bool, err error) {
	p, err := s.LeadsTo(ctx, ins)
	if err != nil {
		return false, err
	}
	var own PatientID
	_, _, err = s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		own = PatientID(l.state.Patient.Subject)
		d := &decision{verdict: rules.Unbind(l.state.Patient, l.facts.Version+1, s.Now()), actor: agent}
		if own != "" {
			d.timed = []Effect{l.loginEffect(own)}
		}
		return d, nil
	})
	if err != nil || own == "" {
		return false, err
	}
	if err := s.noteLogin(ctx, p, own, ""); err != nil {
		s.Log.WarnContext(ctx, "login not noted, comes back", "kind", KindOf(err))
	}
	if _, err := s.endSessions(ctx, Effect{Patient: p}); err != nil {
		s.Log.WarnContext(ctx, "sessions not ended, comes back", "error", err)
	}
	return true, nil
}

// text is what is kept, sealed, beside the key of a login's own record.
func (l Login) text() string { return l.Issuer + "\n" + l.Subject }

// loginChanged is noteLogin as an effect.
func (s *Service) loginChanged(ctx context.Context, e Effect) (time.Time, error) {
	l, err := s.loadAny(ctx, e.Patient, FactsQuery{})
	text := ""
	switch k := KindOf(err); {
	case err == nil && l.patient.Bound != nil:
		var label boundLabel
		if err := l.vault.open(tablePatient, placeBound, l.patient.Bound.Sealed, &label); err != nil {
			return time.Time{}, unavailable("open a login", err)
		}
		text = Login{Issuer: label.Issuer, Subject: label.Subject}.text()
	case err != nil && k != KindMailboxUnknown && !errors.Is(err, errLocked):
		return time.Time{}, err
	}
	return time.Time{}, s.noteLogin(ctx, e.Patient, PatientID(e.Mailbox), text)
}

// noteLogin brings a login's own record in line with the patient's: it leads there while that record says so, else it
// is erased with its key. It reads the patient again after each write, so that of several at once the last one sees
// what holds.
func (s *Service) noteLogin(ctx context.Context, p, own PatientID, text string) error {
	for range maxConflicts {
		held, err := s.boundTo(ctx, p, own)
		if err != nil {
			return err
		}
		var changed bool
		if held && text != "" {
			changed, err = s.leadLogin(ctx, p, own, text)
		} else if !held {
			changed, err = s.dropLogin(ctx, p, own)
		}
		if err != nil || !changed {
			return err
		}
	}
	return &Error{Kind: KindStaleState, Rule: "D17"}
}

// boundTo reports whether a patient's record names a login.
func (s *Service) boundTo(ctx context.Context, p, own PatientID) (bool, error) {
	l, err := s.read(ctx, p, FactsQuery{})
	if err != nil && KindOf(err) == KindMailboxUnknown {
		return false, nil
	}
	return err == nil && l.state.Patient.Subject == rules.SubjectID(own), err
}

// leadLogin makes a login's own record lead to a patient.
func (s *Service) leadLogin(ctx context.Context, p, own PatientID, text string) (changed bool, err error) {
	if err := s.establish(ctx, own, rules.INS(text), ""); err != nil {
		return false, err
	}
	_, _, err = s.runOn(ctx, own, "", FactsQuery{}, s.loadAny, func(l *loaded) (*decision, error) {
		if changed = l.patient.Of != hexID(p); !changed {
			return &decision{}, nil
		}
		return &decision{
			actor: Actor{Kind: ActorSystem}, join: &joining{of: p},
			verdict: rules.Verdict{Change: rules.Change{Kind: rules.SubjectNoted, Seq: l.facts.Version + 1, At: s.Now()}},
		}, nil
	})
	return changed, err
}

// dropLogin erases a login's own record with its key, when it leads to a patient.
func (s *Service) dropLogin(ctx context.Context, p, own PatientID) (changed bool, err error) {
	l, err := s.read(ctx, own, FactsQuery{})
	switch {
	case err != nil && KindOf(err) == KindMailboxUnknown:
		return false, nil
	case err != nil:
		return false, err
	case l.patient.Of != hexID(p):
		return false, nil
	}
	return true, s.eraseAliases(ctx, Actor{Kind: ActorSystem}, []hexID{hexID(own)})
}
