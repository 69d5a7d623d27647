package mail

import (
	"errors"
	"io"
	"slices"
)

// References implements [conversations.Mail]: the Message-IDs that an answer refers to, oldest first
// (RFC 5322 section 3.6.4): those of References, or of In-Reply-To when there are none, then the
// message's own. Of a thread longer than 100 messages the first and the last are kept. It reads no
// further than the header, and fails only when raw cannot be read.
func (c *Codec) References(raw io.Reader) ([]string, error) {
	var a ancestry
	if err := c.walk(raw, &a); err != nil && !errors.Is(err, errFound) {
		return nil, err
	}
	ids := a.references
	if len(ids) == 0 {
		ids = a.inReplyTo
	}
	if a.messageID != "" {
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == a.messageID })
		ids = append(ids, a.messageID)
	}
	if len(ids) > maxReferences {
		ids = slices.Delete(ids, 1, len(ids)-maxReferences+1)
	}
	return ids, nil
}

// ancestry reads the identifiers of a header and stops the walk there.
type ancestry struct {
	messageID             string
	inReplyTo, references []string
}

// read takes one field of the header.
func (a *ancestry) read(f field) {
	switch f.name {
	case "message-id":
		if a.messageID == "" {
			a.messageID = firstOf(messageIDs(unfold(f.value)))
		}
	case "in-reply-to":
		a.inReplyTo = append(a.inReplyTo, messageIDs(unfold(f.value))...)
	case "references":
		a.references = append(a.references, messageIDs(unfold(f.value))...)
	}
}

func firstOf(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

func (a *ancestry) header(_ []byte, fields []field, _ bool) error {
	for _, f := range fields {
		a.read(f)
	}
	return errFound
}

func (*ancestry) begin(*leaf) io.Writer { return nil }
func (*ancestry) end() error            { return nil }
func (*ancestry) drop()                 {}
