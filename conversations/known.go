package conversations

import "context"

// Known returns a function that tells whether a message refers to a body, for the collection of dead
// ones. It reads each patient's messages once and remembers their bodies: make one for each collection,
// begun after the instant before which bodies are collected. It is not safe for concurrent use.
func (s *Service) Known() func(context.Context, PatientID, ID) (bool, error) {
	referred := map[PatientID]map[ID]bool{}
	return func(ctx context.Context, p PatientID, body ID) (bool, error) {
		if referred[p] == nil {
			found, err := s.bodiesOf(ctx, p)
			if err != nil {
				return false, err
			}
			referred[p] = found
		}
		if referred[p][body] {
			return true, nil
		}
		f, err := s.Store.Facts(ctx, p, FactsQuery{Messages: []ID{body}}) // a [FIN] message that is shown nowhere
		if err != nil {
			return false, unavailable("read messages", err)
		}
		return f.Messages[body] != nil, nil
	}
}

// bodiesOf lists the bodies of every message in the patient's conversations. A conversation that moved to
// the top while the pages are read would be missed: then it reads them again.
func (s *Service) bodiesOf(ctx context.Context, p PatientID) (map[ID]bool, error) {
	for range maxConflicts {
		found, steady, err := s.bodiesNow(ctx, p)
		if err != nil || steady {
			return found, err
		}
	}
	return nil, &Error{Kind: KindStaleState, Rule: "D17"}
}

// bodiesNow reads all pages once, and reports whether the patient stayed at one version meanwhile.
func (s *Service) bodiesNow(ctx context.Context, p PatientID) (found map[ID]bool, steady bool, err error) {
	before, err := s.read(ctx, p, FactsQuery{})
	if err != nil {
		return nil, false, err
	}
	found = map[ID]bool{}
	var from InboxEntry
	for {
		entries, err := s.Store.Inbox(ctx, p, from, MaxPage)
		if err != nil {
			return nil, false, unavailable("list the inbox", err)
		}
		l, err := s.read(ctx, p, FactsQuery{Conversations: idsOf(entries)})
		switch {
		case err != nil:
			return nil, false, err
		case l.facts.Version != before.facts.Version:
			return nil, false, nil
		case len(entries) == 0:
			return found, true, l.addTrash(ctx, found)
		}
		from = entries[len(entries)-1]
		if err := l.addBodies(ctx, entries, found); err != nil {
			return nil, false, err
		}
	}
}

// addBodies adds the bodies of some conversations, for which no key is needed.
func (l *loaded) addBodies(ctx context.Context, entries []InboxEntry, found map[ID]bool) error {
	var ids []ID
	for _, e := range entries {
		var r threadRecord
		if err := unpack(l.facts.Conversations[e.ID], &r); err != nil {
			return unavailable("open records", err)
		}
		for n := 1; n <= r.Count; n++ {
			ids = append(ids, messageID(e.ID, n))
		}
	}
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: ids})
	if err != nil {
		return unavailable("read messages", err)
	}
	for _, b := range f.Messages {
		var r messageRecord
		if err := unpack(b, &r); err != nil {
			return unavailable("open a message", err)
		}
		found[r.Body] = true
	}
	return nil
}

// addTrash adds the bodies of deleted conversations that wait for their erasure (OP18).
func (l *loaded) addTrash(ctx context.Context, found map[ID]bool) error {
	if len(l.patient.Trash) == 0 {
		return nil
	}
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Conversations: l.patient.Trash})
	if err != nil {
		return unavailable("read conversations", err)
	}
	var entries []InboxEntry
	for _, id := range l.patient.Trash {
		if f.Conversations[id] != nil {
			entries = append(entries, InboxEntry{ID: id})
		}
	}
	l.facts.Conversations = f.Conversations
	return l.addBodies(ctx, entries, found)
}
