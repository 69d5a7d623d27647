package page

import (
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Names of the fields of the forms of enrolment.
const (
	FieldFamily     = "nom-naissance"
	FieldGiven      = "prenoms"
	FieldBirth      = "naissance"
	FieldSex        = "sexe"
	FieldBirthplace = "lieu"
	FieldDocument   = "piece"
	FieldChecked    = "verifiee"
	FieldPerson2    = "representant"
	FieldTitle      = "titre"
	FieldPapers     = "papiers"
)

// Link is the page on which a patient links a login that leads to no account yet (D26).
type Link struct {
	Name    string // as the provider tells it
	CSRF    string
	Code    string // as typed
	Fault   string
	Refused bool // the code is not valid for this person: nobody tells why
}

func (Link) title() string    { return "Rattacher votre identité à votre messagerie" }
func (Link) template() string { return "link" }

// Option is one choice of a form and its words.
type Option struct{ Value, Words string }

// Enrolments is the page of whoever enrols patients: the form, and the codes that he handed over.
type Enrolments struct {
	Items []conversations.EnrolmentLine
	Form  EnrolmentForm
	Faults
	Notice Notice
}

func (Enrolments) title() string    { return "Inscrire un patient" }
func (Enrolments) template() string { return "enrolments" }

// Documents are the kinds of document.
func (Enrolments) Documents() []Option { return documents() }

func documents() []Option {
	return []Option{
		{string(conversations.IdentityCard), "Carte nationale d’identité"},
		{string(conversations.Passport), "Passeport"},
		{string(conversations.ResidencePermit), "Titre de séjour"},
		{string(conversations.BirthCertificate), "Extrait d’acte de naissance"},
		{string(conversations.FamilyBook), "Livret de famille, avec la pièce du parent"},
	}
}

// StateWords says where a code stands.
func (Enrolments) StateWords(s rules.EnrolmentState) string {
	switch s {
	case rules.EnrolmentWaiting:
		return "En attente du patient"
	case rules.EnrolmentUsed:
		return "Utilisé"
	case rules.EnrolmentRevoked:
		return "Retiré"
	case rules.EnrolmentSpent:
		return "Bloqué\u00a0: essayé par une autre personne"
	case rules.EnrolmentExpired:
		return "Expiré"
	}
	return ""
}

// Waiting reports whether the code may be taken back.
func (Enrolments) Waiting(s rules.EnrolmentState) bool { return s == rules.EnrolmentWaiting }

// EnrolmentForm is what was typed.
type EnrolmentForm struct {
	INS, Family, Given, Birth, Sex, Place, Document string
	Checked                                         bool
}

// ConfirmEnrolment shows what was typed back, beside what the matricule says (R28).
type ConfirmEnrolment struct {
	Form      EnrolmentForm
	INS       rules.INS
	Unlike    []rules.Trait
	Operation string // stands for one code: the form that comes twice makes no second one
}

func (ConfirmEnrolment) title() string    { return "Inscrire un patient\u00a0: vérifier" }
func (ConfirmEnrolment) template() string { return "enrolconfirm" }

// Matricule is the INS, which a page of the agent shows back (R28).
func (p ConfirmEnrolment) Matricule() string { return string(p.INS) }

// SexWords is the sex that was typed.
func (p ConfirmEnrolment) SexWords() string {
	if p.Form.Sex == string(rules.Female) {
		return "Féminin"
	}
	return "Masculin"
}

// BirthWords is the day of birth as one says it.
func (p ConfirmEnrolment) BirthWords() string {
	born, err := time.Parse(time.DateOnly, p.Form.Birth)
	if err != nil {
		return p.Form.Birth
	}
	return day(born)
}

// DocumentWords is the document that was seen.
func (p ConfirmEnrolment) DocumentWords() string {
	for _, o := range documents() {
		if o.Value == p.Form.Document {
			return o.Words
		}
	}
	return ""
}

// Warnings say in what the matricule differs from what was typed.
func (p ConfirmEnrolment) Warnings() []string {
	var all []string
	month, year := p.INS.BirthMonth()
	for _, t := range p.Unlike {
		switch t {
		case rules.TraitSex:
			all = append(all, "le matricule est celui d’une personne de l’autre sexe")
		case rules.TraitYear:
			all = append(all, "le matricule indique une naissance en "+year+" (deux derniers chiffres de l’année)")
		case rules.TraitMonth:
			all = append(all, "le matricule indique le mois "+month)
		}
	}
	return all
}

// EnrolmentCode is the sheet that is printed and handed over. The code is shown this once.
type EnrolmentCode struct {
	conversations.IssuedCode
	Service string // name of this service
	Address string // where the patient types it
}

func (EnrolmentCode) title() string    { return "Code à remettre au patient" }
func (EnrolmentCode) template() string { return "enrolcode" }

// Shown is the code in groups of four.
func (p EnrolmentCode) Shown() string { return conversations.ShownCode(p.Code) }

// CodeShown is the answer to a form that was answered before: its code was shown then and is kept nowhere.
type CodeShown struct{ ConfirmEnrolment }

func (CodeShown) title() string    { return "Code déjà affiché" }
func (CodeShown) template() string { return "enrolshown" }
