package mail

import (
	"errors"
	netmail "net/mail"
	"strings"
	"time"

	"mesbridge/conversations"
)

// Facts is what rules and conversations need to know of a message that comes in.
type Facts struct {
	From          conversations.NamedAddress // the author, when there is exactly one (O69)
	FromFields    int                        // From fields in the header
	FromAddresses int                        // addresses in them, those that cannot be read included
	Sender        conversations.NamedAddress // zero when there is no Sender field (O69)
	ReplyTo       []conversations.NamedAddress
	To            []conversations.NamedAddress
	Cc            []conversations.NamedAddress
	ReadTo        []conversations.NamedAddress // Disposition-Notification-To (R57)

	Subject       string    // decoded and unfolded, of the first Subject field
	MessageID     string    // without angle brackets; empty when there is none that can be read
	References    []string  // nearest first, at most 100, without angle brackets
	Date          time.Time // UTC; zero when it cannot be read
	EndHeaders    []string  // values of all X-MSS-MES fields, unfolded (R81)
	AutoSubmitted bool      // Auto-Submitted with another value than no (RFC 3834)
	AutoReplied   bool      // that value is auto-replied: an answer to a message, not a document that a program sends
	IsReport      bool      // multipart/report

	Report Report // what it says as a report; set by whoever reads it with a ReportReader

	HasText     bool // some text that is shown is not blank
	Attachments int  // how many View will list
	Documents   bool // some attachment may be a health document, or hold one

	Digest [32]byte // SHA-256 from the first field that is not a trace field; see traceField
	SHA256 [32]byte // SHA-256 of all octets
	Bytes  int64
}

// readHeader fills in what the message's own header says. Of a field that may stand only once, the
// first counts; From and Sender are refused when they stand twice.
func (f *Facts) readHeader(fields []field) error {
	var ids ancestry
	var subject bool
	var sender error
	for _, h := range fields {
		if h.name == "" || h.name == traceField {
			continue
		}
		ids.read(h)
		value := unfold(h.value)
		switch h.name {
		case "from":
			f.addFrom(value)
		case "sender":
			sender = errors.Join(sender, f.setSender(value))
		case "reply-to":
			f.ReplyTo = appendAddresses(f.ReplyTo, value)
		case "to":
			f.To = appendAddresses(f.To, value)
		case "cc":
			f.Cc = appendAddresses(f.Cc, value)
		case "disposition-notification-to":
			f.ReadTo = appendAddresses(f.ReadTo, value)
		case "subject":
			if !subject {
				f.Subject, subject = decodeText(value), true
			}
		case "date":
			if f.Date.IsZero() {
				f.Date = readDate(value)
			}
		case "x-mss-mes":
			f.EndHeaders = append(f.EndHeaders, value)
		case "auto-submitted":
			word, _, _ := strings.Cut(strings.ToLower(value), ";")
			word, _, _ = strings.Cut(word, "(") // a comment
			word = strings.Trim(word, asciiSpace)
			f.AutoSubmitted = f.AutoSubmitted || word != "no"
			f.AutoReplied = f.AutoReplied || word == "auto-replied"
		case "content-type":
			mediaType, _ := parseStructured(value)
			f.IsReport = f.IsReport || mediaType == "multipart/report"
		}
	}
	f.MessageID = ids.messageID
	f.References = nearestFirst(ids.inReplyTo, ids.references)
	return f.author(sender)
}

// addFrom reads one From field.
func (f *Facts) addFrom(value string) {
	f.FromFields++
	list, others := readAddresses(value)
	f.FromAddresses += len(list)
	if others {
		f.FromAddresses++
	}
	if len(list) > 0 {
		f.From = list[0]
	}
}

// setSender reads the Sender field. A second one, or one that is not exactly one address, is refused:
// it could name somebody else to another reader.
func (f *Facts) setSender(value string) error {
	list, others := readAddresses(value)
	if len(list) != 1 || others || f.Sender != (conversations.NamedAddress{}) {
		return ErrSender
	}
	f.Sender = list[0]
	return nil
}

// author checks that there is exactly one author.
func (f *Facts) author(sender error) error {
	switch {
	case f.FromFields > 1 || f.FromAddresses > 1:
		f.From = conversations.NamedAddress{}
		return ErrManyFrom
	case f.From.Address.IsZero():
		return ErrNoFrom
	}
	return sender
}

func appendAddresses(to []conversations.NamedAddress, value string) []conversations.NamedAddress {
	list, _ := readAddresses(value)
	return append(to, list...)
}

// readDate reads a Date field. The usual form is tried first: the standard library tries all that RFC
// 5322 allows, in an order in which the usual one comes late.
func readDate(value string) time.Time {
	t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", value)
	if err != nil {
		t, err = netmail.ParseDate(value)
	}
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
