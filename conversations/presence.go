package conversations

import (
	"cmp"
	"context"
	"slices"
	"time"

	"mesbridge/rules"
)

// PresenceLasts is how long somebody who opened a conversation counts as reading it: long enough to write an answer's
// first lines, short enough that who went away is not waited for.
const PresenceLasts = 5 * time.Minute

// Presence is a colleague who has a conversation open.
type Presence struct {
	Name string
	At   time.Time // when he opened it last
}

// Attendance is somebody at a place, as the store keeps it for a while.
type Attendance struct {
	Who rules.PersonID
	At  time.Time
}

// Attend notes that the actor has a conversation open, for each shared one of mailboxes that takes part in it. It is
// for colleagues who are there now, is forgotten after [PresenceLasts], and leaves no trace.
func (s *Service) Attend(ctx context.Context, actor Actor, mailboxes []Address, id ID) error {
	_, mine, err := s.threadOfMailboxes(ctx, mailboxes, id)
	if err != nil {
		return err
	}
	for _, a := range s.among(mailboxes, mine) {
		box, err := s.teamBox(ctx, a)
		if err != nil {
			return err
		}
		by := s.member(actor)
		if box == nil || box.box.Serves(by, s.Now()).Refused() {
			continue
		}
		if _, err := s.Store.Attend(ctx, box.id, string(id), by.Person, s.Now(), PresenceLasts); err != nil {
			return unavailable("note who is there", err)
		}
	}
	return nil
}

// present lists who else has a conversation open, the latest first. Whoever may not act for the mailbox any more is
// not there.
func (t *teamBox) present(ctx context.Context, thread ID, viewer rules.Member) ([]Presence, error) {
	found, err := t.svc.Store.Attend(ctx, t.id, string(thread), "", t.svc.Now(), PresenceLasts)
	if err != nil {
		return nil, unavailable("read who is there", err)
	}
	var list []Presence
	for _, p := range t.people {
		id := t.svc.personID(p.ID)
		if i := slices.IndexFunc(found, func(a Attendance) bool { return a.Who == id }); i >= 0 && id != viewer.Person {
			list = append(list, Presence{Name: p.Name, At: found[i].At})
		}
	}
	slices.SortFunc(list, func(a, b Presence) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Name, b.Name)) })
	return list, nil
}
