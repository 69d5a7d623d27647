package conversations

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// hooks are the receivers of one mailbox as read for one command, at one version. They are kept as an account of their
// own, like the list of its users: named by a keyed hash, with the address sealed beside the key. So they have a
// version, effects, a journal, and a place in a rebuilt store.
type hooks struct {
	svc     *Service
	id      PatientID
	mailbox Address
	vault   *vault
	facts   Facts
	label   hooksLabel
}

// hooksID returns the id under which the receivers of a mailbox are kept.
func (s *Service) hooksID(m rules.MailboxID) PatientID {
	return PatientID(hex.EncodeToString(s.name("webhooks", string(m))[:16]))
}

// openHooks reads the receivers of a mailbox, and records of events beside them. Without a receiver ever, the vault is
// nil.
func (s *Service) openHooks(ctx context.Context, m rules.MailboxID, records ...ID) (*hooks, error) {
	h := &hooks{svc: s, id: s.hooksID(m)}
	var err error
	if h.facts, err = s.facts(ctx, h.id, FactsQuery{Messages: records}); err != nil || h.facts.Patient == nil {
		return h, err
	}
	key, address, err := s.Keys.Key(ctx, h.id)
	if err != nil {
		return nil, unavailable("read the key of receivers", err)
	}
	if h.mailbox, err = rules.ParseAddress(string(address)); err != nil {
		return nil, unavailable("read the mailbox of receivers", errRecord)
	}
	if h.vault, err = newVault(h.id, key); err != nil {
		return nil, unavailable("open the vault of receivers", err)
	}
	var r hooksRecord
	if err = unpack(h.facts.Patient, &r); err == nil {
		err = h.vault.open(tablePatient, "", r.Sealed, &h.label)
	}
	if err != nil {
		return nil, unavailable("open the receivers of a mailbox", err)
	}
	return h, nil
}

// hook finds a receiver.
func (h *hooks) hook(id ID) (*hookRecord, bool) {
	at := slices.IndexFunc(h.label.Hooks, func(r hookRecord) bool { return r.ID == id })
	if at < 0 {
		return nil, false
	}
	return &h.label.Hooks[at], true
}

// hooksOf finds the receiver of one of the caller's mailboxes that an id names. A receiver of somebody else's costs
// the same readings as one that is none: those of the caller's mailboxes whose shard the id names.
func (s *Service) hooksOf(ctx context.Context, mailboxes []Address, id ID) (rules.MailboxID, error) {
	for _, a := range mailboxes {
		m := s.MailboxID(a)
		if s.hooksID(m).Shard() != id.Shard() {
			continue
		}
		h, err := s.openHooks(ctx, m)
		if err != nil {
			return "", err
		}
		if _, found := h.hook(id); found {
			return m, nil
		}
	}
	return "", &Error{Kind: KindNotFound, Rule: "I246"}
}

// hookChange is what a command does to the receivers of a mailbox.
type hookChange struct {
	kind    TraceKind
	actor   Actor
	event   ID // the event that the command is about
	list    bool
	indexed bool // the mailbox is noted as one that has receivers
	records []Record
	inbox   map[ID]time.Time
	gone    []ID
	effects []Effect
}

// changeHooks lets decide change the receivers of a mailbox or their events, and writes it with its trace; it decides
// again when another process came first. A nil change writes nothing.
func (s *Service) changeHooks(ctx context.Context, m rules.MailboxID, records []ID, decide func(*hooks) (*hookChange, error)) error {
	mu := s.queue.of(s.hooksID(m))
	mu.Lock()
	defer mu.Unlock()
	for range maxConflicts {
		h, err := s.openHooks(ctx, m, records...)
		if err != nil {
			return err
		}
		c, err := decide(h)
		if err != nil || c == nil {
			return err
		}
		if err = h.write(ctx, m, c); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return &Error{Kind: KindStaleState, Rule: "D17"}
}

// write commits a change.
func (h *hooks) write(ctx context.Context, m rules.MailboxID, change *hookChange) error {
	s, now := h.svc, h.svc.Now()
	if h.vault == nil {
		key, err := s.Keys.Create(ctx, h.id, rules.INS(h.mailbox.Canonical()))
		if err != nil {
			return unavailable("create the key of receivers", err)
		}
		if h.vault, err = newVault(h.id, key); err != nil {
			return unavailable("open the vault of receivers", err)
		}
	}
	c := Commit{Version: h.facts.Version, Now: now, Records: change.records, Inbox: change.inbox, Gone: change.gone, Effects: change.effects}
	if change.list {
		c.Patient = pack(hooksRecord{Sealed: h.vault.seal(tablePatient, "", h.label)})
	}
	if change.indexed { // the index comes first: it may name a mailbox without a receiver, and never misses one
		e := h.indexing(now)
		if err := s.Store.Index(ctx, e.Mailbox, projected(e)); err != nil {
			return unavailable("index a mailbox", err)
		}
		c.Effects = append(slices.Clip(c.Effects), e)
	}
	f := entryFrame{
		At: toMillis(now), Kind: change.kind, Patient: hexID(h.id), Version: c.Version + 1, Message: change.event, Mailbox: hexID(m), Actor: change.actor.Kind,
	}
	c.Entry = sealEntry(h.vault, f, change.actor, c, nil)
	_, err := s.persist(ctx, h.id, c)
	return err
}

// indexing is the effect that notes the mailbox as one that has receivers, which a rebuilt store knows by it.
func (h *hooks) indexing(now time.Time) Effect {
	return Effect{
		ID: h.id.Shard() + "p" + lowerBase32(h.svc.name("project", "webhooks"+string(h.id))[:15]), Kind: EffectProject,
		Patient: h.id, Mailbox: h.svc.hookedID(), At: now, CreatedAt: now,
	}
}

// touch writes what became of a call, without a version, with its trace.
func (h *hooks) touch(ctx context.Context, f entryFrame, r Record) error {
	f.At, f.Patient, f.Actor = toMillis(h.svc.Now()), hexID(h.id), ActorSystem
	f.Sealed = h.vault.seal(tableJournal, f.place(), entryContent{Records: entryRecords([]Record{r})})
	n, err := h.svc.note(ctx, h.id.Shard(), f)
	if err != nil {
		return err
	}
	sequence, err := h.svc.Store.Touch(ctx, h.id, []Record{r}, n)
	return h.svc.noted(ctx, h.id.Shard(), n, sequence, err)
}

// mayTell reports whether whoever registered a receiver may still act for the mailbox.
func (s *Service) mayTell(ctx context.Context, by Actor, mailbox Address) (bool, error) {
	same := func(a Address) bool { return a.Canonical() == mailbox.Canonical() }
	if by.Kind == ActorClinic {
		return s.Applications != nil && slices.ContainsFunc(s.Applications(by.ID), same), nil
	}
	mandates, err := s.Mandates(ctx, by.ID)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(mandates, func(m Mandate) bool { return m.Use && same(m.Mailbox.Address) }), nil
}

// calls are the effects that tell an event to receivers.
func (h *hooks) calls(m rules.MailboxID, event ID, hooks []ID, now time.Time) []Effect {
	return lo.Map(hooks, func(hook ID, _ int) Effect {
		return Effect{
			ID: h.id.Shard() + "w" + lowerBase32(h.svc.name("webhook call", string(event)+"\x00"+string(hook))[:15]), Kind: EffectWebhook,
			Patient: h.id, Message: event, Thread: hook, Mailbox: m, At: now, CreatedAt: now,
		}
	})
}
