package page

import (
	"mesbridge/conversations"
	"mesbridge/rules"
)

// Names of the fields of the forms of a team, of templates and of absences.
const (
	FieldSeen      = "vu"
	FieldColleague = "a"
	FieldTemplate  = "modele"
	FieldFrom      = "debut"
	FieldCover     = "remplacant"
	FieldAdmit     = "acces"
)

// Notices of what colleagues do for a mailbox.
const (
	NoticeCareTaken       Notice = "suivi"
	NoticeCareOther       Notice = "deja-suivi"
	NoticeCareReleased    Notice = "suivi-termine"
	NoticeHandedOver      Notice = "confie"
	NoticeNoted           Notice = "note"
	NoticeNoteDeleted     Notice = "note-supprimee"
	NoticeTemplateSaved   Notice = "modele-enregistre"
	NoticeTemplateDeleted Notice = "modele-supprime"
	NoticeAbsent          Notice = "absence"
	NoticeBack            Notice = "retour"
	NoticeNotAbsent       Notice = "absence-annulee" // one to come was cancelled
)

// teamWords is the sentence of a notice of this file, empty for any other.
func (n Notice) teamWords() string {
	switch n { //nolint:exhaustive // those of this file
	case NoticeCareTaken:
		return "Vous vous occupez de cette conversation. Vos collègues le voient."
	case NoticeCareOther:
		return "Quelqu’un s’en occupait déjà\u00a0: rien n’a changé."
	case NoticeCareReleased:
		return "Vous ne vous occupez plus de cette conversation."
	case NoticeHandedOver:
		return "La conversation est confiée."
	case NoticeNoted:
		return "Note enregistrée. Le patient ne la voit pas."
	case NoticeNoteDeleted:
		return "Note supprimée."
	case NoticeTemplateSaved:
		return "Modèle enregistré."
	case NoticeTemplateDeleted:
		return "Modèle supprimé."
	case NoticeAbsent:
		return "Absence enregistrée. Les patients la voient avant d’écrire\u00a0; leurs messages sont remis comme d’habitude."
	case NoticeBack:
		return "L’absence a pris fin."
	case NoticeNotAbsent:
		return "L’absence est annulée."
	}
	return ""
}

// Team is what the users of a shared mailbox know of a conversation. Key stands for the mailbox in forms.
type Team struct {
	conversations.Team
	Key string
}

// Others are the names of those who have the conversation open too.
func (t Team) Others() []string {
	list := make([]string, len(t.Present))
	for i, p := range t.Present {
		list[i] = p.Name
	}
	return list
}

// TeamForm is a form of a team as it was typed.
type TeamForm struct {
	Mailbox            string // key
	Giving             bool   // the form that hands over; else the one of a note
	To, Note           string
	ToFault, NoteFault string
}

// TeamView is a team on the page of a conversation, with its forms.
type TeamView struct {
	Team
	Thread conversations.ID
	CSRF   string
	Form   TeamForm
	List   string // name of the list that the page was reached from
	Giving bool   // the form that hands over is shown again
	Noting bool   // that of a note is
	Noted  bool   // the notes are what was just changed
}

// ShowTeam prepares a team for its template.
func (p DeskThread) ShowTeam(t Team, csrf string) TeamView {
	return TeamView{
		Team: t, Thread: p.ID, CSRF: csrf, Form: p.TeamForm, List: p.List, Giving: p.TeamForm.of(t.Key, true), Noting: p.TeamForm.of(t.Key, false),
		Noted: p.Notice == NoticeNoted || p.Notice == NoticeNoteDeleted || p.Notice == NoticeHandedOver,
	}
}

// of reports whether the form is the one that hands over, or the one of a note, of a mailbox, and was refused.
func (f TeamForm) of(key string, giving bool) bool {
	return f.Mailbox == key && f.Giving == giving && f.ToFault+f.NoteFault != ""
}

// OtherCare is the care that a colleague has of the conversation, zero for none: who writes is told before.
func (p DeskThread) OtherCare() conversations.Care {
	for _, t := range p.Teams {
		if t.Care.Taken() && !t.Care.Mine {
			return t.Care
		}
	}
	return conversations.Care{}
}

// Templates is the page of a mailbox's templates.
type Templates struct {
	Mailbox Mailbox
	Items   []conversations.Template
	Form    TemplateForm
	Notice  Notice
}

func (p Templates) title() string  { return "Modèles de message de la boîte " + p.Mailbox.Shown() }
func (Templates) template() string { return "templates" }

// Template is the page on which one template is rewritten.
type Template struct {
	Mailbox Mailbox
	Form    TemplateForm
}

func (p Template) title() string  { return "Modifier un modèle de la boîte " + p.Mailbox.Shown() }
func (Template) template() string { return "template" }

// TemplateForm is a template as it was typed.
type TemplateForm struct {
	ID         conversations.ID
	Name, Text string
	Faults
}

// Absence is the page of the absence of a mailbox.
type Absence struct {
	Mailbox Mailbox
	conversations.Absence
	Begun  bool
	Form   AbsenceForm
	Notice Notice
}

func (p Absence) title() string  { return "Absence de la boîte " + p.Mailbox.Shown() }
func (Absence) template() string { return "absence" }

// MayAdmit reports whether who stands in may be given the right to act for the mailbox: one whose users are listed, by
// who lists them (I119).
func (p Absence) MayAdmit() bool { return p.Mailbox.Administer }

// MayBeAbsent reports whether the viewer may say when nobody answers for the mailbox (I119).
func (m Mailbox) MayBeAbsent() bool {
	held := m.Use && !m.Listed && (m.Mailbox.Kind == rules.Personal || m.Mailbox.Kind == rules.Practice)
	return m.Administer || held
}

// AbsenceForm is an absence as it was typed, or as it was declared, to be changed.
type AbsenceForm struct {
	From, Until, Text, Cover string
	Admit                    bool
	Faults
}
