package conversations

import (
	"cmp"
	"context"
	"slices"
	"time"

	"mesbridge/rules"
)

// Objection is one objection of a patient with whom it binds now.
type Objection struct {
	rules.Objection
	Binds   []string // names of the patient's professionals in scope
	Unsure  bool     // some professionals are not in the tables, and are not matched (D12)
	Told    bool     // those in scope see it (D14 c); a refusal of messages is told to nobody
	Meaning string   // name of the structure or label of the profession, as far as the tables know it
}

// Objections lists the patient's objections, in the order in which they were declared.
func (s *Service) Objections(ctx context.Context, p PatientID) ([]Objection, error) {
	l, err := s.loadAllExchanges(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := l.mayRead(); err != nil {
		return nil, err
	}
	return l.objections()
}

// Object declares an objection under an id of the caller's choice, in the place of one of that id (D14).
func (s *Service) Object(ctx context.Context, actor Actor, p PatientID, o rules.Objection) (Objection, error) {
	if o.Scope == rules.WholeStructure {
		o.Value = string(structureOf(o.Value))
	}
	if err := s.changeObjection(ctx, actor, p, o, rules.Object); err != nil {
		return Objection{}, err
	}
	all, err := s.Objections(ctx, p)
	if err != nil {
		return Objection{}, err
	}
	at := slices.IndexFunc(all, func(d Objection) bool { return d.ID == o.ID })
	if at < 0 { // lifted meanwhile by another request of the same person
		return Objection{}, &Error{Kind: KindStaleState, Rule: "D17"}
	}
	return all[at], nil
}

// Withdraw lifts an objection; lifting none changes nothing.
func (s *Service) Withdraw(ctx context.Context, actor Actor, p PatientID, id rules.ObjectionID) error {
	return s.changeObjection(ctx, actor, p, rules.Objection{ID: id}, rules.Withdraw)
}

func (s *Service) changeObjection(ctx context.Context, actor Actor, p PatientID, o rules.Objection,
	rule func(rules.ObjectionFacts, time.Time) rules.Verdict,
) error {
	_, _, err := s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		f := rules.ObjectionFacts{Patient: l.state.Patient, Next: l.facts.Version + 1, Objection: o}
		return &decision{verdict: rule(f, s.Now()), actor: actor}, nil
	})
	return err
}

// objections describes the objections of a patient whose exchanges are all loaded.
func (l *loaded) objections() ([]Objection, error) {
	all := make([]Objection, 0, len(l.patient.Refusals))
	for _, o := range l.state.Patient.Declared() {
		d, err := l.objection(o)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	slices.SortStableFunc(all, func(a, b Objection) int { return a.At.Compare(b.At) })
	return all, nil
}

// objection describes an objection of a patient whose exchanges are all loaded.
func (l *loaded) objection(o rules.Objection) (Objection, error) {
	d := Objection{Objection: o, Told: o.Kind == rules.AgainstExchange}
	for m := range l.exchange {
		label, known, err := l.mailboxLabel(m)
		if err != nil {
			return Objection{}, unavailable("open exchanges", err)
		}
		if !known || !l.exchangeShown(m) {
			continue
		}
		who := l.who.Of(m)
		if o.Binds(who) {
			d.Binds = append(d.Binds, l.svc.shownName(label))
			d.Meaning = cmp.Or(d.Meaning, meaningOf(o, l.svc.Directory.Mailbox(label.address())))
		}
		d.Unsure = d.Unsure || o.Scope == rules.WholeStructure && who.Structure == "" || o.Scope == rules.WholeProfession && who.Profession == ""
	}
	slices.Sort(d.Binds)
	d.Binds = slices.Compact(d.Binds)
	return d, nil
}

// meaningOf names what a scope means, by the table's words for a mailbox in it.
func meaningOf(o rules.Objection, m Mailbox) string {
	switch {
	case o.Scope == rules.WholeStructure && m.Kind != rules.Personal:
		return cmp.Or(m.Speciality, m.Name)
	case o.Scope == rules.WholeProfession:
		return rules.ProfessionName(o.Value)
	}
	return ""
}

// structureOf is the national identifier of a structure with the digit of its type (O31), which people and
// tables leave out: 1 before a FINESS, 3 before a SIRET.
func structureOf(id string) rules.StructureID {
	switch len(id) {
	case 9:
		return rules.StructureID("1" + id)
	case 14:
		return rules.StructureID("3" + id)
	}
	return rules.StructureID(id)
}

// placeObjection is where the sealed part of an objection stands in the patient's record.
const placeObjection = "objection"

// openObjections opens the objections of the patient's record for the rules.
func (l *loaded) openObjections() error {
	l.state.Patient.Refusals, l.state.Patient.Objections = nil, nil
	for _, r := range l.patient.Refusals {
		o, err := l.openObjection(r)
		if err != nil {
			return unavailable("open an objection", err)
		}
		if r.Kind == rules.AgainstExchange {
			l.state.Patient.Objections = append(l.state.Patient.Objections, rules.ExchangeObjection(o))
		} else {
			l.state.Patient.Refusals = append(l.state.Patient.Refusals, o)
		}
	}
	return nil
}

// openObjection opens one objection of a patient's record, of either kind.
func (l *loaded) openObjection(r refusalRecord) (rules.MessagesRefusal, error) {
	label := objectionLabel{Value: r.Value}
	if r.Sealed != nil {
		if err := l.vault.open(tablePatient, placeObjection, r.Sealed, &label); err != nil {
			return rules.MessagesRefusal{}, err
		}
	}
	return rules.MessagesRefusal{ID: rules.ObjectionID(label.ID), Scope: r.Scope, Value: label.Value, At: r.At.time()}, nil
}

// sealObjections writes the objections that rules decided on into the patient's record.
func (l *loaded) sealObjections() {
	l.patient.Refusals = nil
	for _, o := range l.state.Patient.Declared() {
		l.patient.Refusals = append(l.patient.Refusals, refusalRecord{
			Scope: o.Scope, Kind: o.Kind, At: toMillis(o.At),
			Sealed: l.vault.seal(tablePatient, placeObjection, objectionLabel{ID: string(o.ID), Value: o.Value}),
		})
	}
}

// Scopes lists what the patient may object to by scope: the structures and professions of his
// professionals, as far as the tables know them.
func (s *Service) Scopes(ctx context.Context, p PatientID) ([]Scope, error) {
	l, err := s.loadAllExchanges(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := l.mayRead(); err != nil {
		return nil, err
	}
	var all []Scope
	for m := range l.exchange {
		label, known, err := l.mailboxLabel(m)
		if err != nil {
			return nil, unavailable("open exchanges", err)
		}
		if known && l.exchangeShown(m) {
			all = append(all, l.scopesOf(label)...)
		}
	}
	slices.SortFunc(all, func(a, b Scope) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Value, b.Value), -cmp.Compare(a.Name, b.Name))
	})
	all = slices.CompactFunc(all, func(a, b Scope) bool { return a.Scope == b.Scope && a.Value == b.Value })
	return all, nil
}

// Scope is a structure or a profession among the patient's professionals.
type Scope struct {
	Scope rules.RefusalScope
	Value string
	Name  string // empty when no table tells
}

func (l *loaded) scopesOf(label mailboxLabel) []Scope {
	m := l.svc.Directory.Mailbox(label.address())
	var all []Scope
	if m.Structure != "" {
		o := rules.Objection{Scope: rules.WholeStructure, Value: string(structureOf(m.Structure))}
		all = append(all, Scope{Scope: o.Scope, Value: o.Value, Name: meaningOf(o, m)})
	}
	if m.Profession != "" {
		all = append(all, Scope{Scope: rules.WholeProfession, Value: m.Profession, Name: rules.ProfessionName(m.Profession)})
	}
	return all
}
