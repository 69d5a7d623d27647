package conversations

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"mesbridge/rules"
)

// maxSavable is the size above which a document cannot be saved, in bytes (I179).
const maxSavable = 5_000_000

// attachmentLine describes one attachment of a message.
func attachmentLine(message ID, p Part) AttachmentLine {
	line := AttachmentLine{
		ID: attachmentID(message, p.Index), Name: p.Name, Type: p.Type, Bytes: p.Bytes, SHA256: p.SHA256,
		Savable: p.Bytes <= maxSavable && savableName(p.Name),
	}
	for _, d := range p.Documents {
		line.Documents = append(line.Documents, documentLine(message, d))
	}
	return line
}

// savableName reports whether the patient's documents take files of that name (I179).
func savableName(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	return dot >= 0 && slices.Contains([]string{"jpeg", "jpg", "png", "pdf", "rtf", "tif", "tiff", "txt"}, strings.ToLower(name[dot+1:]))
}

// Attachment opens one attachment of the patient's messages, with its trace (O155).
func (s *Service) Attachment(ctx context.Context, actor Actor, p PatientID, id ID) (Download, error) {
	return s.attachment(ctx, actor, p, id, inSight)
}

// AttachmentLine describes one attachment of the patient's messages as its conversation does, and opens nothing.
func (s *Service) AttachmentLine(ctx context.Context, p PatientID, id ID) (AttachmentLine, error) {
	l, d, err := s.findAttachment(ctx, p, id, inSight)
	if err != nil {
		return AttachmentLine{}, err
	}
	saved, err := l.savedSources(ctx)
	d.Saved = saved[id]
	return d.AttachmentLine, err
}

// inSight reports whether whoever looks sees the message in its conversation.
func inSight(l *loaded, m numbered) bool {
	thread, number, _ := splitAttachment(m.id)
	return number > l.thread[thread].Cleared && !l.hides(l.thread[thread].Hidden)
}

// attachment opens one attachment of a message that may shows.
func (s *Service) attachment(ctx context.Context, actor Actor, p PatientID, id ID, may func(*loaded, numbered) bool) (Download, error) {
	l, d, err := s.findAttachment(ctx, p, id, may)
	if err != nil {
		return Download{}, err
	}
	message, _, _ := splitAttachment(id)
	thread, _, _ := splitAttachment(message)
	return d, l.touch(ctx, actor, entryFrame{Kind: TraceDownload, Conversation: thread, Message: message})
}

// findAttachment finds one attachment of a message that may shows.
func (s *Service) findAttachment(ctx context.Context, p PatientID, id ID, may func(*loaded, numbered) bool) (*loaded, Download, error) {
	message, index, ok := splitAttachment(id)
	if !ok {
		return nil, Download{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	thread, _, _ := splitAttachment(message)
	l, err := s.load(ctx, p, FactsQuery{Messages: []ID{message}, Conversations: []ID{thread}})
	if err != nil {
		return nil, Download{}, err
	}
	if err := l.mayRead(); err != nil {
		return nil, Download{}, err
	}
	b, ok := l.facts.Messages[message]
	if !ok {
		return nil, Download{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	r, err := l.openMessage(message, b)
	if err != nil {
		return nil, Download{}, err
	}
	if !may(l, r) {
		return nil, Download{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	d, err := l.download(ctx, r, index)
	return l, d, err
}

// download describes an attachment and gives what writes its content.
func (l *loaded) download(ctx context.Context, r numbered, index int) (Download, error) {
	body, err := l.openBody(ctx, r.Body)
	if err != nil {
		return Download{}, err
	}
	view, err := l.svc.Mail.View(body)
	_ = body.Close()
	if err != nil {
		return Download{}, unavailable("read a body", err)
	}
	part, ok := view.part(index)
	if !ok {
		return Download{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	return Download{
		AttachmentLine: attachmentLine(r.id, part),
		Write: func(w io.Writer) error {
			again, err := l.openBody(ctx, r.Body)
			if err != nil {
				return err
			}
			return errors.Join(l.svc.Mail.Part(again, index, w), again.Close())
		},
	}, nil
}

// openBody reads the bytes of a message.
func (l *loaded) openBody(ctx context.Context, id ID) (io.ReadCloser, error) {
	body, err := l.svc.Bodies.Open(ctx, l.id, id, l.key)
	if err != nil {
		return nil, unavailable("open a body", err)
	}
	return body, nil
}

// participates reports whether one of mailboxes sent or received the message (D34).
func (r messageRecord) participates(mailboxes []rules.MailboxID) bool {
	return slices.Contains(mailboxes, rules.MailboxID(r.From)) ||
		slices.ContainsFunc(r.To, func(m hexID) bool { return slices.Contains(mailboxes, rules.MailboxID(m)) })
}
