package page

import (
	"net/url"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Exchange is what one of a professional's mailboxes has with one patient: the conversations, and what can be
// done.
type Exchange struct {
	conversations.ExchangeLine
	Place
	Now     time.Time
	Items   []conversations.ThreadLine
	Next    string
	Further bool
	Notice  Notice
}

func (p Exchange) title() string  { return "Échange avec " + p.Patient.Name }
func (Exchange) template() string { return "exchange" }

// Subject is the subject of a conversation, or words for none.
func (Exchange) Subject(l conversations.ThreadLine) string { return shownSubject(l.Subject) }

// Sought is where the conversation is found that brings the exchange into a list.
func (p Exchange) Sought(list string) string {
	return "/pro/echanges/" + string(p.ID) + "/conversation?" + url.Values{"cherche": {list}, "etat": {p.List}}.Encode()
}

// Reachable reports whether a message may be tried (D4).
func (p Exchange) Reachable() bool { return p.State != rules.ThreadUnreachable }

// Open reports whether the patient may answer something.
func (p Exchange) Open() bool { return p.State == rules.ThreadOpen && p.Planned.At.IsZero() }

// Ended reports whether the professional ended it.
func (p Exchange) Ended() bool { return p.State == rules.ThreadEnded }

// DeskThread is one conversation as a professional reads and continues it.
type DeskThread struct {
	conversations.Thread
	Place
	Pair     conversations.ExchangeLine // that the mailbox has with the patient; without ID: none
	Now      time.Time
	ToldLeft bool   // that a message was just sent is told with how many patients still wait
	Left     int    // how many
	Viewer   string // id of who looks, as messages name their writers
	Form     ComposeForm
	Teams    []Team // for each shared one of the professional's mailboxes that takes part
	TeamForm TeamForm
	Notice   Notice
}

func (p DeskThread) title() string {
	return p.ShownSubject() + " – " + p.Patient + " (" + strings.ToLower(deskThreadState(p.State)) + ")"
}
func (DeskThread) template() string { return "deskthread" }

// ShownSubject is the subject, or words for none.
func (p DeskThread) ShownSubject() string { return shownSubject(p.Subject) }

// Writable reports whether a message may be tried: not to somebody who is out of reach (D4).
func (p DeskThread) Writable() bool { return p.State != string(rules.ThreadUnreachable) }

// Answers reports whether the patient's side wrote last, so that a message answers it.
func (p DeskThread) Answers() bool {
	return len(p.Messages) > 0 && p.Messages[0].AuthorKind != conversations.FromProfessional
}

// WaitingList is where the mailbox's patients are listed who wait for an answer: the list that the page was reached
// from when it is one of these.
func (p DeskThread) WaitingList() Place {
	if list, known := ListNamed(p.List); known && list.List == rules.ListWaiting {
		return p.Place
	}
	return Place{Mailbox: p.Mailbox, List: "waiting"}
}

// Endable reports whether there is something to end.
func (p DeskThread) Endable() bool { return p.State == string(rules.ThreadOpen) }

// DeskMessage is one message with what the page says of it.
type DeskMessage struct {
	conversations.Message
	Anchor   string
	You      bool   // who looks wrote it, or, of a mailbox that he has alone, may have
	Fate     string // of the professional's own, in words; a receipt tells when (wording.md)
	Failed   bool
	Unopened bool // a read receipt was asked for, and has not come (D22)
}

// Show prepares a message for its template.
func (p DeskThread) Show(m conversations.Message) DeskMessage {
	d := DeskMessage{Message: m, Anchor: strings.ReplaceAll(string(m.ID), ".", "-")}
	written := m.Writer != ""
	d.You = m.Mine && (written && m.WriterID != "" && m.WriterID == p.Viewer || !written && len(p.Teams) == 0)
	if m.Delivery != nil {
		d.Fate, d.Failed = receiptWords(*m.Delivery), m.Delivery.State == conversations.DeliveryFailed
		d.Unopened = m.Mine && m.Asked && m.Delivery.State == conversations.DeliveryDelivered
		if d.Failed && !m.Mine {
			d.Fate = told("Cette réponse n’est pas arrivée dans votre messagerie, et se lit ici", m.Delivery.Detail)
		}
	}
	return d
}

// receiptWords tells a professional where his own message stands (wording.md, D22).
func receiptWords(d conversations.Delivery) string {
	switch d.State {
	case conversations.DeliveryRead:
		return "Ouvert le"
	case conversations.DeliverySent, conversations.DeliveryDelivered:
		return "Remis le"
	case conversations.DeliveryFailed:
		return told("Non remis", d.Detail)
	case conversations.DeliveryQueued:
	}
	return "Envoi en cours"
}

// EndThread is the confirmation page of the end of one conversation (D6).
type EndThread struct {
	conversations.Thread
	List string // name of the list that the page was reached from
}

func (p EndThread) title() string  { return "Mettre fin à la conversation " + shownSubject(p.Subject) }
func (EndThread) template() string { return "endthread" }

// ShownSubject is the subject, or words for none.
func (p EndThread) ShownSubject() string { return shownSubject(p.Subject) }
