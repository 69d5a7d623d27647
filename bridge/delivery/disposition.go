package delivery

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"mesbridge/conversations"
)

// reportingUA names us in a read receipt (RFC 8098 section 3.2.1).
const reportingUA = "mesbridge"

// xdmMark begins a subject that names a patient and a document (R42); such a subject stays out of the text.
const xdmMark = "XDM/"

// Disposition is a message disposition notification: the read receipt of one message (RFC 8098, R57-R67).
type Disposition struct {
	Date    time.Time // of the notification
	MTA     string    // our host name
	Zone    *time.Location
	Receipt conversations.ReadReceipt
}

// Compose writes the notification: a multipart/report of a French text, the disposition, and what identifies
// the message (R64). It is always to be sent from the null reverse-path (R67), and the same to everybody
// who is told. Nothing of a professional's message can add a field to it.
func (d Disposition) Compose(w io.Writer) error {
	r := d.Receipt
	var h mail.Header
	id := opaque(r.MessageID + "\x00" + r.From.Address.Wire() + "\x00" + d.Date.UTC().Format(time.RFC3339Nano))
	h.SetContentType("multipart/report", map[string]string{"report-type": "disposition-notification", "boundary": "=_" + id})
	h.Set("MIME-Version", "1.0")
	h.Set("Auto-Submitted", "auto-replied") // RFC 3834, RFC 8098 section 3
	if r.MessageID != "" && printable(r.MessageID) {
		h.Set("References", "<"+r.MessageID+">")
		h.Set("In-Reply-To", "<"+r.MessageID+">")
	}
	h.SetMessageID(id + "@" + r.From.Address.Domain)
	h.SetSubject("Lu : " + visible(r.Subject)) // OP6
	h.SetDate(d.Date.UTC())
	to := make([]*mail.Address, len(r.To))
	for i, a := range r.To {
		to[i] = &mail.Address{Address: a.Wire()}
	}
	h.SetAddressList("To", to)
	h.SetAddressList("From", []*mail.Address{{Name: visible(r.From.Name), Address: r.From.Address.Wire()}}) // R156
	m, err := message.CreateWriter(w, h.Header)
	if err != nil {
		return fmt.Errorf("compose read receipt: %w", err)
	}
	for _, part := range []struct {
		mediaType string
		content   []byte
	}{
		{"text/plain", []byte(d.text())},
		{"message/disposition-notification", d.disposition()},
		{"text/rfc822-headers", original(r.MessageID, r.Subject)},
	} {
		if err := writePart(m, part.mediaType, part.content); err != nil {
			return fmt.Errorf("compose read receipt: %w", err)
		}
	}
	if err := m.Close(); err != nil {
		return fmt.Errorf("compose read receipt: %w", err)
	}
	return nil
}

// text says what happened, and by whom when it was not the patient himself (R61, D22). A subject that names a
// document and a patient is not repeated (OP6).
func (d Disposition) text() string {
	const nbsp = "\u00a0"
	subject := ""
	if s := visible(d.Receipt.Subject); s != "" && !strings.Contains(s, xdmMark) {
		subject = " «" + nbsp + s + nbsp + "»"
	}
	at := d.Receipt.OpenedAt.In(d.Zone)
	day, hour := at.Format("02/01/2006"), at.Format("15"+nbsp+"h"+nbsp+"04")
	by := ""
	switch d.Receipt.By { //nolint:exhaustive // nobody else opens for a patient
	case conversations.ActorRepresentative:
		by = " par un représentant du patient"
	case conversations.ActorCaregiver:
		by = " par un aidant du patient"
	}
	return fmt.Sprintf("Votre message%s a été lu le %s à %s.\r\n\r\nAccusé de lecture\r\nOuvert le %s à %s (heure de Paris)%s.\r\n",
		subject, day, hour, day, hour, by)
}

// disposition is the part for software: R65, R66.
func (d Disposition) disposition() []byte {
	var f fields
	f.add("Reporting-UA", d.MTA+"; "+reportingUA)
	f.add("Original-Recipient", originalRecipient(d.Receipt.ORcpt))
	f.add("Final-Recipient", "rfc822; "+d.Receipt.From.Address.Wire())
	if id := d.Receipt.MessageID; id != "" {
		f.add("Original-Message-ID", "<"+id+">")
	}
	f.add("Disposition", "manual-action/MDN-sent-automatically; displayed")
	return f.bytes()
}

// original is what identifies a message to its sender.
func original(messageID, subject string) []byte {
	var f fields
	if messageID != "" {
		f.add("Message-ID", "<"+messageID+">")
	}
	var encoded message.Header
	encoded.SetText("Subject", visible(subject)) // RFC 2047 where needed
	f.add("Subject", encoded.Get("Subject"))
	return f.bytes()
}
