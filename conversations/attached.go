package conversations

import (
	"context"
	"io"
)

// Attached is a message that is attached to one of the patient's messages.
type Attached struct {
	AttachmentLine
	View View
}

// Attached reads an attachment that is a message itself (RFC 2046 section 5.2.1). Nothing vouches for its
// author, so none is told. It fails with KindNotFound for any other attachment.
func (s *Service) Attached(ctx context.Context, actor Actor, p PatientID, id ID) (Attached, error) {
	d, err := s.Attachment(ctx, actor, p, id)
	if err != nil {
		return Attached{}, err
	}
	if d.Type != originalType {
		return Attached{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(d.Write(w)) }() // ends when all is read or r is closed
	view, err := s.Mail.View(r)
	_ = r.Close()
	if err != nil {
		return Attached{}, unavailable("read an attached message", err)
	}
	return Attached{AttachmentLine: d.AttachmentLine, View: view}, nil
}
