package conversations

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"time"

	"mesbridge/rules"
)

// Person is a natural person, by his national identifier (I109).
type Person struct {
	ID   string
	Name string
}

// SharedMailbox is a mailbox with users beside its holder: an organisational one, or a practice's. The
// operator registers it with those who are responsible for it, who keep the list of users (I119).
type SharedMailbox struct {
	Address     Address
	Kind        rules.MailboxKind
	Responsible []Person
	FINESS      string // of its structure; it counts when the directory does not know the mailbox
}

// Vouched is what a login says of a person beside who he is.
type Vouched struct {
	FINESS     string // of the structure whose own provider vouches for him; empty: a national one does (D26)
	NoExercise bool   // the provider knows of no exercise of his (I40)
}

// Mandate is what a person may do with a mailbox (I119, I120). It prints as nothing personal.
type Mandate struct {
	Mailbox     Mailbox // what the tables know of it
	Use         bool    // read and write
	Administer  bool    // keep the list of its users, which gives no right to read (D27)
	Listed      bool    // Use comes from the list: the person acts under the responsibility of Responsible
	Since       time.Time
	Until       time.Time // of a listed user: first instant without the right; zero: no end
	Ended       time.Time // when the person was taken off the list, which he is told for [tellFor]; else zero
	EndedBy     string
	Responsible []Person
}

// tellFor is how long a person is told that he was taken off a list (D27).
const tellFor = 30 * 24 * time.Hour

// MailboxUser is a person on the list of a mailbox.
type MailboxUser struct {
	ID    ID
	Who   Person
	Since time.Time
	From  time.Time // first instant with the right, of a cover; zero: at once
	Until time.Time // first instant without the right; zero: no end
	By    Person    // who put him on the list
	Ended time.Time // when he was taken off it, less than [tellFor] ago; else zero
	Cover bool      // he stands in for the time of an absence
}

// sharedMailboxes finds the mailboxes with users.
type sharedMailboxes struct {
	byAddress map[string]SharedMailbox // by canonical address
	byID      map[rules.MailboxID]SharedMailbox
	byPerson  map[string][]SharedMailbox // by who is responsible
}

func (s *Service) newSharedMailboxes(all []SharedMailbox) sharedMailboxes {
	found := sharedMailboxes{
		byAddress: make(map[string]SharedMailbox, len(all)), byID: make(map[rules.MailboxID]SharedMailbox, len(all)),
		byPerson: map[string][]SharedMailbox{},
	}
	for _, m := range all {
		found.byAddress[m.Address.Canonical()], found.byID[s.MailboxID(m.Address)] = m, m
		for _, p := range m.Responsible {
			found.byPerson[p.ID] = append(found.byPerson[p.ID], m)
		}
	}
	return found
}

// Mandates lists what a person may do, by address: as holder by the directory, as responsible by the settings, as
// user by the list of the mailbox. What is asked of a list is read from it, so that a removal counts at once.
func (s *Service) Mandates(ctx context.Context, person string) ([]Mandate, error) {
	return s.MandatesOf(ctx, person, Vouched{})
}

// MandatesOf is Mandates for somebody who is logged in: a structure's provider vouches for its own mailboxes alone (D26),
// and whoever has no exercise holds no mailbox (I40).
func (s *Service) MandatesOf(ctx context.Context, person string, as Vouched) ([]Mandate, error) {
	if person == "" {
		return nil, nil
	}
	all := map[string]*Mandate{}
	of := func(a Address) *Mandate {
		if all[a.Canonical()] == nil {
			all[a.Canonical()] = &Mandate{Mailbox: s.Directory.Mailbox(a), Responsible: s.shared.byAddress[a.Canonical()].Responsible}
		}
		return all[a.Canonical()]
	}
	var held []Mailbox
	if !as.NoExercise {
		held = s.Directory.Held(person)
	}
	for _, m := range held {
		if h := s.habilitation(m.Address, m, nil); !h.MayUse(s.personID(person), s.Now()).Refused() {
			of(m.Address).Use = true
		}
	}
	for _, m := range s.shared.byPerson[person] {
		of(m.Address).Administer = true
	}
	listed, err := s.listings(ctx, person)
	if err != nil {
		return nil, err
	}
	for _, b := range listed {
		s.mandate(of(b.mailbox.Address), b, person)
	}
	list := make([]Mandate, 0, len(all))
	for _, m := range all {
		told := m.Use || m.Administer || !m.Ended.IsZero()
		if told && rules.Vouches(as.FINESS, s.structureOf(m.Mailbox)) {
			list = append(list, *m)
		}
	}
	slices.SortFunc(list, func(a, b Mandate) int {
		return cmp.Compare(a.Mailbox.Address.Canonical(), b.Mailbox.Address.Canonical())
	})
	return list, nil
}

// mandate adds to m what the list of its mailbox says of a person.
func (s *Service) mandate(m *Mandate, b *userList, person string) {
	for _, u := range b.label.Users {
		if u.Person != person {
			continue
		}
		switch now := s.Now(); {
		case u.Ended == 0 && !b.habilitation().MayUse(s.personID(person), now).Refused():
			m.Listed = !m.Use
			m.Use, m.Since, m.Until = true, u.Since.time(), u.Until.time()
		case u.Ended != 0 && now.Before(u.Ended.time().Add(tellFor)):
			m.Ended, m.EndedBy = u.Ended.time(), u.EndedBy
		}
	}
	if m.Use {
		m.Ended, m.EndedBy = time.Time{}, ""
	}
}

// Users lists who may use a mailbox, and who was taken off its list lately, to whom keeps it, by name.
func (s *Service) Users(ctx context.Context, actor Actor, m Address) ([]MailboxUser, error) {
	b, err := s.openUsers(ctx, m)
	if err != nil {
		return nil, err
	}
	if r := b.habilitation().MayAdminister(s.personID(actor.ID)); r.Refused() {
		return nil, refused(r)
	}
	list := make([]MailboxUser, 0, len(b.label.Users))
	for _, u := range b.label.Users {
		list = append(list, u.user())
	}
	slices.SortFunc(list, func(a, b MailboxUser) int {
		return cmp.Or(cmp.Compare(a.Who.Name, b.Who.Name), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// AdmitUser puts a person on the list of a mailbox, or gives one who is there another end. The zero until is
// no end (I119, D27).
func (s *Service) AdmitUser(ctx context.Context, actor Actor, m Address, who Person, until time.Time) (MailboxUser, error) {
	return s.admitPerson(ctx, actor, m, admission{who: who, until: until})
}

// admitPerson puts a person on the list of a mailbox, or on it again.
func (s *Service) admitPerson(ctx context.Context, actor Actor, m Address, a admission) (MailboxUser, error) {
	var admitted listedUser
	err := s.changeUsers(ctx, actor, m, TraceAdmitted, func(b *userList) (change bool, err error) {
		exercises := len(s.Directory.Held(a.who.ID)) > 0
		user := rules.MailboxUser{Person: s.personID(a.who.ID), From: a.from, Until: a.until}
		if r := rules.AdmitUser(b.habilitation(), s.personID(actor.ID), user, exercises, s.Now()); r.Refused() {
			return false, refused(r)
		}
		admitted, change, err = b.admit(actor, a)
		return change, err
	})
	return admitted.user(), err
}

// DismissUser takes a person off the list of a mailbox, at once. One who is not there any more is taken off
// already.
func (s *Service) DismissUser(ctx context.Context, actor Actor, m Address, id ID) error {
	return s.changeUsers(ctx, actor, m, TraceDismissed, func(b *userList) (bool, error) {
		if r := b.habilitation().MayAdminister(s.personID(actor.ID)); r.Refused() {
			return false, refused(r)
		}
		return b.dismiss(actor, id)
	})
}

// listings opens the lists on which a person stands, or stood: those that the index of the person names.
func (s *Service) listings(ctx context.Context, person string) ([]*userList, error) {
	entries, err := s.Store.Ledger(ctx, s.listingsID(person), LedgerQuery{Pairs: true, Limit: maxListings})
	if err != nil {
		return nil, unavailable("list the mailboxes of a person", err)
	}
	list := make([]*userList, 0, len(entries))
	for _, e := range entries {
		_, address, err := s.Keys.Key(ctx, e.Patient)
		if isNotFound(err) {
			continue // it was indexed, and its list never written
		}
		if err != nil {
			return nil, unavailable("read the key of a mailbox", err)
		}
		m, known := s.shared.byAddress[string(address)]
		if !known {
			continue // the operator withdrew the mailbox
		}
		b, err := s.openUsers(ctx, m.Address)
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, nil
}

// maxListings is how many lists one person may stand on.
const maxListings = 200

// listingsID names the index of the lists on which a person stands.
func (s *Service) listingsID(person string) rules.MailboxID {
	return rules.MailboxID(hex.EncodeToString(s.name("listings", person)[:16]))
}

// structureOf is the national identifier of a mailbox's structure, by the directory or else by the settings.
func (s *Service) structureOf(m Mailbox) string {
	if shared, ok := s.shared.byAddress[m.Address.Canonical()]; ok && m.Structure == "" && shared.FINESS != "" {
		return "1" + shared.FINESS
	}
	return m.Structure
}

// habilitation is who may act for a mailbox: its holder by the directory, who is responsible by the settings, and
// the users given.
func (s *Service) habilitation(a Address, known Mailbox, users []rules.MailboxUser) rules.Habilitation {
	h := rules.Habilitation{
		Kind: known.Kind, Holder: s.personID(known.Person), Exercise: rules.Exercise{Category: known.Category, Function: known.Function},
		Users: users,
	}
	if shared, ok := s.shared.byAddress[a.Canonical()]; ok {
		h.Kind = shared.Kind
		for _, p := range shared.Responsible {
			h.Responsible = append(h.Responsible, s.personID(p.ID))
		}
	}
	return h
}
