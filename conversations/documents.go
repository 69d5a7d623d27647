package conversations

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// Document is an attachment that the patient saved. It stays when its conversation is deleted, in this
// service alone (I178, R105).
type Document struct {
	AttachmentLine
	SavedAt time.Time
	From    string // who sent the message that it came with
	Source  ID     // the attachment that it was saved from
	Thread  ID     // the conversation of that, as long as it is there to read; told by Documents and DocumentLine
}

// DocumentPage is one page of the patient's documents, the last saved first.
type DocumentPage struct {
	Items []Document
	Next  string
}

// documentsField is the field of TableMessages that lists the documents' ids, the last saved last. A
// document stands under its own id, which is that of its body.
const documentsField ID = "documents"

// documentRecord is one saved document.
type documentRecord struct {
	Source ID     `cbor:"1,keyasint"`
	At     millis `cbor:"2,keyasint"`
	Bytes  int64  `cbor:"3,keyasint"`
	Sealed []byte `cbor:"4,keyasint"`           // documentLabel
	Hidden bool   `cbor:"5,keyasint,omitempty"` // it came with a confidential message (D28)
}

// documentLabel is what names in a document.
type documentLabel struct {
	Name   string `cbor:"1,keyasint"`
	Type   string `cbor:"2,keyasint"`
	SHA256 []byte `cbor:"3,keyasint"`
	From   string `cbor:"4,keyasint,omitempty"`
}

// documentIDs reads the list of documents among facts.
func documentIDs(f Facts) ([]ID, error) {
	var ids []ID
	if b := f.Messages[documentsField]; b != nil {
		if err := unpack(b, &ids); err != nil {
			return nil, unavailable("open the list of documents", err)
		}
	}
	return ids, nil
}

// loadDocuments reads the patient with the ids of his documents.
func (s *Service) loadDocuments(ctx context.Context, p PatientID) (*loaded, []ID, error) {
	l, err := s.load(ctx, p, FactsQuery{Messages: []ID{documentsField}})
	if err != nil {
		return nil, nil, err
	}
	if err := l.mayRead(); err != nil {
		return nil, nil, err
	}
	ids, err := documentIDs(l.facts)
	return l, ids, err
}

// documents reads documents by their ids, in that order.
func (l *loaded) documents(ctx context.Context, ids []ID) ([]Document, error) {
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: ids})
	if err != nil {
		return nil, unavailable("read documents", err)
	}
	all := make([]Document, 0, len(ids))
	for _, id := range ids {
		b := f.Messages[id]
		if b == nil {
			continue
		}
		d, hidden, err := l.document(id, b)
		if err != nil {
			return nil, err
		}
		if !l.hides(hidden) {
			all = append(all, d)
		}
	}
	return all, nil
}

// document opens the record of a document.
func (l *loaded) document(id ID, b []byte) (d Document, hidden bool, err error) {
	var r documentRecord
	if err := unpack(b, &r); err != nil {
		return Document{}, false, unavailable("open a document", err)
	}
	var label documentLabel
	if err := l.vault.open(TableMessages, string(id), r.Sealed, &label); err != nil {
		return Document{}, false, unavailable("open a document", err)
	}
	d = Document{
		AttachmentLine: AttachmentLine{ID: id, Name: label.Name, Type: label.Type, Bytes: r.Bytes},
		SavedAt:        r.At.time(), From: label.From, Source: r.Source,
	}
	copy(d.SHA256[:], label.SHA256)
	return d, r.Hidden, nil
}

// Documents lists the patient's documents, the last saved first.
func (s *Service) Documents(ctx context.Context, p PatientID, from string, limit int) (DocumentPage, error) {
	_, parts, err := parseCursor(from, 1)
	if err != nil {
		return DocumentPage{}, err
	}
	l, ids, err := s.loadDocuments(ctx, p)
	if err != nil {
		return DocumentPage{}, err
	}
	slices.Reverse(ids)
	if at := slices.Index(ids, ID(parts[0])); parts[0] != "" {
		ids = ids[at+1:] // all again when that one was deleted meanwhile
	}
	page := DocumentPage{}
	if size := pageSize(limit); len(ids) > size {
		ids = ids[:size]
		page.Next = cursor(time.UnixMilli(0), string(ids[size-1]))
	}
	if page.Items, err = l.documents(ctx, ids); err != nil {
		return DocumentPage{}, err
	}
	return page, l.whence(ctx, page.Items)
}

// DocumentLine tells one of the patient's documents, without opening it.
func (s *Service) DocumentLine(ctx context.Context, p PatientID, id ID) (Document, error) {
	l, d, err := s.findDocument(ctx, p, id)
	if err != nil {
		return Document{}, err
	}
	found := []Document{d}
	err = l.whence(ctx, found)
	return found[0], err
}

// whence tells of documents in which conversation the message still is that they came with.
func (l *loaded) whence(ctx context.Context, found []Document) error {
	if len(found) == 0 {
		return nil
	}
	var threads []ID
	for _, d := range found {
		message, _, _ := splitAttachment(d.Source)
		thread, _, _ := splitAttachment(message)
		threads = append(threads, thread)
	}
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Conversations: lo.Uniq(threads)})
	if err != nil {
		return unavailable("read conversations", err)
	}
	for i := range found {
		b := f.Conversations[threads[i]]
		if b == nil {
			continue
		}
		var r threadRecord
		if err := unpack(b, &r); err != nil {
			return unavailable("open a conversation", err)
		}
		if message, _, _ := splitAttachment(found[i].Source); messageNumber(message) > r.Cleared && !l.hides(r.Hidden) {
			found[i].Thread = threads[i]
		}
	}
	return nil
}

// findDocument finds one of the patient's documents that whoever looks may see.
func (s *Service) findDocument(ctx context.Context, p PatientID, id ID) (*loaded, Document, error) {
	l, ids, err := s.loadDocuments(ctx, p)
	if err != nil {
		return nil, Document{}, err
	}
	if !slices.Contains(ids, id) {
		return nil, Document{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	found, err := l.documents(ctx, []ID{id})
	if err != nil {
		return nil, Document{}, err
	}
	if len(found) == 0 {
		return nil, Document{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	return l, found[0], nil
}

// Document opens one of the patient's documents, with its trace.
func (s *Service) Document(ctx context.Context, actor Actor, p PatientID, id ID) (Download, error) {
	l, found, err := s.findDocument(ctx, p, id)
	if err != nil {
		return Download{}, err
	}
	if err := l.touch(ctx, actor, entryFrame{Kind: TraceDownload, Message: id}); err != nil {
		return Download{}, err
	}
	return Download{
		AttachmentLine: found.AttachmentLine,
		Write:          l.bodyWriter(ctx, id),
	}, nil
}

// DeleteDocument deletes one of the patient's documents, at once and for good.
func (s *Service) DeleteDocument(ctx context.Context, actor Actor, p PatientID, id ID) error {
	_, _, err := s.run(ctx, p, "", FactsQuery{Messages: []ID{documentsField, id}}, func(l *loaded) (*decision, error) {
		if err := l.mayRead(); err != nil {
			return nil, err
		}
		ids, err := documentIDs(l.facts)
		if err != nil {
			return nil, err
		}
		at := slices.Index(ids, id)
		if at < 0 || strings.ContainsRune(string(id), '.') {
			return nil, &Error{Kind: KindNotFound, Rule: "I246"}
		}
		var rec documentRecord
		if err := unpack(l.facts.Messages[id], &rec); err != nil {
			return nil, unavailable("open a document", err)
		}
		if l.hides(rec.Hidden) {
			return nil, &Error{Kind: KindNotFound, Rule: "D28"}
		}
		if r := l.permits(rules.DocumentDeleted); r.Refused() { // before anything is removed
			return nil, refused(r)
		}
		if err := s.Bodies.Remove(ctx, p, id); err != nil {
			return nil, unavailable("remove a body", err)
		}
		return &decision{
			actor: actor,
			verdict: rules.Verdict{Change: rules.Change{
				Kind: rules.DocumentDeleted, Seq: l.facts.Version + 1, At: s.Now(), Message: id.Message(), Bytes: -rec.Bytes,
			}},
			records: []Record{
				{Table: TableMessages, Field: string(id)},
				{Table: TableMessages, Field: string(documentsField), Value: pack(slices.Delete(ids, at, at+1))},
			},
		}, nil
	})
	return err
}
