package page

import (
	"mesbridge/conversations"
	"mesbridge/rules"
)

// Names of the fields of the forms by which a professional writes.
const (
	FieldINS          = "matricule"
	FieldQualified    = "qualifiee"
	FieldSubject      = "objet"
	FieldConfirmed    = "confirme"
	FieldNoReply      = "sans-reponse"
	FieldReceipt      = "accuse"
	FieldConfidential = "confidentiel"
	FieldReason       = "motif"
	FieldMailbox      = "bal"
	FieldExchange     = "echange"
)

// Identify is the page that asks to whom a professional writes: a qualified identity (R25).
type Identify struct {
	Mailboxes []Choice
	INS       string // as typed
	Qualified bool
	Copies    []Copy // who will be in copy
	Errors    []FieldError
}

func (Identify) title() string    { return "Écrire à un patient" }
func (Identify) template() string { return "identify" }

// Error is the text of the fault of a field, empty for none.
func (p Identify) Error(field string) string { return faultOf(p.Errors, field) }

// Compose is the page on which a professional writes a first message, with what is known before a word is
// typed: whom the matricule means, and whether the message would arrive (R28, D29).
type Compose struct {
	Mailbox  Choice
	INS      rules.INS
	Name     string                        // of a patient whom the mailbox has written to
	Exchange string                        // id of that exchange
	Verdict  *conversations.ContactVerdict // nil: it could not be asked for now
	Limited  bool                          // too many questions in an hour (D29)
	Form     ComposeForm
}

func (Compose) title() string    { return "Écrire à un patient\u00a0: le message" }
func (Compose) template() string { return "compose" }

// Matricule is the INS, which a page of the professional shows (I205).
func (p Compose) Matricule() string { return string(p.INS) }

// Sex is what the matricule tells.
func (p Compose) Sex() string {
	if p.INS.Female() {
		return "Femme"
	}
	return "Homme"
}

// Birth is month and year of birth as the matricule tells them.
func (p Compose) Birth() string {
	month, year := p.INS.BirthMonth()
	if month == "" {
		return "mois inconnu, année " + year
	}
	return month + "/" + year
}

// Answer is the verdict in words (wording.md).
func (p Compose) Answer() string {
	switch {
	case p.Form.CopySearched:
		return "L’avis donné avant votre recherche reste valable."
	case p.Limited:
		return "Vous avez demandé beaucoup d’avis cette heure-ci\u00a0: celui-ci n’est pas donné. Vous pouvez écrire."
	case p.Verdict == nil:
		return "L’avis ne peut pas être donné en ce moment. Vous pouvez écrire\u00a0: le service dira si le message n’arrive pas."
	case p.Verdict.Refusal.Code == rules.PatientUnreachable:
		return "Injoignable par ce canal. Prévenez le patient par un autre moyen."
	case p.Verdict.Refusal.Code == rules.MailboxUnknown:
		return "Patient non trouvé\u00a0: aucune messagerie Mon espace santé n’est ouverte pour ce matricule INS. Vérifiez l’identité\u00a0; sinon, remettez le document par un autre moyen."
	case p.Verdict.Refusal.Code == rules.ObjectionRecorded:
		return "Une opposition de ce patient est enregistrée de votre côté."
	case p.Verdict.Refusal.Refused():
		return "Votre message ne peut pas être envoyé en ce moment."
	case !p.Verdict.Objected.IsZero():
		return "Ce patient s’oppose à l’échange d’informations le concernant avec vous ou votre structure. Votre message peut lui parvenir."
	case p.Verdict.Reachability == rules.Reachable:
		return "La messagerie de ce patient peut recevoir votre message."
	}
	return "Rien n’est dit de la messagerie de ce patient avant l’envoi\u00a0: aucun échange ne le relie encore à cette boîte."
}

// Refused reports whether the verdict says that the message would not arrive.
func (p Compose) Refused() bool { return p.Verdict != nil && p.Verdict.Refusal.Refused() }

// ComposeForm is a professional's message as it was typed.
type ComposeForm struct {
	Subject, Text, Reason, Confidential string
	Confirmed, NoReply, Receipt         bool
	AskConfidential                     bool // the patient is a known minor (D28)
	AskReason                           bool // a refusal is recorded, and a reason overcomes it (D14 d)
	Operation                           string
	Seen                                string // what the page of a conversation showed (tellFirst)
	Errors                              []FieldError

	Templates           []conversations.Template // that the text may begin with
	Template            conversations.ID         // the one chosen
	Box                 string                   // key of the mailbox that writes
	Copies              []Copy
	CopyAction          string // where a search for somebody to put in copy is sent; empty: nobody can be
	CopyName, CopyPlace string // what was searched
	CopySearched        bool
	CopyFound, CopyMore bool // somebody who is not in copy yet; more than are shown
	FilesAgain          bool // documents were attached, and are not kept by a search
}

// Error is the text of the fault of a field, empty for none.
func (f ComposeForm) Error(field string) string { return faultOf(f.Errors, field) }

// faultOf is the text of the fault of a field, empty for none.
func faultOf(all []FieldError, field string) string {
	for _, e := range all {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}
