package conversations

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
)

// originalName and originalType describe the file that [Service.Original] gives.
const (
	originalName = "message.eml"
	originalType = "message/rfc822"
)

// Original gives the patient one of his messages as a file: its bytes as they arrived or were sent, but
// for the fields of its header that hold addresses. They are replaced by the names that the conversation
// shows (D11); the stored bytes stay untouched and serve evidence only.
func (s *Service) Original(ctx context.Context, actor Actor, p PatientID, message ID) (Download, error) {
	thread, number, ok := splitAttachment(message) // a message's id is its conversation's and a number, too
	if !ok {
		return Download{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	l, err := s.loadThread(ctx, p, thread)
	if err != nil {
		return Download{}, err
	}
	if err := l.mayRead(); err != nil {
		return Download{}, err
	}
	if number <= l.thread[thread].Cleared || !l.shown(thread) {
		return Download{}, &Error{Kind: KindNotFound, Rule: "R115"}
	}
	f, err := s.Store.Facts(ctx, p, FactsQuery{Messages: []ID{message}})
	if err != nil {
		return Download{}, unavailable("read a message", err)
	}
	b, ok := f.Messages[message]
	if !ok {
		return Download{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	r, err := l.openMessage(message, b)
	if err != nil {
		return Download{}, err
	}
	people, err := l.peopleOf(thread, r)
	if err != nil {
		return Download{}, err
	}
	d, err := l.original(ctx, r, people)
	if err != nil {
		return Download{}, err
	}
	return d, l.touch(ctx, actor, entryFrame{Kind: TraceDownload, Conversation: thread, Message: message})
}

// peopleOf names author and recipients of a message as the patient sees them.
func (l *loaded) peopleOf(thread ID, r numbered) (People, error) {
	patient, err := l.person()
	if err != nil {
		return People{}, err
	}
	names := l.names(thread)
	if r.From == "" {
		return People{Author: patient.Name, To: named(names, mailboxIDs(r.To))}, nil
	}
	return People{
		Author: firstOf(named(names, mailboxIDs([]hexID{r.From}))),
		To:     []string{patient.Name}, Cc: named(names, mailboxIDs(r.To)),
	}, nil
}

// firstOf is the first of a list, empty for none.
func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// original describes the copy, which is written once to be measured and once to be sent.
func (l *loaded) original(ctx context.Context, r numbered, people People) (Download, error) {
	write := func(w io.Writer) error { return l.writeOriginal(ctx, r, people, w) }
	m := measure{hash: sha256.New()}
	if err := write(&m); err != nil {
		return Download{}, unavailable("read a body", err)
	}
	d := Download{AttachmentLine: AttachmentLine{ID: r.id, Name: originalName, Type: originalType, Bytes: m.bytes}, Write: write}
	m.hash.Sum(d.SHA256[:0])
	return d, nil
}

// measure counts and hashes what is written to it.
type measure struct {
	hash  hash.Hash
	bytes int64
}

func (m *measure) Write(p []byte) (int, error) {
	m.bytes += int64(len(p))
	return m.hash.Write(p)
}
