package page

import (
	"slices"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Objections is the page of what the patient declared (D14 b, c).
type Objections struct {
	Items  []conversations.Objection
	Scopes []conversations.Scope
	Notice Notice
	Just   rules.ObjectionID   // that the notice is about; empty: none
	Lifted rules.ObjectionKind // of what the notice says was lifted
	Fault  rules.ObjectionKind // the form whose choice was missing
}

func (Objections) title() string    { return "Mes oppositions" }
func (Objections) template() string { return "objections" }

// Done says what was just done; after one was lifted, which others of its kind still stand.
func (p Objections) Done() string {
	if p.Notice != NoticeWithdrawn {
		return p.Notice.Words()
	}
	var rest []string
	for _, o := range p.Items {
		if o.Kind == p.Lifted {
			rest = append(rest, ScopeWords(o))
		}
	}
	switch len(rest) {
	case 0:
		return p.Notice.Words()
	case 1:
		return p.Notice.Words() + " Une autre vous concerne encore" + nbsp + ": " + rest[0] + "."
	}
	return p.Notice.Words() + " D’autres vous concernent encore" + nbsp + ": " + strings.Join(rest, nbsp+"; ") + "."
}

// Undo is the objection that was declared just now and still stands; nil when there is none to take back.
func (p Objections) Undo() *conversations.Objection {
	at := slices.IndexFunc(p.Items, func(o conversations.Objection) bool { return o.ID == p.Just })
	if p.Notice != NoticeObjected || at < 0 {
		return nil
	}
	return &p.Items[at]
}

// ObjectionForm is the form of one kind of objection.
type ObjectionForm struct {
	Kind     rules.ObjectionKind
	Items    []conversations.Objection
	Everyone bool                  // everyone can be chosen
	Scopes   []conversations.Scope // that can be chosen
	CSRF     string
	Missing  bool
}

// Form prepares the block of one kind. What stands already is not offered again.
func (p Objections) Form(kind, csrf string) ObjectionForm {
	f := ObjectionForm{Kind: rules.ObjectionKind(kind), CSRF: csrf, Missing: p.Fault == rules.ObjectionKind(kind)}
	for _, o := range p.Items {
		if o.Kind == f.Kind {
			f.Items = append(f.Items, o)
		}
	}
	stands := func(scope rules.RefusalScope, value string) bool {
		return slices.ContainsFunc(f.Items, func(o conversations.Objection) bool { return o.Scope == scope && o.Value == value })
	}
	f.Everyone = !stands(rules.Everyone, "")
	f.Scopes = slices.DeleteFunc(slices.Clone(p.Scopes), func(s conversations.Scope) bool { return stands(s.Scope, s.Value) })
	return f
}

// Offers reports whether there is anything left to choose.
func (f ObjectionForm) Offers() bool { return f.Everyone || len(f.Scopes) > 0 }

// Whom says in words whom an objection binds.
func (ObjectionForm) Whom(o conversations.Objection) string {
	return ScopeWords(o)
}

// Choice says in words whom a scope holds.
func (ObjectionForm) Choice(s conversations.Scope) string {
	return scopeWords(s.Scope, s.Value, s.Name)
}

// scopeWords names a scope. A structure or profession that no table names is told by its identifier.
func scopeWords(scope rules.RefusalScope, value, name string) string {
	switch scope {
	case rules.Everyone:
		return "Tous les professionnels et établissements"
	case rules.WholeStructure:
		if name == "" {
			return "La structure d’identifiant " + value
		}
		return "Toute la structure" + nbsp + ": " + name
	case rules.WholeProfession:
		if name == "" {
			return "La profession de code " + value
		}
		return "Tous les " + name
	}
	return value
}
