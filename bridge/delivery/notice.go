package delivery

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"mesbridge/conversations"
)

// Notice is a delivery status notification about one recipient (RFC 3464, R48).
type Notice struct {
	Key    string    // names the notice; the same notice under the same key has the same bytes
	Date   time.Time // of the notice
	MTA    string    // our host name
	Zone   *time.Location
	Report conversations.Report
}

// Compose writes the notice: a multipart/report of a French text, the status, and of the message no
// more than its Message-ID and subject (RFC 6522, R50). It is never to be sent to a null reverse-path,
// and always from one (R47). Nothing of a professional's message can add a field to it: what does not
// fit in a field is left out.
func (n Notice) Compose(w io.Writer) error {
	b := n.brief()
	var h mail.Header
	id := opaque(n.Key)
	h.SetContentType("multipart/report", map[string]string{"report-type": "delivery-status", "boundary": "=_" + id})
	h.Set("MIME-Version", "1.0")
	h.Set("Auto-Submitted", "auto-replied") // RFC 3834
	h.SetMessageID(id + "@" + n.MTA)
	h.SetSubject(b.subject)
	h.SetDate(n.Date.UTC())
	h.SetAddressList("To", []*mail.Address{{Address: n.Report.To.Wire()}})
	h.SetAddressList("From", []*mail.Address{{Address: "MAILER-DAEMON@" + n.Report.From.Domain}}) // R46
	m, err := message.CreateWriter(w, h.Header)
	if err != nil {
		return fmt.Errorf("compose notice: %w", err)
	}
	for _, part := range []struct {
		mediaType string
		content   []byte
	}{
		{"text/plain", []byte(b.text)},
		{"message/delivery-status", n.status(b)},
		{"text/rfc822-headers", original(n.Report.MessageID, n.Report.Subject)},
	} {
		if err := writePart(m, part.mediaType, part.content); err != nil {
			return fmt.Errorf("compose notice: %w", err)
		}
	}
	if err := m.Close(); err != nil {
		return fmt.Errorf("compose notice: %w", err)
	}
	return nil
}

func writePart(m *message.Writer, mediaType string, content []byte) error {
	var h message.Header
	if mediaType == "text/plain" {
		h.SetContentType(mediaType, map[string]string{"charset": "utf-8"})
		h.Set("Content-Transfer-Encoding", "quoted-printable")
	} else {
		h.SetContentType(mediaType, nil)
	}
	part, err := m.CreatePart(h)
	if err != nil {
		return err
	}
	if _, err := part.Write(content); err != nil {
		return err
	}
	return part.Close()
}

// status is the machine-readable part: a group for the message, a group for the recipient.
func (n Notice) status(b brief) []byte {
	var whole, recipient fields
	whole.add("Reporting-MTA", "dns; "+n.MTA)
	whole.add("Original-Envelope-Id", n.Report.Receipt.EnvID)
	whole.add("Arrival-Date", n.Report.ArrivedAt.UTC().Format(time.RFC1123Z))
	recipient.add("Original-Recipient", originalRecipient(n.Report.Receipt.ORcpt))
	recipient.add("Final-Recipient", "rfc822; "+n.Report.From.Wire())
	recipient.add("Action", b.action)
	recipient.add("Status", b.status)
	return slices.Concat(whole.bytes(), []byte("\r\n"), recipient.bytes())
}

// fields is a group of header fields in order.
type fields struct {
	names, values []string
}

// maxWordOctets is the length of a word that still fits a line, with the name of a field before it (RFC 5322
// section 2.1.1). Lines are folded between words.
const maxWordOctets = 950

// add adds a field unless its value is empty, not of printable ASCII, or too long for a line: such a value
// could only come from outside, and only to break the group.
func (f *fields) add(name, value string) {
	if value == "" || !printable(value) || longestWord(value) > maxWordOctets {
		return
	}
	f.names, f.values = append(f.names, name), append(f.values, value)
}

// bytes writes the group, names as their RFC writes them, lines folded between words, without an empty line
// after it: one that nothing follows reads as a group that is empty, for which RFC 3464 section 2.1 has no place.
func (f *fields) bytes() []byte {
	var out bytes.Buffer
	for i, name := range f.names {
		out.WriteString(name + ":")
		length := len(name) + 1
		for _, word := range strings.Fields(f.values[i]) {
			if length+1+len(word) > foldAt && length > len(name)+1 {
				out.WriteString("\r\n")
				length = 0
			}
			out.WriteString(" " + word)
			length += 1 + len(word)
		}
		out.WriteString("\r\n")
	}
	return out.Bytes()
}

// foldAt is the length that lines of a group are folded to (RFC 5322 section 2.1.1).
const foldAt = 76

// originalRecipient turns the ORCPT parameter, "rfc822;" and an address whose xtext the server undid
// (RFC 3461 section 4), into the value of Original-Recipient; empty when it is malformed.
func originalRecipient(parameter string) string {
	kind, address, ok := strings.Cut(parameter, ";")
	if !ok || address == "" || kind == "" || strings.ContainsAny(kind, " ()<>@,:\\\"") {
		return ""
	}
	return strings.ToLower(kind) + "; " + address
}

// visible drops control characters.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// opaque names a message after the effect that sends it, so that a repeat has the same name, without
// telling the effect.
func opaque(key string) string {
	sum := sha256.Sum256([]byte("mesbridge message " + key))
	return hex.EncodeToString(sum[:16])
}

func longestWord(s string) (longest int) {
	for w := range strings.FieldsSeq(s) {
		longest = max(longest, len(w))
	}
	return longest
}

// printable reports whether s is printable ASCII.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
