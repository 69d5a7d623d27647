package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message"

	"mesbridge/conversations"
)

// Compose implements [conversations.Mail]: it writes a message in UTF-8 with CRLF line ends, the same
// octets for the same draft (R156-R158). A draft without attachments is one text part, otherwise a
// multipart/mixed with the text first.
//
// Names, subject and text are cleaned, so nothing in them can add a header field or a part. Addresses,
// the Message-ID and the identifiers of the thread are used as they are: it fails with ErrDraft when
// From, a recipient or the Message-ID could not stand in a header; ancestors that could not are left
// out.
//
// Every octet is ASCII, and no line is longer than RFC 5322 section 2.1.1 allows, so that no next hop needs
// 8BITMIME or SMTPUTF8 to take the message: a recipient whose local part is not ASCII stands in the header
// as a group without members (RFC 6857), an ancestor whose identifier is not ASCII is left out.
func (c *Codec) Compose(d conversations.Draft, w io.Writer) error {
	fields, err := draftFields(d)
	if err != nil {
		return err
	}
	if len(d.Attachments) == 0 {
		return writeText(w, fields, d.Text)
	}
	boundary := draftBoundary(d.MessageID)
	fields.add("Content-Type", mime.FormatMediaType("multipart/mixed", map[string]string{"boundary": boundary}))
	mixed, err := message.CreateWriter(w, fields.header())
	if err != nil {
		return fmt.Errorf("compose message: %w", err)
	}
	if err := writeParts(mixed, d); err != nil {
		return err
	}
	if err := mixed.Close(); err != nil {
		return fmt.Errorf("compose message: %w", err)
	}
	return nil
}

// EncodedSize returns how many octets Compose writes for a draft, which is what size limits count
// (D19). It fails as Compose does.
func (c *Codec) EncodedSize(d conversations.Draft) (int64, error) {
	var n counter
	err := c.Compose(d, &n)
	return int64(n), err
}

// draftBoundary derives a boundary from the Message-ID. The characters "=_" in it cannot stand in
// quoted-printable or base64, so no content can hold it (RFC 2045 section 6.7, note).
func draftBoundary(messageID string) string {
	sum := sha256.Sum256([]byte("boundary " + messageID))
	return "=_" + hex.EncodeToString(sum[:16])
}

// draftFields makes the header of a draft up to MIME-Version.
func draftFields(d conversations.Draft) (headerFields, error) {
	if !validMessageID(d.MessageID) || !isASCII(d.MessageID) {
		return nil, fmt.Errorf("%w: message id", ErrDraft)
	}
	from, err := writeAddresses([]conversations.NamedAddress{d.From})
	if err != nil || !isASCII(d.From.Address.Local) {
		return nil, fmt.Errorf("%w: author", ErrDraft)
	}
	to, err := writeAddresses(d.To)
	if err != nil {
		return nil, fmt.Errorf("%w: recipient", err)
	}
	var h headerFields
	h.add("Date", d.Date.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.add("From", from)
	h.add("To", to)
	if len(d.Cc) > 0 {
		cc, err := writeAddresses(d.Cc)
		if err != nil {
			return nil, fmt.Errorf("%w: recipient in copy", err)
		}
		h.add("Cc", cc) // R79
	}
	if len(d.ReplyTo) > 0 {
		replyTo, err := writeAddresses(d.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("%w: reply address", err)
		}
		h.add("Reply-To", replyTo) // R75
	}
	h.add("Subject", writeUnstructured(d.Subject))
	h.add("Message-ID", "<"+d.MessageID+">")
	h.add("In-Reply-To", writeMessageIDs([]string{d.InReplyTo}))
	h.add("References", writeMessageIDs(d.References))
	if d.End {
		h.add("X-MSS-MES", "FIN") // R81; never on a patient's message (R94), which the caller sees to
	}
	if d.ReadReceipt {
		h.add("Disposition-Notification-To", "<"+d.From.Address.Wire()+">") // R57; never on a patient's message
	}
	h.add("MIME-Version", "1.0")
	return h, nil
}

// writeParts writes the text and the attachments of a draft.
func writeParts(mixed *message.Writer, d conversations.Draft) error {
	if err := writePart(mixed, textFields(d.Text), textOctets(d.Text)); err != nil {
		return err
	}
	for i, a := range d.Attachments {
		if err := writePart(mixed, attachmentFields(a, i+1), a.Content); err != nil {
			return err
		}
	}
	return nil
}

func writePart(mixed *message.Writer, fields headerFields, octets []byte) error {
	part, err := mixed.CreatePart(fields.header())
	if err != nil {
		return fmt.Errorf("compose part: %w", err)
	}
	if _, err := part.Write(octets); err != nil {
		return fmt.Errorf("compose part: %w", err)
	}
	if err := part.Close(); err != nil {
		return fmt.Errorf("compose part: %w", err)
	}
	return nil
}

// writeText writes a message of one text part.
func writeText(w io.Writer, fields headerFields, text string) error {
	single, err := message.CreateWriter(w, append(fields, textFields(text)...).header())
	if err != nil {
		return fmt.Errorf("compose message: %w", err)
	}
	if _, err := single.Write(textOctets(text)); err != nil {
		return fmt.Errorf("compose message: %w", err)
	}
	if err := single.Close(); err != nil {
		return fmt.Errorf("compose message: %w", err)
	}
	if textTransfer(text) == "base64" { // its last line is left open
		if _, err := io.WriteString(w, "\r\n"); err != nil {
			return fmt.Errorf("compose message: %w", err)
		}
	}
	return nil
}

// textFields describes the text part.
func textFields(text string) headerFields {
	var h headerFields
	h.add("Content-Type", "text/plain; charset=utf-8")
	h.add("Content-Transfer-Encoding", textTransfer(text))
	return h
}

// textTransfer chooses quoted-printable, which stays readable, unless so much of the text is outside
// ASCII that base64 is shorter.
func textTransfer(text string) string {
	beyond := 0
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			beyond++
		}
	}
	if beyond > len(text)/5 {
		return "base64"
	}
	return "quoted-printable"
}

// textOctets is the text with CRLF line ends, the last one included, without control characters.
func textOctets(text string) []byte {
	text = cleanText(strings.ToValidUTF8(text, "\uFFFD"))
	return []byte(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
}

// attachmentFields describes an attachment; position counts from 1. The name is in RFC 2231 form
// where ASCII does not do (R35, R158). Types that would need another transfer encoding than base64
// (RFC 2046 sections 5.1 and 5.2.1) are sent as octets.
func attachmentFields(a conversations.Attachment, position int) headerFields {
	mediaType := validType(strings.ToLower(strings.Trim(a.Type, asciiSpace)), "application/octet-stream")
	if strings.HasPrefix(mediaType, "multipart/") || strings.HasPrefix(mediaType, "message/") {
		mediaType = "application/octet-stream"
	}
	name := cleanName(a.Name)
	if name == "" {
		name = (&leaf{mediaType: mediaType}).name(position)
	}
	var h headerFields
	h.add("Content-Type", mediaType)
	h.add("Content-Transfer-Encoding", "base64")
	h.add("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return h
}

// writeAddresses writes an address list; empty for an empty one.
func writeAddresses(list []conversations.NamedAddress) (string, error) {
	out := make([]string, len(list))
	for i, a := range list {
		wire := a.Address.Wire()
		name := personName(a.Name)
		unfit := func(r rune) bool { return r <= ' ' || unicode.IsControl(r) || strings.ContainsRune(`<>(),;:"\`, r) }
		if a.Address.Local == "" || a.Address.Domain == "" || !utf8.ValidString(wire) || strings.IndexFunc(wire, unfit) >= 0 {
			return "", ErrDraft
		}
		switch {
		case !isASCII(wire):
			out[i] = encodeWords(strings.Trim(name+" "+wire, " ")) + " :;"
		case name != "":
			out[i] = writePhrase(name) + " <" + wire + ">"
		default:
			out[i] = "<" + wire + ">"
		}
	}
	return strings.Join(out, ", "), nil
}

// writeMessageIDs writes identifiers in angle brackets, leaving out those that cannot stand there.
func writeMessageIDs(ids []string) string {
	var out []string
	for _, id := range ids {
		if validMessageID(id) && isASCII(id) {
			out = append(out, "<"+id+">")
		}
	}
	return strings.Join(out, " ")
}

// isASCII reports whether s needs no more than seven bits.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
