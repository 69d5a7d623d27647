package conversations

import (
	"context"
	"encoding/hex"
	"errors"

	"mesbridge/rules"
)

// boxAccount is one thing that is kept of a mailbox, such as the list of its users, as read for one command, at one
// version. It is an account of its own, named by a keyed hash of its use and the address, with the address sealed
// beside its key: so it has a version, a journal and a place in a rebuilt store like a patient.
type boxAccount struct {
	svc     *Service
	id      PatientID
	address Address
	vault   *vault // nil: it was never written
	facts   Facts
}

// boxRecord is what is kept of a mailbox. All of it names people.
type boxRecord struct {
	Sealed []byte `cbor:"1,keyasint"`
}

// Uses of an account of a mailbox. The texts are part of what the hashes are made of.
const (
	boxUsers     = "users"
	boxTemplates = "templates"
	boxAbsence   = "absence"
)

// boxID returns the id under which something of a mailbox is kept.
func (s *Service) boxID(use string, a Address) PatientID {
	return PatientID(hex.EncodeToString(s.name(use, a.Canonical())[:16]))
}

// openBox reads what is kept of a mailbox for one use into label, which stays as it is when nothing was written.
func (s *Service) openBox(ctx context.Context, use string, a Address, label any) (*boxAccount, error) {
	b := &boxAccount{svc: s, id: s.boxID(use, a), address: a}
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
	var r boxRecord
	err = unpack(b.facts.Patient, &r)
	if err == nil {
		err = b.vault.open(tablePatient, "", r.Sealed, label)
	}
	if err != nil {
		return nil, unavailable("open what is kept of a mailbox", err)
	}
	return b, nil
}

// commit writes label with its trace and effects. It fails with [ErrConflict] when another process came first.
func (b *boxAccount) commit(ctx context.Context, actor Actor, kind TraceKind, label any, effects []Effect) error {
	s, now := b.svc, b.svc.Now()
	if b.vault == nil {
		key, err := s.Keys.Create(ctx, b.id, rules.INS(b.address.Canonical()))
		if err != nil {
			return unavailable("create the key of a mailbox", err)
		}
		if b.vault, err = newVault(b.id, key); err != nil {
			return unavailable("open the vault of a mailbox", err)
		}
	}
	c := Commit{
		Version: b.facts.Version, Now: now, Effects: effects, Patient: pack(boxRecord{Sealed: b.vault.seal(tablePatient, "", label)}),
	}
	f := entryFrame{
		At: toMillis(now), Kind: kind, Patient: hexID(b.id), Version: c.Version + 1, Mailbox: hexID(s.MailboxID(b.address)), Actor: actor.Kind,
	}
	c.Entry = sealEntry(b.vault, f, actor, c, nil)
	_, err := s.persist(ctx, b.id, c)
	return err
}

// changeBox lets change read, decide and write something of a mailbox, alone in this process; it is called again when
// another process came first, which it tells by [ErrConflict].
func (s *Service) changeBox(id PatientID, change func() error) error {
	mu := s.queue.of(id)
	mu.Lock()
	defer mu.Unlock()
	for range maxConflicts {
		if err := change(); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return &Error{Kind: KindStaleState, Rule: "D17"}
}
