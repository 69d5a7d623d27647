package conversations

import (
	"context"
	"slices"
	"time"

	"mesbridge/rules"
)

// userList is the list of users of one mailbox as read for one command, at one version.
type userList struct {
	*boxAccount

	mailbox SharedMailbox
	label   usersLabel
	fresh   []listedUser // put on the list by this command
}

type usersLabel struct {
	Users []listedUser `cbor:"1,keyasint,omitempty"`
}

// listedUser is a person on the list. Who was taken off stays for [tellFor], because he is told (D27).
type listedUser struct {
	ID      ID     `cbor:"1,keyasint"`
	Person  string `cbor:"2,keyasint"`
	Name    string `cbor:"3,keyasint,omitempty"`
	Since   millis `cbor:"4,keyasint"`
	Until   millis `cbor:"5,keyasint,omitempty"`
	ByID    string `cbor:"6,keyasint,omitempty"`
	ByName  string `cbor:"7,keyasint,omitempty"`
	Ended   millis `cbor:"8,keyasint,omitempty"`
	EndedBy string `cbor:"9,keyasint,omitempty"`
	From    millis `cbor:"45,keyasint,omitempty"` // first instant with the right, of a cover; absent: at once
	Cover   bool   `cbor:"46,keyasint,omitempty"` // listed for the time of an absence, and for no other reason
}

func (u listedUser) user() MailboxUser {
	return MailboxUser{
		ID: u.ID, Who: Person{u.Person, u.Name}, Since: u.Since.time(), From: u.From.time(), Until: u.Until.time(),
		By: Person{u.ByID, u.ByName}, Ended: u.Ended.time(), Cover: u.Cover,
	}
}

// openUsers reads the list of a mailbox that the operator registered; an empty one was never written. For any
// other mailbox there is none.
func (s *Service) openUsers(ctx context.Context, a Address) (*userList, error) {
	m, known := s.shared.byAddress[a.Canonical()]
	if !known {
		return nil, &Error{Kind: KindNotFound, Rule: "I119"}
	}
	b := &userList{mailbox: m}
	var err error
	b.boxAccount, err = s.openBox(ctx, boxUsers, m.Address, &b.label)
	return b, err
}

// habilitation is what rules decide on.
func (b *userList) habilitation() rules.Habilitation {
	var users []rules.MailboxUser
	for _, u := range b.label.Users {
		if u.Ended == 0 {
			users = append(users, rules.MailboxUser{
				Person: b.svc.personID(u.Person), Since: u.Since.time(), From: u.From.time(), Until: u.Until.time(),
			})
		}
	}
	return b.svc.habilitation(b.mailbox.Address, b.svc.Directory.Mailbox(b.mailbox.Address), users)
}

// at returns the place of a user who is on the list, -1 when there is none.
func (b *userList) at(match func(listedUser) bool) int {
	return slices.IndexFunc(b.label.Users, func(u listedUser) bool { return u.Ended == 0 && match(u) })
}

// admission is how a person comes on a list.
type admission struct {
	who         Person
	from, until time.Time // zero: at once, and no end
	cover       bool      // only while an absence lasts
}

// admit puts a person on the list, and reports whether that changes it.
func (b *userList) admit(by Actor, a admission) (listedUser, bool, error) {
	if i := b.at(func(u listedUser) bool { return u.Person == a.who.ID }); i >= 0 {
		was := b.label.Users[i]
		b.label.Users[i] = was.again(a, b.svc.Now())
		return b.label.Users[i], b.label.Users[i] != was, nil
	}
	id, err := b.svc.newID(b.id)
	if err != nil {
		return listedUser{}, false, err
	}
	u := listedUser{
		ID: id, Person: a.who.ID, Name: a.who.Name, Since: toMillis(b.svc.Now()), From: toMillis(a.from), Until: toMillis(a.until),
		ByID: by.ID, ByName: by.Name, Cover: a.cover,
	}
	b.label.Users, b.fresh = append(b.label.Users, u), append(b.fresh, u)
	return u, true, nil
}

// again is a person on the list who is put on it once more. Whoever has the right by himself keeps it beside that of
// a cover; a right that had ended begins anew.
func (u listedUser) again(a admission, now time.Time) listedUser {
	u.Name = a.who.Name
	ended := u.Until != 0 && !u.Until.time().After(now)
	switch {
	case a.cover && !u.Cover && !ended:
		if u.Until != 0 && u.Until < toMillis(a.until) {
			u.Until = toMillis(a.until)
		}
		return u
	case ended:
		u.Since = toMillis(now)
	}
	u.From, u.Until, u.Cover = toMillis(a.from), toMillis(a.until), a.cover
	return u
}

// dismiss takes a person off the list, and reports whether he was on it. It fails for an id that was never on
// it, or not for long.
func (b *userList) dismiss(by Actor, id ID) (bool, error) {
	i := slices.IndexFunc(b.label.Users, func(u listedUser) bool { return u.ID == id })
	if i < 0 {
		return false, &Error{Kind: KindNotFound, Rule: "I119"}
	}
	u := &b.label.Users[i]
	if u.Ended != 0 {
		return false, nil
	}
	u.Ended, u.EndedBy = toMillis(b.svc.Now()), by.Name
	return true, nil
}

// changeUsers lets decide change the list of a mailbox, and writes it with its trace; it decides again when
// another process came first.
func (s *Service) changeUsers(ctx context.Context, actor Actor, a Address, kind TraceKind, decide func(*userList) (change bool, err error)) error {
	return s.changeBox(s.boxID(boxUsers, a), func() error {
		b, err := s.openUsers(ctx, a)
		if err != nil {
			return err
		}
		change, err := decide(b)
		if err != nil || !change {
			return err
		}
		return b.write(ctx, actor, kind)
	})
}

// write commits the list. The index of each person comes first: it may name a list on which he does not
// stand, and never misses one. The effects make it again when the store is rebuilt.
func (b *userList) write(ctx context.Context, actor Actor, kind TraceKind) error {
	now := b.svc.Now()
	b.label.Users = slices.DeleteFunc(b.label.Users, func(u listedUser) bool {
		return u.Ended != 0 && !now.Before(u.Ended.time().Add(tellFor))
	})
	var effects []Effect
	for _, u := range b.fresh {
		e := b.listing(u, now)
		if err := b.svc.Store.Index(ctx, e.Mailbox, projected(e)); err != nil {
			return unavailable("index a mailbox", err)
		}
		effects = append(effects, e)
	}
	return b.commit(ctx, actor, kind, b.label, effects)
}

// listing is the effect that indexes the list under a person.
func (b *userList) listing(u listedUser, now time.Time) Effect {
	m := b.svc.listingsID(u.Person)
	return Effect{
		ID: b.id.Shard() + "p" + lowerBase32(b.svc.name("project", string(m)+string(b.id))[:15]), Kind: EffectListing,
		Patient: b.id, Mailbox: m, At: now, CreatedAt: now,
	}
}
