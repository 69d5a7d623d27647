package conversations

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"mesbridge/rules"
)

// userList is the list of users of one mailbox as read for one command, at one version. It is kept as an account
// of its own, named by a keyed hash of the address, with the address sealed beside its key: so it has a
// version, a journal and a place in a rebuilt store like a patient.
type userList struct {
	svc     *Service
	id      PatientID
	mailbox SharedMailbox
	vault   *vault
	facts   Facts
	label   usersLabel
	fresh   []listedUser // put on the list by this command
}

// usersRecord is what is kept of a mailbox. All of it names people.
type usersRecord struct {
	Sealed []byte `cbor:"1,keyasint"` // usersLabel
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
}

func (u listedUser) user() MailboxUser {
	return MailboxUser{
		ID: u.ID, Who: Person{u.Person, u.Name}, Since: u.Since.time(), Until: u.Until.time(), By: Person{u.ByID, u.ByName},
		Ended: u.Ended.time(),
	}
}

// boxID returns the id under which the list of a mailbox is kept.
func (s *Service) usersID(a Address) PatientID {
	return PatientID(hex.EncodeToString(s.name("users", a.Canonical())[:16]))
}

// openUsers reads the list of a mailbox that the operator registered; an empty one was never written. For any
// other mailbox there is none.
func (s *Service) openUsers(ctx context.Context, a Address) (*userList, error) {
	m, known := s.shared.byAddress[a.Canonical()]
	if !known {
		return nil, &Error{Kind: KindNotFound, Rule: "I119"}
	}
	b := &userList{svc: s, id: s.usersID(a), mailbox: m}
	var err error
	if b.facts, err = s.facts(ctx, b.id, FactsQuery{}); err != nil || b.facts.Patient == nil {
		return b, err
	}
	key, _, err := s.Keys.Key(ctx, b.id)
	if err != nil {
		return nil, unavailable("read the key of a mailbox", err)
	}
	if b.vault, err = newVault(b.id, key); err != nil {
		return nil, unavailable("open the vault of a mailbox", err)
	}
	var r usersRecord
	err = unpack(b.facts.Patient, &r)
	if err == nil {
		err = b.vault.open(tablePatient, "", r.Sealed, &b.label)
	}
	if err != nil {
		return nil, unavailable("open the list of a mailbox", err)
	}
	return b, nil
}

// habilitation is what rules decide on.
func (b *userList) habilitation() rules.Habilitation {
	var users []rules.MailboxUser
	for _, u := range b.label.Users {
		if u.Ended == 0 {
			users = append(users, rules.MailboxUser{Person: b.svc.personID(u.Person), Until: u.Until.time()})
		}
	}
	return b.svc.habilitation(b.mailbox.Address, b.svc.Directory.Mailbox(b.mailbox.Address), users)
}

// at returns the place of a user who is on the list, -1 when there is none.
func (b *userList) at(match func(listedUser) bool) int {
	return slices.IndexFunc(b.label.Users, func(u listedUser) bool { return u.Ended == 0 && match(u) })
}

// admit puts a person on the list, and reports whether that changes it.
func (b *userList) admit(by Actor, who Person, until time.Time) (listedUser, bool, error) {
	i := b.at(func(u listedUser) bool { return u.Person == who.ID })
	if i >= 0 {
		u := &b.label.Users[i]
		change := u.Until != toMillis(until) || u.Name != who.Name
		u.Until, u.Name = toMillis(until), who.Name
		return *u, change, nil
	}
	id, err := b.svc.newID(b.id)
	if err != nil {
		return listedUser{}, false, err
	}
	u := listedUser{
		ID: id, Person: who.ID, Name: who.Name, Since: toMillis(b.svc.Now()), Until: toMillis(until), ByID: by.ID, ByName: by.Name,
	}
	b.label.Users, b.fresh = append(b.label.Users, u), append(b.fresh, u)
	return u, true, nil
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
	mu := s.queue.of(s.usersID(a))
	mu.Lock()
	defer mu.Unlock()
	for range maxConflicts {
		b, err := s.openUsers(ctx, a)
		if err != nil {
			return err
		}
		change, err := decide(b)
		if err != nil || !change {
			return err
		}
		if err = b.write(ctx, actor, kind); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return &Error{Kind: KindStaleState, Rule: "D17"}
}

// write commits the list. The index of each person comes first: it may name a list on which he does not
// stand, and never misses one. The effects make it again when the store is rebuilt.
func (b *userList) write(ctx context.Context, actor Actor, kind TraceKind) error {
	s, now := b.svc, b.svc.Now()
	b.label.Users = slices.DeleteFunc(b.label.Users, func(u listedUser) bool {
		return u.Ended != 0 && !now.Before(u.Ended.time().Add(tellFor))
	})
	if b.vault == nil {
		key, err := s.Keys.Create(ctx, b.id, rules.INS(b.mailbox.Address.Canonical()))
		if err != nil {
			return unavailable("create the key of a mailbox", err)
		}
		if b.vault, err = newVault(b.id, key); err != nil {
			return unavailable("open the vault of a mailbox", err)
		}
	}
	c := Commit{
		Version: b.facts.Version, Now: now, Patient: pack(usersRecord{Sealed: b.vault.seal(tablePatient, "", b.label)}),
	}
	for _, u := range b.fresh {
		e := b.listing(u, now)
		if err := s.Store.Index(ctx, e.Mailbox, projected(e)); err != nil {
			return unavailable("index a mailbox", err)
		}
		c.Effects = append(c.Effects, e)
	}
	f := entryFrame{
		At: toMillis(now), Kind: kind, Patient: hexID(b.id), Version: c.Version + 1, Mailbox: hexID(s.MailboxID(b.mailbox.Address)), Actor: actor.Kind,
	}
	c.Entry = sealEntry(b.vault, f, actor, c, nil)
	_, err := s.persist(ctx, b.id, c)
	return err
}

// listing is the effect that indexes the list under a person.
func (b *userList) listing(u listedUser, now time.Time) Effect {
	m := b.svc.listingsID(u.Person)
	return Effect{
		ID: b.id.Shard() + "p" + lowerBase32(b.svc.name("project", string(m)+string(b.id))[:15]), Kind: EffectListing,
		Patient: b.id, Mailbox: m, At: now, CreatedAt: now,
	}
}
