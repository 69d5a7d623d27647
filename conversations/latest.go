package conversations

import (
	"context"

	"mesbridge/rules"
)

// Line tells one of the patient's conversations as his list does. Unlike Thread it opens nothing, and is no act of whoever
// looks for him. It fails with KindNotFound for one that is not there to read.
func (s *Service) Line(ctx context.Context, p PatientID, id ID) (ThreadLine, error) {
	l, err := s.loadThread(ctx, p, id)
	if err != nil {
		return ThreadLine{}, err
	}
	if err := l.mayRead(); err != nil {
		return ThreadLine{}, err
	}
	if err := l.present(id); err != nil {
		return ThreadLine{}, err
	}
	return l.line(id), nil
}

// LatestThreads names the newest conversation in which each of the patient's professionals wrote, by the id of [Contact].
// It looks through one page of the inbox: who wrote in none of those is left out.
func (s *Service) LatestThreads(ctx context.Context, p PatientID) (map[ID]ID, error) {
	at, parts, err := parseCursor("", 1)
	if err != nil {
		return nil, err
	}
	entries, err := s.Store.Inbox(ctx, p, InboxEntry{At: at, ID: ID(parts[0])}, pageSize(0))
	if err != nil {
		return nil, unavailable("list the inbox", err)
	}
	l, err := s.loadThreads(ctx, p, idsOf(entries))
	if err != nil {
		return nil, err
	}
	if err := l.mayRead(); err != nil {
		return nil, err
	}
	latest := map[ID]ID{}
	for _, e := range entries {
		if !l.shown(e.ID) {
			continue
		}
		for _, m := range l.heard(e.ID) {
			if contact := s.exchangeID(p, m); latest[contact] == "" {
				latest[contact] = e.ID
			}
		}
	}
	return latest, nil
}

// heard lists the mailboxes whose messages in a loaded conversation are there to read, the last that wrote first.
func (l *loaded) heard(id ID) []rules.MailboxID {
	c := l.state.Conversations[id.Conversation()]
	var all []rules.MailboxID
	for i := len(c.Voices) - 1; i >= 0 && c.Voices[i].Seq > c.Deleted; i-- {
		all = append(all, c.Voices[i].From)
	}
	return all
}
