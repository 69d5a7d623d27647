package conversations

import (
	"context"
	"errors"
	"slices"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// Inbox lists the patient's conversations, newest first. A patient's own list sees every acknowledged
// write.
func (s *Service) Inbox(ctx context.Context, p PatientID, from string, limit int) (ThreadPage, error) {
	at, parts, err := parseCursor(from, 1)
	if err != nil {
		return ThreadPage{}, err
	}
	size := pageSize(limit)
	entries, err := s.Store.Inbox(ctx, p, InboxEntry{At: at, ID: ID(parts[0])}, size+1)
	if err != nil {
		return ThreadPage{}, unavailable("list the inbox", err)
	}
	page := ThreadPage{}
	if len(entries) > size {
		entries = entries[:size]
		page.Next = cursor(entries[size-1].At, string(entries[size-1].ID))
	}
	l, err := s.loadThreads(ctx, p, idsOf(entries))
	if err != nil {
		return ThreadPage{}, err
	}
	if err := l.mayRead(); err != nil {
		return ThreadPage{}, err
	}
	page.Storage, page.Closure = l.state.Patient.Storage, closureOf(l.state.Patient)
	for _, e := range entries {
		if l.shown(e.ID) {
			page.Items = append(page.Items, l.line(e.ID))
		}
	}
	return page, nil
}

// closureOf tells what of a patient's own will keeps messages away; his objections have to be open.
func closureOf(p rules.Patient) Closure {
	c := Closure{Messaging: p.Account == rules.MessagingClosed}
	for _, r := range p.Refusals {
		c.Everyone, c.Some = c.Everyone || r.Scope == rules.Everyone, true
	}
	return c
}

func idsOf(entries []InboxEntry) []ID {
	ids := make([]ID, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	return ids
}

// mayRead refuses reading where the account's state forbids it (table 8.2 of operator.md).
func (l *loaded) mayRead() error {
	if !l.state.Patient.Account.Reads() {
		return &Error{Kind: KindPatientOpposed, Rule: "O115"}
	}
	return nil
}

// loadThreads reads conversations with the exchanges that their rights depend on, all at one version.
func (s *Service) loadThreads(ctx context.Context, p PatientID, ids []ID) (*loaded, error) {
	q := FactsQuery{Conversations: ids}
	for range maxConflicts {
		l, err := s.load(ctx, p, q)
		if err != nil {
			return nil, err
		}
		var want []rules.MailboxID
		for _, label := range l.label {
			want = append(want, mailboxIDs(labelIDs(label))...)
		}
		err = l.alsoExchanges(ctx, want)
		if !errors.Is(err, ErrConflict) {
			return l, err
		}
		q.Exchanges = lo.Uniq(want) // the next reading has them all at once
	}
	return nil, &Error{Kind: KindStaleState, Rule: "D17"}
}

// line returns a loaded conversation as it stands in the patient's list.
func (l *loaded) line(id ID) ThreadLine {
	r, c, with := l.thread[id], l.state.Conversations[id.Conversation()], l.heard(id)
	var copied []rules.MailboxID
	for i := len(c.Voices) - 1; i >= 0 && c.Voices[i].Seq > c.Deleted; i-- {
		copied = append(copied, c.Voices[i].With...)
	}
	if len(with) == 0 {
		with = mailboxIDs(labelIDs(l.label[id]))
	}
	names := l.names(id)
	line := ThreadLine{
		ID: id, Subject: rules.ShownSubject(l.label[id].Subject), State: string(l.right(id).State),
		With: named(names, with), LastAt: r.LastAt.time(), HasAttachment: r.showsAttachment(),
		Unread:   r.Heard > l.readMark(id),
		HasDraft: len(l.facts.Conversations[draftField(id)]) > 0, OwnLast: r.LastPatient,
	}
	line.Copied = slices.DeleteFunc(named(names, copied), func(name string) bool { return slices.Contains(line.With, name) })
	return line
}

func labelIDs(l threadLabel) []hexID {
	ids := make([]hexID, len(l.People))
	for i, p := range l.People {
		ids[i] = p.Mailbox
	}
	return ids
}

// readMark returns how far the patient has read a conversation. A mark that cannot be read counts as
// unread, which harms nobody.
func (l *loaded) readMark(id ID) rules.Seq {
	var mark rules.Seq
	if b := l.facts.Conversations[readField(id)]; len(b) > 0 {
		if err := unpack(b, &mark); err != nil {
			return 0
		}
	}
	return mark
}
