package rules

import (
	"slices"
	"time"
)

// ObjectionKind tells the two things apart that a patient declares with a scope (D14 b, c).
type ObjectionKind string

// Kinds of objection; the texts are those of the API.
const (
	AgainstMessages ObjectionKind = "messages" // wants no messages from them (D14 b)
	AgainstExchange ObjectionKind = "exchange" // objects to exchange about him with them (D14 c)
)

// Objection is one declaration of the patient, of either kind.
type Objection struct {
	ID    ObjectionID
	Kind  ObjectionKind
	Scope RefusalScope
	Value string // a structure or a profession code; empty for Everyone
	At    time.Time
}

// MaxObjections is how many objections a patient can declare: each is read with every message.
const MaxObjections = 100

// ObjectionFacts is what [Object] and [Withdraw] need to know.
type ObjectionFacts struct {
	Patient   Patient
	Next      Seq
	Objection Objection // Withdraw reads its ID alone
}

// Object declares an objection, in the place of one of the same id (D14 b, c). The same again changes
// nothing. Like a block it has no effect that a professional could see the instant of (D4).
func Object(f ObjectionFacts, now time.Time) Verdict {
	o := f.Objection
	all := f.Patient.Declared()
	at := slices.IndexFunc(all, func(d Objection) bool { return d.ID == o.ID })
	switch {
	case !f.Patient.Account.Reads():
		return refuse(PatientOpposed, "D16")
	case o.ID == "", o.Kind != AgainstMessages && o.Kind != AgainstExchange, !o.Scope.takes(o.Value):
		return refuse(EmptyMessage, "D14")
	case at < 0 && len(all) >= MaxObjections:
		return refuse(EmptyMessage, "D14")
	case at >= 0 && all[at].Kind == o.Kind && all[at].Scope == o.Scope && all[at].Value == o.Value:
		return Verdict{}
	}
	o.At = now
	return Verdict{Change: Change{Kind: ObjectionSet, Seq: f.Next, At: now, Objection: o}}
}

// Withdraw lifts an objection. What the messages say then holds again (D15). Lifting none changes nothing.
func Withdraw(f ObjectionFacts, now time.Time) Verdict {
	all := f.Patient.Declared()
	at := slices.IndexFunc(all, func(d Objection) bool { return d.ID == f.Objection.ID })
	switch {
	case !f.Patient.Account.Reads():
		return refuse(PatientOpposed, "D16")
	case at < 0:
		return Verdict{}
	}
	return Verdict{Change: Change{Kind: ObjectionLifted, Seq: f.Next, At: now, Objection: all[at]}}
}

// takes reports whether a scope is one, and goes with a value.
func (s RefusalScope) takes(value string) bool {
	switch s {
	case Everyone:
		return value == ""
	case WholeStructure, WholeProfession:
		return value != ""
	}
	return false
}

// Declared lists the patient's objections of both kinds, refusals of messages first.
func (p Patient) Declared() []Objection {
	all := make([]Objection, 0, len(p.Refusals)+len(p.Objections))
	for _, r := range p.Refusals {
		all = append(all, Objection{r.ID, AgainstMessages, r.Scope, r.Value, r.At})
	}
	for _, o := range p.Objections {
		all = append(all, Objection{o.ID, AgainstExchange, o.Scope, o.Value, o.At})
	}
	return all
}

// Binds reports whether the objection concerns a correspondent.
func (o Objection) Binds(c Correspondent) bool {
	return MessagesRefusal{Scope: o.Scope, Value: o.Value}.binds(c)
}

// ObjectionTo returns since when the patient objects to exchange about him with c (D14 c): the earliest of
// the objections that bind c.
func (p Patient) ObjectionTo(c Correspondent) (since time.Time, objected bool) {
	for _, o := range p.Objections {
		if MessagesRefusal(o).binds(c) && (!objected || o.At.Before(since)) {
			since, objected = o.At, true
		}
	}
	return since, objected
}

// objects reports whether the patient objects to exchange about him with c.
func (p Patient) objects(c Correspondent) bool {
	_, objected := p.ObjectionTo(c)
	return objected
}

// binds reports whether the scope holds c. What no table knows of c is not matched (D12).
func (r MessagesRefusal) binds(c Correspondent) bool {
	switch r.Scope {
	case Everyone:
		return true
	case WholeStructure:
		return r.Value != "" && r.Value == string(c.Structure)
	case WholeProfession:
		return r.Value != "" && r.Value == c.Profession
	}
	return false
}

// unsure reports whether a refusal of messages could concern c, if only a table knew c (D12).
func (p Patient) unsure(c Correspondent) bool {
	return slices.ContainsFunc(p.Refusals, func(r MessagesRefusal) bool {
		return r.Scope == WholeStructure && c.Structure == "" || r.Scope == WholeProfession && c.Profession == ""
	})
}

// declare puts o in the place of the objection of its id.
func (p *Patient) declare(o Objection) {
	p.withdraw(o.ID)
	r := MessagesRefusal{ID: o.ID, Scope: o.Scope, Value: o.Value, At: o.At}
	if o.Kind == AgainstExchange {
		p.Objections = append(p.Objections, ExchangeObjection(r))
	} else {
		p.Refusals = append(p.Refusals, r)
	}
}

// withdraw drops the objection of an id.
func (p *Patient) withdraw(id ObjectionID) {
	p.Refusals = slices.DeleteFunc(slices.Clone(p.Refusals), func(r MessagesRefusal) bool { return r.ID == id })
	p.Objections = slices.DeleteFunc(slices.Clone(p.Objections), func(o ExchangeObjection) bool { return o.ID == id })
	if len(p.Refusals) == 0 {
		p.Refusals = nil
	}
	if len(p.Objections) == 0 {
		p.Objections = nil
	}
}
