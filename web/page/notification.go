package page

import (
	"strings"
	"unicode/utf8"
)

// Names of the fields of the form by which a patient says how he is told, and what its choice says.
const (
	FieldEmail = "courriel"
	FieldTold  = "averti"
	ToldYes    = "oui"
	ToldNo     = "non"
)

// Notification is the page on which a patient says where he is told that a message waits, and whether (R124).
type Notification struct {
	Present string // where he is told today; empty: nowhere
	Given   bool   // he did not choose that address himself
	Off     bool   // he does not want to be told
	Notice  Notice

	Address     string // as the form has it
	Answer      string // ToldYes, ToldNo, or empty for neither
	Fault       string // of the address; empty: none
	ChoiceFault string // of the answer
}

func (Notification) title() string    { return "Être averti par e-mail" }
func (Notification) template() string { return "notification" }

// Done says what was just noted.
func (p Notification) Done() string {
	switch {
	case p.Notice != NoticeNotification:
		return ""
	case p.Present == "":
		return "Vous ne serez plus averti par e-mail."
	}
	return "Vous serez averti à " + p.shown() + "."
}

// Today says what happens as long as nothing is changed.
func (p Notification) Today() string {
	switch {
	case p.Given:
		return "Aujourd’hui, l’avis part à " + p.shown() + " (adresse donnée à votre inscription)."
	case p.Present != "":
		return "Aujourd’hui, l’avis part à " + p.shown() + "."
	case p.Off:
		return "Aujourd’hui, vous n’êtes pas averti par e-mail, comme vous l’avez demandé."
	}
	return "Aujourd’hui, vous n’êtes pas averti" + nbsp + ": aucune adresse n’est enregistrée."
}

// Described lists the ids of what describes the field of the address.
func (p Notification) Described() string {
	var ids []string
	if p.Given {
		ids = append(ids, "courriel-aide")
	}
	if p.Fault != "" {
		ids = append(ids, "courriel-faute")
	}
	return strings.Join(ids, " ")
}

// shown is the present address, of which another than the patient's own choice shows enough to know it again only.
func (p Notification) shown() string {
	if p.Given {
		return masked(p.Present)
	}
	return p.Present
}

// elided stands for what is left out of an address, of which no line ends there: U+2060 joins what follows.
const elided = "…\u2060"

// masked leaves of an address the first and last letter of what stands before its domain.
func masked(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 {
		return elided
	}
	local, domain := address[:at], address[at:]
	_, first := utf8.DecodeRuneInString(local)
	_, last := utf8.DecodeLastRuneInString(local)
	if utf8.RuneCountInString(local) < 3 {
		return local[:first] + elided + domain
	}
	return local[:first] + elided + local[len(local)-last:] + domain
}
