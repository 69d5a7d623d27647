package conversations

import (
	"context"
	"errors"
	"io"
	"time"

	"mesbridge/rules"
)

// Exported is one file of what a patient takes away with him: a message as [Service.Original] gives it, or a
// saved document. Write reads it from the store, and fails when it went meanwhile.
type Exported struct {
	AttachmentLine
	Document bool
	At       time.Time
	Write    func(io.Writer) error
}

// Export gives each message and each document of the patient to take, newest conversation first, one at a time: not
// what he deleted, nor what is hidden from whoever acts for him (D28). Who may only read and reply may not take
// everything away (R133). That it was taken is traced before the first file is given (O155); take's failure ends it.
func (s *Service) Export(ctx context.Context, actor Actor, p PatientID, take func(Exported) error) error {
	l, ids, err := s.loadDocuments(ctx, p)
	if err != nil {
		return err
	}
	if err := l.may(rules.MayGovern); err != nil {
		return err
	}
	if err := l.touch(ctx, actor, entryFrame{Kind: TraceTaken}); err != nil {
		return err
	}
	var from InboxEntry
	for {
		entries, err := s.Store.Inbox(ctx, p, from, MaxPage)
		if err != nil {
			return unavailable("list the inbox", err)
		}
		for _, e := range entries {
			from = e
			if err := s.exportThread(ctx, p, e.ID, take); err != nil {
				return err
			}
		}
		if len(entries) < MaxPage {
			break
		}
	}
	documents, err := l.documents(ctx, ids)
	if err != nil {
		return err
	}
	for _, d := range documents {
		if err := take(Exported{AttachmentLine: d.AttachmentLine, Document: true, At: d.SavedAt, Write: l.bodyWriter(ctx, d.ID)}); err != nil {
			return err
		}
	}
	return nil
}

// exportThread gives each message of a conversation, oldest first. One that was deleted meanwhile has none.
func (s *Service) exportThread(ctx context.Context, p PatientID, id ID, take func(Exported) error) error {
	l, err := s.loadThread(ctx, p, id)
	if KindOf(err) == KindNotFound && err != nil {
		return nil
	}
	if err != nil {
		return err
	}
	if !l.shown(id) {
		return nil
	}
	r := l.thread[id]
	for first := r.Cleared + 1; first <= r.Count; first += MaxPage {
		var ids []ID
		for n := first; n <= min(r.Count, first+MaxPage-1); n++ {
			ids = append(ids, messageID(id, n))
		}
		if err := l.exportMessages(ctx, id, ids, take); err != nil {
			return err
		}
	}
	return nil
}

// exportMessages gives some messages of a conversation.
func (l *loaded) exportMessages(ctx context.Context, thread ID, ids []ID, take func(Exported) error) error {
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: ids})
	if err != nil {
		return unavailable("read messages", err)
	}
	for _, id := range ids {
		b, ok := f.Messages[id]
		if !ok {
			continue
		}
		m, err := l.openMessage(id, b)
		if err != nil {
			return err
		}
		people, err := l.peopleOf(thread, m)
		if err != nil {
			return err
		}
		e := Exported{
			AttachmentLine: AttachmentLine{ID: id, Name: originalName, Type: originalType}, At: m.At.time(),
			Write: func(w io.Writer) error { return l.writeOriginal(ctx, m, people, w) },
		}
		if err := take(e); err != nil {
			return err
		}
	}
	return nil
}

// writeOriginal writes a message with names in place of addresses (D11).
func (l *loaded) writeOriginal(ctx context.Context, m numbered, people People, w io.Writer) error {
	body, err := l.openBody(ctx, m.Body)
	if err != nil {
		return err
	}
	return errors.Join(l.svc.Mail.Original(body, people, w), body.Close())
}

// bodyWriter returns a function that writes the bytes of a body.
func (l *loaded) bodyWriter(ctx context.Context, id ID) func(io.Writer) error {
	return func(w io.Writer) error {
		body, err := l.openBody(ctx, id)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, body)
		return errors.Join(err, body.Close())
	}
}
