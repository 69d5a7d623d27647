package conversations

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// Scanner looks for viruses. It is implemented by package scan of bridge.
type Scanner interface {
	// Check gives the name of what it found in r, empty when r is clean; an error means that nobody knows.
	Check(ctx context.Context, r io.Reader) (found string, err error)
}

// errInfected means that an attachment holds a virus.
var errInfected = errors.New("an attachment is infected")

// scan looks into attachments before they become part of a message that leaves or is filed (O168). It fails
// with KindInvalidRequest for an infected one, and with KindUnavailable when nobody knows.
func (s *Service) scan(ctx context.Context, attachments []Attachment) error {
	if s.Scanner == nil {
		return nil
	}
	for _, a := range attachments {
		found, err := s.Scanner.Check(ctx, bytes.NewReader(a.Content))
		if err != nil {
			return unavailable("scan an attachment", err)
		}
		if found != "" {
			s.Log.WarnContext(ctx, "attachment refused", "rule", "O168", "found", found)
			return &Error{Kind: KindInvalidRequest, Rule: "O168", Err: errInfected}
		}
	}
	return nil
}
