package conversations

import (
	"context"
	"errors"
	"slices"

	"mesbridge/rules"
)

// SaveDocument saves an attachment of the patient's messages among his documents (I179). Saved is false for
// one that was saved before, which is returned. What cannot be saved is KindInvalidRequest.
func (s *Service) SaveDocument(ctx context.Context, actor Actor, p PatientID, attachment ID) (d Document, saved bool, err error) {
	_, source, err := s.findAttachment(ctx, p, attachment, inSight) // the save is the trace: nobody is shown the content
	if err != nil {
		return Document{}, false, err
	}
	if err := s.mayManage(ctx, p); err != nil {
		return Document{}, false, err
	}
	if !source.Savable {
		return Document{}, false, &Error{Kind: KindInvalidRequest, Rule: "I179"}
	}
	if d, err = s.savedFrom(ctx, p, attachment); err != nil || d.ID != "" {
		return d, false, err
	}
	body, err := s.copyBody(ctx, p, source)
	if err != nil {
		return Document{}, false, err
	}
	message, _, _ := splitAttachment(attachment)
	thread, _, _ := splitAttachment(message)
	q := FactsQuery{Messages: []ID{documentsField, message}, Conversations: []ID{thread}}
	_, _, err = s.run(ctx, p, "", q, func(l *loaded) (*decision, error) {
		return l.saveDocument(actor, source, thread, message, body)
	})
	if err != nil {
		return Document{}, false, err
	}
	d, err = s.savedFrom(ctx, p, attachment)
	return d, true, err
}

// savedFrom finds the document that was saved from an attachment; the zero Document when there is none.
func (s *Service) savedFrom(ctx context.Context, p PatientID, attachment ID) (Document, error) {
	l, ids, err := s.loadDocuments(ctx, p)
	if err != nil {
		return Document{}, err
	}
	all, err := l.documents(ctx, ids)
	if err != nil {
		return Document{}, err
	}
	at := slices.IndexFunc(all, func(d Document) bool { return d.Source == attachment })
	if at < 0 {
		return Document{}, nil
	}
	return all[at], nil
}

// copyBody keeps the content of an attachment as a body of its own.
func (s *Service) copyBody(ctx context.Context, p PatientID, d Download) (ID, error) {
	id, w, err := s.NewBody(ctx, p)
	if err != nil {
		return "", err
	}
	if err := d.Write(w); err != nil {
		return "", errors.Join(unavailable("copy a document", err), w.Abort())
	}
	if err := w.Commit(); err != nil {
		return "", unavailable("store the body", err)
	}
	return id, nil
}

// saveDocument prepares the records of a saved document.
func (l *loaded) saveDocument(actor Actor, source Download, thread, message, body ID) (*decision, error) {
	ids, err := documentIDs(l.facts)
	if err != nil {
		return nil, err
	}
	now := l.svc.Now()
	label := documentLabel{Name: source.Name, Type: source.Type, SHA256: source.SHA256[:], From: l.authorOf(thread, message)}
	rec := documentRecord{Source: source.ID, At: toMillis(now), Bytes: source.Bytes, Hidden: l.thread[thread].Hidden}
	rec.Sealed = l.vault.seal(TableMessages, string(body), label)
	return &decision{
		actor: actor,
		verdict: rules.Verdict{Change: rules.Change{
			Kind: rules.DocumentSaved, Seq: l.facts.Version + 1, At: now, Bytes: source.Bytes, Conversation: thread.Conversation(), Message: message.Message(),
		}},
		records: []Record{
			{Table: TableMessages, Field: string(body), Value: pack(rec)},
			{Table: TableMessages, Field: string(documentsField), Value: pack(append(ids, body))},
		},
	}, nil
}

// authorOf names the author of a loaded message, empty when it is gone or the patient's own.
func (l *loaded) authorOf(thread, message ID) string {
	var m messageRecord
	if b := l.facts.Messages[message]; b == nil || unpack(b, &m) != nil {
		return ""
	}
	return l.names(thread)[rules.MailboxID(m.From)]
}

// savedSources tells of which attachments there is a copy among the patient's documents, as far as whoever looks may see
// them.
func (l *loaded) savedSources(ctx context.Context) (map[ID]bool, error) {
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: []ID{documentsField}})
	if err != nil {
		return nil, unavailable("read documents", err)
	}
	ids, err := documentIDs(f)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	if f, err = l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: ids}); err != nil {
		return nil, unavailable("read documents", err)
	}
	saved := make(map[ID]bool, len(ids))
	for _, b := range f.Messages {
		var r documentRecord
		if err := unpack(b, &r); err != nil {
			return nil, unavailable("open a document", err)
		}
		if !l.hides(r.Hidden) {
			saved[r.Source] = true
		}
	}
	return saved, nil
}

// noteSaved marks the attachments of messages that are among the patient's documents.
func (l *loaded) noteSaved(ctx context.Context, shown []Message) error {
	all := attachmentLines(shown)
	if !slices.ContainsFunc(all, func(a *AttachmentLine) bool { return a.Savable }) {
		return nil
	}
	saved, err := l.savedSources(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		a.Saved = saved[a.ID]
	}
	return nil
}

// attachmentLines lists the attachments of messages with the files that their health documents embed.
func attachmentLines(shown []Message) []*AttachmentLine {
	var all []*AttachmentLine
	for i := range shown {
		for j := range shown[i].Attachments {
			a := &shown[i].Attachments[j]
			all = append(all, a)
			for _, d := range a.Documents {
				for k := range d.Embedded {
					all = append(all, &d.Embedded[k])
				}
			}
		}
	}
	return all
}
