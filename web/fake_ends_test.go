package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// planned is one call of PlanEnd.
type planned struct {
	id     conversations.ID
	at     time.Time
	reason string
}

func (f *fakeConversations) pairOf(mailboxes []conversations.Address, id conversations.ID) (*conversations.ExchangeLine, error) {
	at := slices.IndexFunc(f.pairs, func(e conversations.ExchangeLine) bool {
		return e.ID == id && slices.ContainsFunc(mailboxes, func(m conversations.Address) bool { return m.Canonical() == e.Mailbox.Canonical() })
	})
	if at < 0 {
		return nil, kind(conversations.KindNotFound)
	}
	return &f.pairs[at], nil
}

func (f *fakeConversations) PlanEnd(_ context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID, at time.Time, reason string) (conversations.ExchangeLine, error) {
	if err := f.called("PlanEnd"); err != nil {
		return conversations.ExchangeLine{}, err
	}
	e, err := f.pairOf(mailboxes, id)
	if err != nil {
		return conversations.ExchangeLine{}, err
	}
	f.plans = append(f.plans, planned{id, at, reason})
	e.Planned = conversations.Planned{At: at, By: actor.Name, Reason: reason}
	return *e, nil
}

func (f *fakeConversations) KeepExchange(_ context.Context, _ conversations.Actor, mailboxes []conversations.Address, id conversations.ID) (conversations.ExchangeLine, error) {
	if err := f.called("KeepExchange"); err != nil {
		return conversations.ExchangeLine{}, err
	}
	e, err := f.pairOf(mailboxes, id)
	if err != nil {
		return conversations.ExchangeLine{}, err
	}
	e.Planned = conversations.Planned{}
	return *e, nil
}

func (f *fakeConversations) Tally(context.Context, conversations.Address) (conversations.Tally, error) {
	t := conversations.Tally{All: len(f.pairs), Lists: map[rules.Lists]int{}, AsOf: now}
	for _, e := range f.pairs {
		t.Lists[rules.ListOf(e.State)]++
		if e.Waiting {
			t.Lists[rules.ListWaiting]++
		}
		if !e.Planned.At.IsZero() {
			t.Lists[rules.ListPlanned]++
		}
	}
	return t, f.called("Tally")
}

func (f *fakeConversations) AttachmentFor(_ context.Context, _ conversations.Actor, mailboxes []conversations.Address, thread, id conversations.ID) (conversations.Download, error) {
	if err := f.called("AttachmentFor"); err != nil {
		return conversations.Download{}, err
	}
	b, ok := f.files[id]
	if _, there := f.threads[thread]; !ok || !there || len(mailboxes) == 0 {
		return conversations.Download{}, kind(conversations.KindNotFound)
	}
	return conversations.Download{
		AttachmentLine: conversations.AttachmentLine{ID: id, Name: f.fileName, Type: f.fileType, Bytes: int64(len(b)), SHA256: sha256.Sum256(b)},
		Write:          func(w io.Writer) error { _, err := io.Copy(w, bytes.NewReader(b)); return err },
	}, nil
}
