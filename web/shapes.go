package web

import (
	"encoding/hex"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// The shapes of docs/contract.md, "HTTP". Fields that may be missing in the core are null here, never absent,
// unless the contract says so.

// conversationItem is a conversation in a list.
type conversationItem struct {
	ID            conversations.ID `json:"id"`
	Subject       string           `json:"subject"`
	State         string           `json:"state"`
	With          []string         `json:"with"`
	LastAt        *string          `json:"lastAt"`
	Unread        bool             `json:"unread"`
	HasAttachment bool             `json:"hasAttachment"`
	HasDraft      bool             `json:"hasDraft"`

	// Objection and Unreadable are the professional's.
	Objection  *objectionMark `json:"objection,omitempty"`
	Unreadable bool           `json:"unreadable,omitempty"`
	Care       *careShape     `json:"care,omitempty"` // in lists of a shared mailbox
}

// objectionMark tells a professional that the patient objects to exchange about him with his mailbox or
// structure (D14 c).
type objectionMark struct {
	Code code    `json:"code"`
	At   *string `json:"at"`
}

func markOf(since time.Time) *objectionMark {
	if since.IsZero() {
		return nil
	}
	return &objectionMark{Code: codeObjectionRecorded, At: stamp(since)}
}

func itemOf(l conversations.ThreadLine) conversationItem {
	return conversationItem{
		ID: l.ID, Subject: l.Subject, State: l.State, With: names(l.With), LastAt: stamp(l.LastAt), Unread: l.Unread,
		HasAttachment: l.HasAttachment, HasDraft: l.HasDraft, Objection: markOf(l.Objected), Unreadable: l.Unreadable, Care: careOf(l.Care),
	}
}

// conversationFull is one conversation. Reply, Draft and Contact are the patient's, Patient the
// professional's.
type conversationFull struct {
	conversationItem
	Ended    *endingShape     `json:"ended"`
	Messages []messageShape   `json:"messages"`
	Reply    *replyShape      `json:"reply,omitempty"`
	Draft    *string          `json:"draft,omitempty"`
	Contact  conversations.ID `json:"contact,omitempty"`
	Older    *string          `json:"older,omitempty"` // cursor of the messages before these
	Patient  *personShape     `json:"patient,omitempty"`
	Inactive bool             `json:"inactive,omitempty"` // the professional may not answer any more (R119)
}

type personShape struct {
	Name string `json:"name"`
}

type endingShape struct {
	By  string       `json:"by"`
	How rules.EndHow `json:"how"`
	At  *string      `json:"at"`
}

type messageShape struct {
	ID          conversations.ID  `json:"id"`
	At          *string           `json:"at"`
	From        authorShape       `json:"from"`
	Copied      []string          `json:"copied"`
	Mine        bool              `json:"mine"`
	Text        string            `json:"text"`
	HTML        string            `json:"html"`
	NoReply     bool              `json:"noReply"`
	Crossed     bool              `json:"crossed"`
	Notices     []string          `json:"notices"`
	Delivery    *deliveryShape    `json:"delivery"`
	Attachments []attachmentShape `json:"attachments"`
}

type authorShape struct {
	Name string                   `json:"name"`
	Kind conversations.AuthorKind `json:"kind"`
}

type deliveryShape struct {
	State  conversations.DeliveryState `json:"state"`
	Detail string                      `json:"detail"`
	At     *string                     `json:"at"` // of a professional's message: its arrival, or first opening
}

type attachmentShape struct {
	ID      conversations.ID `json:"id"`
	Name    string           `json:"name"`
	Type    string           `json:"type"`
	Bytes   int64            `json:"bytes"`
	SHA256  string           `json:"sha256"`
	Savable bool             `json:"savable"`

	Documents []healthDocumentShape `json:"documents,omitempty"`
}

// healthDocumentShape is a health document that an attachment is or holds (OP14). Embedded files are downloaded as
// attachments are.
type healthDocumentShape struct {
	Title           string                  `json:"title"`
	Kind            string                  `json:"kind"`
	Code            string                  `json:"code"`
	At              *string                 `json:"date"`
	Author          string                  `json:"author"`
	Organisation    string                  `json:"organisation"`
	Confidentiality string                  `json:"confidentiality"`
	Bytes           int64                   `json:"bytes"`
	Integrity       conversations.Integrity `json:"integrity"`
	Sections        []string                `json:"sections"`
	Embedded        []attachmentShape       `json:"embedded"`
}

type replyShape struct {
	Allowed        bool     `json:"allowed"`
	Options        []string `json:"options"`
	Code           *string  `json:"code"`
	EndedBy        *string  `json:"endedBy"`
	Until          *string  `json:"until"`
	To             []string `json:"to"`
	ToAll          []string `json:"toAll"`
	RemainingBytes int64    `json:"remainingBytes"`

	Absences []awayShape `json:"absences"` // of those whom an answer may go to
}

func threadOf(t conversations.Thread) conversationFull {
	full := conversationFull{conversationItem: itemOf(t.ThreadLine), Messages: make([]messageShape, len(t.Messages))}
	for i, m := range t.Messages {
		full.Messages[i] = messageOf(m)
	}
	if t.Ended != nil {
		full.Ended = &endingShape{By: t.Ended.By, How: t.Ended.How, At: stamp(t.Ended.At)}
	}
	return full
}

// patientThreadOf is a conversation as the patient sees it.
func patientThreadOf(t conversations.Thread) conversationFull {
	full := threadOf(t)
	r := t.Reply
	full.Reply = &replyShape{
		Allowed: r.Allowed, Options: names(r.Options), Code: optional(string(r.Code)), EndedBy: optional(r.EndedBy),
		Until: stamp(r.Until), To: names(r.To), ToAll: names(r.ToAll), RemainingBytes: r.RemainingBytes,
		Absences: awayOf(t.Absences),
	}
	full.Draft, full.Contact, full.Inactive, full.Older = optional(t.Draft), t.Contact, t.Inactive, optional(t.Older)
	return full
}

// deskThreadOf is a conversation as a professional sees it.
func deskThreadOf(t conversations.Thread) conversationFull {
	full := threadOf(t)
	full.Patient = &personShape{Name: t.Patient}
	return full
}

func messageOf(m conversations.Message) messageShape {
	s := messageShape{
		ID: m.ID, At: stamp(m.At), From: authorShape{Name: m.Author, Kind: m.AuthorKind}, Copied: names(m.Copied), Mine: m.Mine,
		Text: m.Text, HTML: m.HTML, NoReply: m.NoReply, Crossed: m.Crossed, Notices: names(m.Notices),
		Attachments: attachmentsOf(m.Attachments),
	}
	if m.Delivery != nil {
		s.Delivery = &deliveryShape{State: m.Delivery.State, Detail: m.Delivery.Detail, At: stamp(m.Delivery.At)}
	}
	return s
}

// attachmentsOf is a list that is never null.
func attachmentsOf(lines []conversations.AttachmentLine) []attachmentShape {
	all := make([]attachmentShape, len(lines))
	for i, f := range lines {
		all[i] = attachmentOf(f)
		for _, d := range f.Documents {
			all[i].Documents = append(all[i].Documents, healthDocumentOf(d))
		}
	}
	return all
}

func healthDocumentOf(d conversations.DocumentLine) healthDocumentShape {
	return healthDocumentShape{
		Title: d.Title, Kind: d.Kind, Code: d.Code, At: stamp(d.At), Author: d.Author, Organisation: d.Organisation,
		Confidentiality: d.Confidentiality, Bytes: d.Bytes, Integrity: d.Integrity, Sections: names(d.Sections),
		Embedded: attachmentsOf(d.Embedded),
	}
}

func attachmentOf(f conversations.AttachmentLine) attachmentShape {
	return attachmentShape{
		ID: f.ID, Name: f.Name, Type: f.Type, Bytes: f.Bytes, SHA256: hex.EncodeToString(f.SHA256[:]), Savable: f.Savable,
	}
}

// contactShape is one professional of a patient. It holds no address (R71).
type contactShape struct {
	ID          conversations.ID  `json:"id"`
	Name        string            `json:"name"`
	Kind        rules.MailboxKind `json:"kind"`
	State       rules.ThreadState `json:"state"`
	Blocked     bool              `json:"blocked"`
	BlockedTill *string           `json:"blockedUntil"`
	Contactable bool              `json:"contactable"`
	EndedAt     *string           `json:"endedAt"`
	EndedHow    *string           `json:"endedHow"`
	Since       *string           `json:"since"`
	LastAt      *string           `json:"lastAt"`
	OtherBoxes  []string          `json:"stillOpen"`
	ETag        string            `json:"etag,omitempty"` // in lists: for If-Match
}

func contactOf(c conversations.Contact) contactShape {
	return contactShape{
		ID: c.ID, Name: c.Name, Kind: c.Kind, State: c.State, Blocked: c.Blocked, BlockedTill: stamp(c.BlockedTill),
		Contactable: c.Contactable, EndedAt: stamp(c.EndedAt), EndedHow: optional(string(c.EndedHow)), Since: stamp(c.Since),
		LastAt: stamp(c.LastAt), OtherBoxes: names(c.OtherBoxes),
	}
}

// exchangeShape is one exchange as a professional sees it: no since and no end when unreachable (D4).
type exchangeShape struct {
	ID       conversations.ID  `json:"id"`
	Mailbox  string            `json:"mailbox"`
	Patient  patientShape      `json:"patient"`
	State    rules.ThreadState `json:"state"`
	Since    *string           `json:"since,omitempty"`
	EndedBy  *string           `json:"endedBy"`
	EndedHow *string           `json:"endedHow"`
	LastAt   *string           `json:"lastAt"`

	Objection  *objectionMark   `json:"objection,omitempty"`
	Opposition *oppositionShape `json:"opposition,omitempty"`
	Unreadable bool             `json:"unreadable,omitempty"`
	Until      *string          `json:"until"`          // D8; null also while an answer is awaited
	Awaiting   bool             `json:"awaiting"`       // réponse attendue (D8)
	ETag       string           `json:"etag,omitempty"` // in lists: for If-Match

	Cares       []careShape `json:"cares,omitempty"` // in lists: users of the mailbox who take care of conversations
	Waiting     bool        `json:"waiting"`         // the patient wrote last, and nobody answered
	Unread      bool        `json:"unread"`          // a message that asked for a receipt was not opened (D22)
	Undelivered bool        `json:"undelivered"`     // a message of the patient did not reach the mailbox
	EndsAt      *string     `json:"endsAt"`          // of an end that can still be taken back (D7)
}

// patientShape is the patient of an exchange. Its id is the exchange's: one per mailbox and patient, so
// that two mailboxes cannot compare theirs.
type patientShape struct {
	ID   conversations.ID `json:"id"`
	Name string           `json:"name"`
	INS  string           `json:"ins"`
}

func exchangeOf(e conversations.ExchangeLine) exchangeShape {
	s := exchangeShape{
		ID: e.ID, Mailbox: e.Mailbox.Wire(), State: e.State, LastAt: stamp(e.LastAt), Until: stamp(e.Until), Awaiting: e.Awaiting,
		Patient:   patientShape{ID: e.ID, Name: e.Patient.Name, INS: string(e.Patient.INS)},
		Objection: markOf(e.Objected), Unreadable: e.Unreadable,
		Waiting: e.Waiting, Unread: e.Unread, Undelivered: e.Failed, EndsAt: stamp(e.Planned.At),
	}
	if !e.Opposition.At.IsZero() {
		o := oppositionOf(e.Opposition)
		s.Opposition = &o
	}
	if e.State != rules.ThreadUnreachable {
		s.Since, s.EndedBy, s.EndedHow = stamp(e.Since), optional(e.EndedBy), optional(string(e.EndedHow))
	}
	return s
}

// names is a list that is never null.
func names(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}
