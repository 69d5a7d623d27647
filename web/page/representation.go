package page

import (
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Representations is the page on which an agent declares who acts for a patient by law, or ends it (D28).
type Representations struct {
	Patient, Person, Title, Scope, Until string
	Papers                               bool
	Ending                               bool // the faults are of the form that ends
	Faults
	Notice Notice
}

func (Representations) title() string    { return "Représentants légaux" }
func (Representations) template() string { return "representations" }

// Titles are the titles that the law knows.
func (Representations) Titles() []Option {
	return []Option{
		{string(rules.Parent), "Parent d’un mineur"},
		{string(rules.Guardian), "Tuteur d’un mineur, nommé par le juge"},
		{string(rules.Protector), "Personne chargée de la protection d’un majeur"},
	}
}

// Scopes say how far a person in charge of a protected adult may act.
func (Representations) Scopes() []Option {
	return []Option{
		{string(rules.ScopeRead), "Lire"}, {string(rules.ScopeMessages), "Lire et répondre"}, {string(rules.ScopeEverything), "Tout ce que peut le patient"},
	}
}

// ConfirmRepresentation shows back, before anything is done, who will read whose messages: of each person what the
// matricule says by itself, since a number alone gives no name (R28, D29, D36).
type ConfirmRepresentation struct {
	Form conversations.Declaration
	Representations
	Now time.Time
}

func (ConfirmRepresentation) title() string    { return "Représentants légaux\u00a0: vérifier" }
func (ConfirmRepresentation) template() string { return "representconfirm" }

// PatientWords says whose messages will be read.
func (p ConfirmRepresentation) PatientWords() string { return p.personWords(p.Form.Patient) }

// PersonWords says who will read them.
func (p ConfirmRepresentation) PersonWords() string { return p.personWords(p.Form.Person) }

// personWords is what a matricule says of a person.
func (p ConfirmRepresentation) personWords(ins rules.INS) string {
	born := birthWords(ins, ins.BirthYears(p.Now))
	if ins.Female() {
		return "une femme née en " + born
	}
	return "un homme né en " + born
}

// TitleWords is the title that was chosen.
func (p ConfirmRepresentation) TitleWords() string {
	for _, o := range p.Titles() {
		if o.Value == p.Title {
			return o.Words
		}
	}
	return ""
}

// Does says what the representative may do then.
func (p ConfirmRepresentation) Does() string {
	return Delegates{}.Does(conversations.DelegateLine{Kind: p.Form.Kind, Scope: p.Form.Scope})
}

// LastDay is the last day of the judgment as one says it.
func (p ConfirmRepresentation) LastDay() string {
	last, err := time.Parse(time.DateOnly, p.Until)
	if err != nil {
		return p.Until
	}
	return day(last)
}
