package conversations

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mesbridge/rules"
)

// DocumentKind is what an agent saw a person's identity on. Its number is kept nowhere.
type DocumentKind string

// Kinds of document; the texts are stored and those of the API.
const (
	IdentityCard     DocumentKind = "identity-card"
	Passport         DocumentKind = "passport"
	ResidencePermit  DocumentKind = "residence-permit"
	BirthCertificate DocumentKind = "birth-certificate"
	FamilyBook       DocumentKind = "family-book" // of a child, with the parent's own document
)

// DocumentKinds lists them.
func DocumentKinds() []DocumentKind {
	return []DocumentKind{IdentityCard, Passport, ResidencePermit, BirthCertificate, FamilyBook}
}

// MaxTrait is the longest name that an enrolment takes, in characters.
const MaxTrait = 100

// EnrolmentInput is what an agent read on the identity label, and attests (D26).
type EnrolmentInput struct {
	INS       rules.INS
	Traits    rules.Traits
	Document  DocumentKind
	Qualified bool   // the matricule is qualified, and identity was checked on the document
	Operation string // idempotency key of the caller; empty: none
}

// fault names what is wrong with the input; empty when nothing is.
func (in EnrolmentInput) fault(now time.Time) string {
	_, born := in.Traits.Day(now)
	switch {
	case !isName(in.Traits.Family):
		return "familyName"
	case !isName(in.Traits.Given):
		return "givenNames"
	case !born:
		return "birthDate"
	case in.Traits.Sex != rules.Female && in.Traits.Sex != rules.Male:
		return "sex"
	case in.Traits.Place != "" && !isPlace(in.Traits.Place):
		return "birthPlace"
	case !slices.Contains(DocumentKinds(), in.Document):
		return "document"
	case !in.Qualified:
		return "identityChecked"
	}
	return ""
}

// Fault names the member of the input that cannot be taken, as the API writes it; empty when all can.
func (in EnrolmentInput) Fault(now time.Time) string { return in.fault(now) }

// isName reports whether a text may be a name: it has a letter and nothing invisible.
func isName(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= MaxTrait && strings.ContainsFunc(s, unicode.IsLetter) &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// isPlace reports whether a text is a code of a commune or country: five characters (I75).
func isPlace(s string) bool {
	return len(s) == 5 && !strings.ContainsFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != 'A' && r != 'B' })
}

// IssuedCode is a code as it is handed over: it is shown this once and kept nowhere.
type IssuedCode struct {
	EnrolmentLine
	Code string // empty when the same request was answered before
}

// EnrolmentLine is one code as the agent who handed it over sees it.
type EnrolmentLine struct {
	ID      ID
	Name    string // of the patient
	State   rules.EnrolmentState
	At      time.Time
	Expires time.Time
	EndedAt time.Time
}

// mayEnrol refuses everybody whom the settings do not list.
func (s *Service) mayEnrol(a Actor) error {
	if a.Kind == ActorAgent || a.Kind == ActorProfessional && s.Enrols(a.ID) {
		return nil
	}
	return &Error{Kind: KindNotHabilitated, Rule: "D26"}
}

// Enrols reports whether a person is listed as one who enrols patients.
func (s *Service) Enrols(person string) bool {
	return person != "" && slices.ContainsFunc(s.Officers, func(o Person) bool { return o.ID == person })
}

// HandCode enrols a patient face to face: his account is there from now on, and he is given a code by which he binds
// his login to it (D26). A code of his that waited is worth nothing any more. A child's majority is noted.
func (s *Service) HandCode(ctx context.Context, officer Actor, in EnrolmentInput) (IssuedCode, error) {
	if err := s.mayEnrol(officer); err != nil {
		return IssuedCode{}, err
	}
	if in.fault(s.Now()) != "" {
		return IssuedCode{}, &Error{Kind: KindInvalidRequest, Rule: "D26"}
	}
	p, err := s.LeadsTo(ctx, in.INS)
	if err != nil {
		return IssuedCode{}, err
	}
	label := enrolmentLabel{
		Family: in.Traits.Family, Given: in.Traits.Given, Birth: in.Traits.Birth, Sex: in.Traits.Sex, Place: in.Traits.Place,
		Document: in.Document, Officer: officer,
	}
	if err := s.establish(ctx, p, in.INS, label.shown()); err != nil {
		return IssuedCode{}, err
	}
	code, err := s.newEnrolmentCode(p)
	if err != nil {
		return IssuedCode{}, err
	}
	answer, repeated, err := s.run(ctx, p, operation("enrol", "", in.Operation), FactsQuery{}, func(l *loaded) (*decision, error) {
		id := s.enrolmentID(p.Shard(), code)
		v := rules.Enrol(rules.EnrolmentFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, ID: rules.EnrolmentID(id), Qualified: in.Qualified, Lasts: s.EnrolmentFor,
		}, s.Now())
		return &decision{
			verdict: v, actor: officer, newIDs: []ID{id}, answer: []byte(id), enrolled: &label, timed: []Effect{l.listedEffect(officer)},
		}, nil
	})
	if err != nil {
		return IssuedCode{}, err
	}
	if err := s.Store.Index(ctx, s.officerID(officer), []LedgerEntry{{Patient: p, At: s.Now()}}); err != nil {
		s.Log.WarnContext(ctx, "enrolment not listed, comes back", "error", err)
	}
	if err := s.noteBirth(ctx, officer, p, in.Traits); err != nil {
		return IssuedCode{}, err
	}
	line, err := s.enrolmentOf(ctx, p, ID(answer))
	if repeated {
		code = ""
	}
	return IssuedCode{EnrolmentLine: line, Code: code}, err
}

// shown is the name under which the account is known: first given name, then family name.
func (l enrolmentLabel) shown() string {
	first, _, _ := strings.Cut(strings.TrimSpace(l.Given), " ")
	return strings.TrimSuffix(first, ",") + " " + strings.Join(strings.Fields(l.Family), " ")
}

// noteBirth notes until when the person is a minor (D28).
func (s *Service) noteBirth(ctx context.Context, officer Actor, p PatientID, t rules.Traits) error {
	day, ok := t.Day(s.Now())
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil || !ok {
		return &Error{Kind: KindInternal, Rule: "D28", Err: err}
	}
	until := rules.MajorityOf(day.Year(), day.Month(), day.Day(), paris)
	if !s.Now().Before(until) {
		return nil
	}
	return s.NoteMinority(ctx, officer, p, until)
}

// listedEffect indexes the patient under the agent who enrolled him.
func (l *loaded) listedEffect(officer Actor) Effect {
	m := l.svc.officerID(officer)
	return Effect{
		ID: l.id.Shard() + "p" + lowerBase32(l.svc.name("project", string(m)+string(l.id))[:15]), Kind: EffectProject, Mailbox: m, At: l.svc.Now(),
	}
}

// enrolmentOf describes one code of a patient.
func (s *Service) enrolmentOf(ctx context.Context, p PatientID, id ID) (EnrolmentLine, error) {
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return EnrolmentLine{}, err
	}
	return l.enrolmentLine(id)
}

func (l *loaded) enrolmentLine(id ID) (EnrolmentLine, error) {
	label, err := l.enrolmentLabel(id)
	if err != nil {
		return EnrolmentLine{}, err
	}
	at := slices.IndexFunc(l.state.Patient.Enrolments, func(e rules.Enrolment) bool { return ID(e.ID) == id })
	e := l.state.Patient.Enrolments[at]
	return EnrolmentLine{
		ID: id, Name: label.Given + " " + label.Family, State: e.StateAt(l.svc.Now()), At: e.At, Expires: e.Expires, EndedAt: e.EndedAt,
	}, nil
}

// maxEnrolmentList is how many patients one listing looks at.
const maxEnrolmentList = 200

// Enrolments lists the codes that an agent handed over, the newest first. A code that another agent gave to the same
// patient is that one's.
func (s *Service) Enrolments(ctx context.Context, officer Actor) ([]EnrolmentLine, error) {
	if err := s.mayEnrol(officer); err != nil {
		return nil, err
	}
	entries, err := s.Store.Ledger(ctx, s.officerID(officer), LedgerQuery{Pairs: true, Limit: maxEnrolmentList})
	if err != nil {
		return nil, unavailable("list enrolments", err)
	}
	var all []EnrolmentLine
	for _, e := range entries {
		l, err := s.load(ctx, e.Patient, FactsQuery{})
		switch k := KindOf(err); {
		case err != nil && (k == KindMailboxUnknown || k == KindStaleState): // erased, or now under another matricule
			continue
		case err != nil:
			return nil, err
		}
		for _, r := range l.patient.Enrolments {
			label, err := l.enrolmentLabel(r.ID)
			if err != nil {
				return nil, err
			}
			if label.Officer.Kind != officer.Kind || label.Officer.ID != officer.ID {
				continue
			}
			line, err := l.enrolmentLine(r.ID)
			if err != nil {
				return nil, err
			}
			all = append(all, line)
		}
	}
	slices.SortFunc(all, func(a, b EnrolmentLine) int { return b.At.Compare(a.At) })
	return all, nil
}

// RevokeCode takes a code back, by the agent who handed it over. One that is over stays as it is.
func (s *Service) RevokeCode(ctx context.Context, officer Actor, id ID) error {
	if err := s.mayEnrol(officer); err != nil {
		return err
	}
	p, err := s.owner(ctx, id)
	if err != nil {
		return err
	}
	_, _, err = s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		label, err := l.enrolmentLabel(id)
		switch {
		case err != nil:
			return nil, err
		case label.Officer.Kind != officer.Kind || label.Officer.ID != officer.ID:
			return nil, &Error{Kind: KindNotFound, Rule: "D26"}
		}
		v := rules.Revoke(rules.EnrolmentFacts{Patient: l.state.Patient, Next: l.facts.Version + 1, ID: rules.EnrolmentID(id)}, s.Now())
		return &decision{verdict: v, actor: officer}, nil
	})
	return err
}
