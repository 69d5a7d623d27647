package page

import (
	"slices"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Conversation is one conversation as the patient reads and answers it.
type Conversation struct {
	conversations.Thread
	CSRF   string
	Form   ReplyForm
	Notice Notice
	// Refused tells that a reply was just refused although nothing was wrong with it (D7).
	Refused *Refusal
	// TextOnly shows the text form of messages that have both (R33).
	TextOnly bool
	// Further shows older messages than the newest.
	Further bool
	// Saved is the id in the page of a message of which a document was just saved; empty: none was.
	Saved string
	// Before is the place that the page begins before; empty: the newest message.
	Before string
	// Why is what froze the conversation, as far as the viewer is told.
	Why Freeze
	// Acting reports that the viewer acts for the patient.
	Acting bool
}

// ReplyForm is what stands in the form when it is shown.
type ReplyForm struct {
	Text      string
	Seen      conversations.DraftMark // of the draft that is kept
	Choice    rules.ReplyChoice
	Operation string // makes a form sent twice count once
	Faults
	// FilesAgain reports that documents were chosen, which a form cannot keep.
	FilesAgain bool
}

// Fields of the reply form.
const (
	FieldText  = "texte"
	FieldFiles = "pieces"
	FieldForm  = "reponse" // the form as a whole
	FieldOther = "autre"   // the draft that was kept elsewhere
)

// Refusal is why a reply was not sent, by the reply state that refused it; empty when it is not known.
type Refusal struct {
	State rules.ReplyState
	Text  string // what the patient wrote; kept as a draft when Kept is set
	Kept  bool
}

// Notice is what was just done, said in a role=status element (I219).
type Notice string

// Notices. Their texts are part of URLs.
const (
	NoticeSent      Notice = "envoye"
	NoticeAnswered  Notice = "reponse-envoyee"
	NoticeDraft     Notice = "brouillon"
	NoticeDiscarded Notice = "brouillon-supprime"
	NoticeBlocked   Notice = "bloque"
	NoticeUnblocked Notice = "debloque"
	NoticeEnded     Notice = "fin"

	NoticeThreadDeleted   Notice = "conversation-supprimee"
	NoticeSaved           Notice = "enregistre" // beside a link to the documents
	NoticeDocumentDeleted Notice = "document-supprime"
	NoticeObjected        Notice = "oppose"
	NoticeObjectedAlready Notice = "deja-oppose"
	NoticeWithdrawn       Notice = "opposition-levee"
	NoticeAccount         Notice = "compte"
	NoticeNotification    Notice = "notification"
	NoticeAccountClosed   Notice = "compte-ferme"
	NoticeErased          Notice = "efface"
	NoticeLoggedOut       Notice = "deconnecte"
	NoticeClosed          Notice = "cloture"
	NoticeClosedAwaited   Notice = "cloture-attendue" // although a patient waited
	NoticeCancelled       Notice = "annulation"
	NoticeCancelledTold   Notice = "annulation-annonce" // the patient was told of the end that is cancelled
	NoticeThreadEnded     Notice = "conversation-terminee"
	NoticePlanned         Notice = "fin-prevue"
	NoticePlannedAll      Notice = "fins-prevues"
	NoticeKept            Notice = "fin-annulee"
	NoticeKeptAll         Notice = "fins-annulees"
	NoticeTooLate         Notice = "fin-passee"
	NoticeAdmitted        Notice = "inscrit"
	NoticeDismissed       Notice = "retire"

	NoticeRevoked             Notice = "code-retire"
	NoticeDeclared            Notice = "representation"
	NoticeRepresentationEnded Notice = "representation-finie"
)

// Words is the sentence of a notice, empty for a text that is none.
func (n Notice) Words() string {
	switch n {
	case NoticeSent:
		return "Message envoyé."
	case NoticeAnswered:
		return "Votre message est enregistré et part vers le professionnel. Son état est écrit sous le message."
	case NoticeDraft:
		return "Brouillon enregistré. Les pièces jointes ne sont pas gardées."
	case NoticeDiscarded:
		return "Brouillon supprimé."
	case NoticeBlocked:
		return "Professionnel bloqué."
	case NoticeUnblocked:
		return "Professionnel débloqué."
	case NoticeEnded:
		return "Les échanges ont pris fin. Écrivez au patient pour rouvrir l’échange."
	case NoticeThreadDeleted:
		return "Conversation supprimée."
	case NoticeSaved:
		return "Document enregistré. Ce document reste dans ce service\u00a0; il n’est pas ajouté à Mon espace santé."
	case NoticeDocumentDeleted:
		return "Document supprimé."
	case NoticeObjected:
		return "Opposition enregistrée."
	case NoticeObjectedAlready:
		return "Cette opposition est déjà enregistrée."
	case NoticeWithdrawn:
		return "Opposition levée."
	case NoticeAccount, NoticeNotification: // their pages say by themselves what became of it
	case NoticeAccountClosed:
		return "Votre compte est fermé et vos connexions prennent fin. Pour le rouvrir, identifiez-vous de nouveau."
	case NoticeErased:
		return "Toutes vos données ont été effacées de ce service. Il n’en reste rien de lisible."
	case NoticeLoggedOut:
		return "Vous êtes déconnecté."
	case NoticeClosed:
		return "Prise en charge close."
	case NoticeClosedAwaited:
		return "Prise en charge close. Un patient attendait votre réponse\u00a0: répondez, ou annulez la clôture."
	case NoticePlanned:
		return "La fin est prévue dans dix minutes. Jusque-là, vous pouvez l’annuler."
	case NoticePlannedAll:
		return "Ces fins sont prévues dans dix minutes. Jusque-là, vous pouvez les annuler."
	case NoticeKeptAll:
		return "Fins annulées\u00a0: les échanges continuent."
	case NoticeKept:
		return "La fin prévue est annulée. L’échange continue."
	case NoticeTooLate:
		return "L’échange avait déjà pris fin. Un nouveau message de votre part le rouvre."
	case NoticeRevoked:
		return "Code retiré\u00a0: il ne vaut plus rien."
	case NoticeDeclared:
		return "Représentation enregistrée. Elle est tracée à votre nom, et le patient la voit."
	case NoticeRepresentationEnded:
		return "Cette personne n’agit plus pour ce patient."
	case NoticeThreadEnded:
		return "Cette conversation a pris fin."
	case NoticeAdmitted:
		return "La personne est inscrite. Elle peut lire et écrire pour cette boîte."
	case NoticeDismissed:
		return "L’accès est retiré. Vous pouvez inscrire la personne de nouveau ci-dessous."
	case NoticeCancelled:
		return "Clôture annulée."
	case NoticeCancelledTold:
		return "Clôture annulée. La date avait été annoncée au patient\u00a0: prévenez-le."
	case NoticeCareTaken, NoticeCareOther, NoticeCareReleased, NoticeHandedOver, NoticeNoted, NoticeNoteDeleted, NoticeTemplateSaved,
		NoticeTemplateDeleted, NoticeAbsent, NoticeBack, NoticeNotAbsent:
		return n.teamWords()
	case NoticeInvited, NoticeDelegateEnded, NoticeDelegateRestored, NoticeAccepted, NoticeDeclined, NoticeGivenUp:
		return n.delegateWords()
	case NoticeDisconnected:
		return "Cette connexion a pris fin."
	}
	return ""
}

func (p Conversation) title() string {
	state := strings.ToLower(patientState(p.State))
	if p.Further {
		return "Messages plus anciens – " + p.ShownSubject() + " (" + state + ")"
	}
	if p.Refused != nil {
		return "Message non envoyé – " + p.ShownSubject() + " (" + state + ")"
	}
	return p.ShownSubject() + " (" + state + ")"
}
func (Conversation) template() string { return "conversation" }

// Noun says whom the viewer may block here.
func (p Conversation) Noun() string { return noun(p.Behind) }

// ShownSubject is the subject, or words for none.
func (p Conversation) ShownSubject() string { return shownSubject(p.Subject) }

func shownSubject(s string) string {
	if strings.TrimSpace(s) == "" {
		return "Sans objet"
	}
	return s
}

// Newest is the message to read first; it stands before the way to answer, unless that has something to say itself. A page
// of older messages has none.
func (p Conversation) Newest() []conversations.Message {
	if p.Further || p.AnswerFirst() {
		return nil
	}
	return p.Messages[:min(len(p.Messages), 1)]
}

// Earlier are the other messages of the page.
func (p Conversation) Earlier() []conversations.Message { return p.Messages[len(p.Newest()):] }

// AnswerFirst reports whether the way to answer comes before all messages: something was just refused or is wrong.
func (p Conversation) AnswerFirst() bool { return p.Refused != nil || len(p.Form.Faults) > 0 }

// Kept reports whether the text of the form is the draft that is kept.
func (p Conversation) Kept() bool { return p.Form.Text == p.Draft }

// HasMarkup reports whether a message can be shown in more than one form.
func (p Conversation) HasMarkup() bool {
	return slices.ContainsFunc(p.Messages, func(m conversations.Message) bool { return m.HTML != "" })
}

// MayAll reports whether Répondre à tous is offered (R79).
func (p Conversation) MayAll() bool {
	return slices.Contains(p.Reply.Options, string(rules.ReplyToAll)) && len(p.Reply.ToAll) > 0
}

// ToAll reports whether the form stands on Répondre à tous.
func (f ReplyForm) ToAll() bool { return f.Choice == rules.ReplyToAll }

// EndedByEpisode reports whether the end of a care episode ended the conversation (D24).
func (p Conversation) EndedByEpisode() bool { return p.Ended != nil && p.Ended.How == rules.ByEpisode }

// EndedByWindow reports whether the reply window ran out (D8).
func (p Conversation) EndedByWindow() bool { return p.Ended != nil && p.Ended.How == rules.ByWindow }

// Gone reports whether a correspondent's domain left the trust space (O45).
func (p Conversation) Gone() bool { return p.Reply.Code == rules.MailboxUnknown }

// FirstContact is the name of the professional whose first message the patient can answer and has not
// answered yet; it calls for the information line of wording.md. Empty otherwise.
func (p Conversation) FirstContact() string {
	if !p.Reply.Allowed || len(p.Messages) == 0 || p.Further || p.Older != "" ||
		slices.ContainsFunc(p.Messages, func(m conversations.Message) bool { return m.Mine }) {
		return ""
	}
	return p.Messages[len(p.Messages)-1].Author
}

// MessageView is one message with what the page says about it.
type MessageView struct {
	Message  conversations.Message
	Thread   conversations.ID
	Anchor   string // the message's id as it stands in ids of the page
	Delivery string // where one of the patient's own messages stands, in words
	Failed   bool
	Pending  bool // it is on its way, and another look may tell more
	CSRF     string
	Before   string // place in the conversation that the page shows
	Saved    Notice // a document of it was just saved; empty: none was
	Markup   bool   // its HTML is shown
	You      bool   // the viewer himself wrote it, as a patient
	Title    string // of somebody who wrote it for the patient
}

// Anchor is the id of a message as it stands in ids of a page.
func Anchor(message conversations.ID) string { return strings.ReplaceAll(string(message), ".", "-") }

// Show prepares a message for its template.
func (p Conversation) Show(m conversations.Message) MessageView {
	v := MessageView{Message: m, Thread: p.ID, CSRF: p.CSRF, Before: p.Before, Anchor: Anchor(m.ID)}
	v.Markup = m.HTML != "" && (!p.TextOnly || m.Text == "")
	if p.Saved == v.Anchor {
		v.Saved = p.Notice
	}
	v.You = m.AuthorKind == conversations.FromPatient && !p.Acting
	switch m.AuthorKind {
	case conversations.FromRepresentative:
		v.Title = "représentant"
	case conversations.FromCaregiver:
		v.Title = "aidant"
	case conversations.FromPatient, conversations.FromProfessional:
	}
	if m.Delivery != nil {
		v.Delivery, v.Failed = deliveryWords(*m.Delivery), m.Delivery.State == conversations.DeliveryFailed
		v.Pending = m.Delivery.State == conversations.DeliveryQueued
	}
	return v
}
