package page

import (
	"strconv"
	"strings"
	"time"

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
	FieldAdvice       = "avis"
	FieldEnter        = "entree" // the form was sent by the Enter key
)

// Identify is the page that asks to whom a professional writes: a qualified identity (R25).
type Identify struct {
	Mailboxes []Choice
	INS       string // as typed
	Qualified bool
	Copies    []Copy // who will be in copy
	Faults
}

func (Identify) title() string    { return "Écrire à un patient" }
func (Identify) template() string { return "identify" }

// Compose is the page on which a professional writes a first message, with what is known before a word is
// typed: whom the matricule means, and whether the message would arrive (R28, D29).
type Compose struct {
	Mailbox  Choice
	INS      rules.INS
	Exchange string                     // id of the exchange from which one writes; empty: a matricule was typed
	Known    conversations.ExchangeLine // what the mailbox's own register says of the patient; without an ID: nothing
	Stranger bool                       // the register does not know the patient
	Years    []int                      // of birth, that the matricule may mean
	Advice   Advice
	Closed   bool // no message can leave, and none was begun: there is no form
	Form     ComposeForm
}

func (Compose) title() string    { return "Écrire à un patient, le message" }
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

// KnownHow tells beside a name that the mailbox itself knows it.
func (p Compose) KnownHow() string {
	if p.INS.Female() {
		return "connue de cette boîte"
	}
	return "connu de cette boîte"
}

// Already tells whoever typed a matricule that an exchange is there, empty when none is.
func (p Compose) Already() string {
	switch {
	case p.Exchange != "" || p.Known.ID == "":
		return ""
	case p.Known.State == rules.ThreadOpen:
		return "Vous avez déjà un échange ouvert avec cette personne\u00a0:"
	case p.Known.State == rules.ThreadEnded:
		return "Vous avez déjà un échange avec cette personne, terminé\u00a0:"
	}
	return "Vous avez déjà un échange avec cette personne\u00a0:"
}

// Birth is month and years of birth as the matricule may mean them (R28).
func (p Compose) Birth() string { return birthWords(p.INS, p.Years) }

// birthWords is month and years of birth as a matricule may mean them.
func birthWords(ins rules.INS, all []int) string {
	digits, _ := ins.BirthMonth()
	years := make([]string, len(all))
	for i, y := range all {
		years[i] = strconv.Itoa(y)
	}
	born := strings.Join(years, " ou ")
	month, err := strconv.Atoi(digits)
	if err != nil {
		return born + " (mois non indiqué par le matricule)"
	}
	return monthName(time.Month(month)) + nbsp + born
}

// Typed is the matricule that was typed, in groups, with what it tells.
func (p Compose) Typed() string {
	n := string(p.INS)
	for _, at := range []int{13, 10, 7, 5, 3, 1} {
		if at < len(n) {
			n = n[:at] + nbsp + n[at:]
		}
	}
	return "Matricule saisi" + nbsp + ": " + n + " – " + strings.ToLower(p.Sex()) + ", " + p.Birth() + "."
}

// ComposeForm is a professional's message as it was typed.
type ComposeForm struct {
	Subject, Text, Reason, Confidential string
	Confirmed, NoReply, Receipt         bool
	AskConfidential                     bool // the patient is a known minor (D28)
	AskReason                           bool // a refusal is recorded, and a reason overcomes it (D14 d)
	Operation                           string
	Seen                                string // what the page of a conversation showed (tellFirst)
	Faults

	Templates           []conversations.Template // that the text may begin with
	Template            conversations.ID         // the one chosen
	Box                 string                   // key of the mailbox that writes
	Copies              []Copy
	CopyAction          string // where a search for somebody to put in copy is sent; empty: nobody can be
	CopyName, CopyPlace string // what was searched
	CopySearched        bool
	CopyFound, CopyMore bool // somebody who is not in copy yet; more than are shown
	FilesAgain          bool // documents were attached, and no form keeps them
}
