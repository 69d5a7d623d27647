package audit

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Filter says which traces are asked for: those that meet all that is set.
type Filter struct {
	Mailbox   rules.MailboxID
	Patient   conversations.PatientID
	From, To  time.Time        // the first instant, and the first one after it
	Message   conversations.ID // id of the bridge, of a message or a conversation
	MessageID []byte           // name of an RFC 5322 Message-ID (conversations.TraceOf)
}

// needles are bytes that every entry asked for holds somewhere, so that the others need not be read.
func (f Filter) needles() ([][]byte, error) {
	var all [][]byte
	for _, id := range []string{string(f.Mailbox), string(f.Patient)} {
		b, err := hex.DecodeString(id)
		if err != nil {
			return nil, fmt.Errorf("read filter: %w", err)
		}
		all = append(all, b)
	}
	all = append(all, []byte(f.Message), f.MessageID)
	return all, nil
}

// holds reports whether an entry may be one that is asked for.
func holds(entry []byte, needles [][]byte) bool {
	for _, n := range needles {
		if len(n) > 0 && !bytes.Contains(entry, n) {
			return false
		}
	}
	return true
}

// meets reports whether a trace is one that is asked for.
func (f Filter) meets(t conversations.Trace) bool {
	return (f.Mailbox == "" || t.Mailbox == f.Mailbox) &&
		(f.Patient == "" || t.Patient == f.Patient) &&
		(f.From.IsZero() || !t.At.Before(f.From)) &&
		(f.To.IsZero() || t.At.Before(f.To)) &&
		(f.Message == "" || t.Message == f.Message || t.Conversation == f.Message) &&
		(f.MessageID == nil || t.MessageID == hex.EncodeToString(f.MessageID))
}
