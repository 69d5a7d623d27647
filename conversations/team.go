package conversations

import (
	"context"
	"errors"
	"slices"
	"time"

	"mesbridge/rules"
)

// Kinds of entry about what colleagues do for a mailbox. The patient's history tells none of those about his
// conversations: they are between colleagues.
const (
	TraceCareTaken       TraceKind = "care.take"     // somebody takes care of a conversation for a shared mailbox
	TraceCareReleased    TraceKind = "care.release"  // and no more
	TraceCareHandedOver  TraceKind = "care.handover" // somebody gave the care of a conversation to a colleague
	TraceNoteAdded       TraceKind = "note.add"      // an internal note; its text is sealed
	TraceNoteDeleted     TraceKind = "note.delete"
	TraceTemplateSaved   TraceKind = "mailbox.template.save"
	TraceTemplateDeleted TraceKind = "mailbox.template.delete"
	TraceAbsenceDeclared TraceKind = "mailbox.absence.declare"
	TraceAbsenceEnded    TraceKind = "mailbox.absence.end"
)

// Team is what the users of one shared mailbox know of a conversation beside its messages. Neither the patient nor
// another mailbox of the conversation is ever told of it.
type Team struct {
	Mailbox    Address
	Care       Care
	Present    []Presence     // others who have it open, the latest first
	Notes      []InternalNote // the latest first
	Colleagues []Colleague    // others who may act for the mailbox, by name
	Self       ID             // who looks, among those who may be handed over to; empty: an application
}

// Care tells who takes care of a conversation. The zero Care is nobody.
type Care struct {
	By   string // name
	At   time.Time
	Mine bool   // of who looks; in lists never set
	From string // name of the colleague who handed it over; empty: taken
}

// Taken reports whether somebody takes care.
func (c Care) Taken() bool { return !c.At.IsZero() }

// Colleague is somebody else who may act for a mailbox.
type Colleague struct {
	ID   ID // of this mailbox alone; it says nothing
	Name string
}

// teamBox is a shared mailbox, with who may act for it as read for one command.
type teamBox struct {
	svc     *Service
	address Address
	id      rules.MailboxID
	box     rules.Habilitation
	people  []Person // who may act in person
}

// teamBox reads who may act for a mailbox; nil for one that nobody shares.
func (s *Service) teamBox(ctx context.Context, a Address) (*teamBox, error) {
	known := s.Directory.Mailbox(a)
	t := &teamBox{svc: s, address: a, id: s.MailboxID(a), box: s.habilitation(a, known, nil)}
	if t.box.Shared().Refused() {
		return nil, nil //nolint:nilnil // nobody shares it
	}
	list, err := s.openUsers(ctx, a)
	switch {
	case err != nil && KindOf(err) == KindNotFound: // no list is kept: its holder is alone, or applications act
		return t, nil
	case err != nil:
		return nil, err
	}
	t.box = list.habilitation()
	for _, u := range list.label.Users {
		if p := (Person{ID: u.Person, Name: u.Name}); u.Ended == 0 && !t.box.MayUse(s.personID(p.ID), s.Now()).Refused() {
			t.people = append(t.people, p)
		}
	}
	if holder := (Person{ID: known.Person, Name: known.Name}); !t.box.MayUse(s.personID(holder.ID), s.Now()).Refused() &&
		!slices.ContainsFunc(t.people, func(p Person) bool { return p.ID == holder.ID }) {
		t.people = append(t.people, holder)
	}
	return t, nil
}

// member is an actor as rules know him.
func (s *Service) member(a Actor) rules.Member {
	if a.Kind == ActorClinic {
		return rules.Member{Person: s.personID("application\x00" + a.ID), Application: true}
	}
	return rules.Member{Person: s.personID(a.ID)}
}

// colleagueID names a person among those who may act for the mailbox.
func (t *teamBox) colleagueID(p rules.PersonID) ID {
	return ID(string(t.id[:2]) + "k" + lowerBase32(t.svc.name("colleague", string(t.id)+string(p))[:15]))
}

// colleagues lists those who may act for the mailbox beside the actor.
func (t *teamBox) colleagues(by rules.Member) []Colleague {
	var list []Colleague
	for _, p := range t.people {
		if id := t.svc.personID(p.ID); id != by.Person {
			list = append(list, Colleague{ID: t.colleagueID(id), Name: p.Name})
		}
	}
	slices.SortFunc(list, func(a, b Colleague) int { return compareNames(a.Name, b.Name, a.ID, b.ID) })
	return list
}

// colleague finds somebody who may act for the mailbox, the actor included.
func (t *teamBox) colleague(id ID) (Person, bool) {
	i := slices.IndexFunc(t.people, func(p Person) bool { return t.colleagueID(t.svc.personID(p.ID)) == id })
	if i < 0 {
		return Person{}, false
	}
	return t.people[i], true
}

// Team tells what colleagues know of a conversation, for each shared one of mailboxes that takes part in it. It fails
// as ThreadFor does.
func (s *Service) Team(ctx context.Context, actor Actor, mailboxes []Address, id ID) ([]Team, error) {
	for range maxConflicts {
		list, err := s.teams(ctx, actor, mailboxes, id)
		if !errors.Is(err, ErrConflict) {
			return list, err
		}
	}
	return nil, &Error{Kind: KindStaleState, Rule: "D17"}
}

// teams is Team at one version; it fails with [ErrConflict] when the patient changed in between.
func (s *Service) teams(ctx context.Context, actor Actor, mailboxes []Address, id ID) ([]Team, error) {
	l, mine, err := s.threadOfMailboxes(ctx, mailboxes, id)
	if err != nil {
		return nil, err
	}
	var list []Team
	for _, a := range s.among(mailboxes, mine) {
		box, err := s.teamBox(ctx, a)
		if err != nil {
			return nil, err
		}
		if box == nil || box.box.Serves(s.member(actor), s.Now()).Refused() {
			continue
		}
		t, err := box.view(ctx, l, actor, id)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// view reads what the mailbox's users know of a conversation.
func (t *teamBox) view(ctx context.Context, l *loaded, actor Actor, id ID) (Team, error) {
	by := t.svc.member(actor)
	v := Team{Mailbox: t.address, Colleagues: t.colleagues(by)}
	work, err := t.open(ctx, l, id)
	if err != nil {
		return Team{}, err
	}
	if !by.Application {
		v.Self = t.colleagueID(by.Person)
	}
	v.Care, v.Notes = work.care(id, by), work.shownNotes(by)
	v.Present, err = t.present(ctx, id, by)
	return v, err
}

// teamwork is what the mailbox's users know of a patient's conversations, as read for one command. It is sealed
// with the patient's key, since it is about him: who erases his account erases it.
type teamwork struct {
	*teamBox

	cares []careLabel
	notes []noteLabel // of the conversation, oldest first
}

// careLabel is who takes care of one conversation.
type careLabel struct {
	Thread      ID     `cbor:"1,keyasint"`
	Person      hexID  `cbor:"2,keyasint"`
	Application bool   `cbor:"3,keyasint,omitempty"`
	Name        string `cbor:"4,keyasint,omitempty"`
	At          millis `cbor:"5,keyasint"`
	From        string `cbor:"6,keyasint,omitempty"`
}

func (c careLabel) rule() rules.Care {
	if c.Person == "" {
		return rules.Care{}
	}
	return rules.Care{Holder: rules.Member{Person: rules.PersonID(c.Person), Application: c.Application}, At: c.At.time()}
}

// careField and notesField are the fields of TableConversations that hold what a mailbox's users know: who takes care
// of which conversation of the patient, and the notes on one conversation.
func careField(m rules.MailboxID) ID             { return ID("care:" + string(m)) }
func notesField(thread ID, m rules.MailboxID) ID { return thread + ID(":notes:"+string(m)) }

// open reads what the mailbox's users know of the patient whose record was read. It fails with [ErrConflict] when the
// patient changed in between. No conversation: who takes care alone.
func (t *teamBox) open(ctx context.Context, l *loaded, thread ID) (*teamwork, error) {
	fields := []ID{careField(t.id)}
	if thread != "" {
		fields = append(fields, notesField(thread, t.id))
	}
	f, err := t.svc.Store.Facts(ctx, l.id, FactsQuery{Conversations: fields})
	switch {
	case err != nil:
		return nil, unavailable("read what colleagues noted", err)
	case f.Version != l.facts.Version:
		return nil, ErrConflict
	}
	w := &teamwork{teamBox: t}
	err = l.openField(f, careField(t.id), &w.cares)
	if thread != "" {
		err = errors.Join(err, l.openField(f, notesField(thread, t.id), &w.notes))
	}
	if err != nil {
		return nil, unavailable("open what colleagues noted", err)
	}
	return w, nil
}

// openField opens a sealed field of TableConversations into target, which stays as it is when there is none.
func (l *loaded) openField(f Facts, field ID, target any) error {
	b, ok := f.Conversations[field]
	if !ok {
		return nil
	}
	return l.vault.open(TableConversations, string(field), b, target)
}

// sealField is the record of a sealed field of TableConversations; one that holds nothing is deleted.
func (l *loaded) sealField(field ID, value any, empty bool) Record {
	r := Record{Table: TableConversations, Field: string(field)}
	if !empty {
		r.Value = l.vault.seal(TableConversations, r.Field, value)
	}
	return r
}

// care tells who takes care of a conversation, if somebody still does.
func (w *teamwork) care(thread ID, viewer rules.Member) Care {
	i := w.careAt(thread)
	if i < 0 {
		return Care{}
	}
	return w.shownCare(w.cares[i], viewer)
}

func (w *teamwork) shownCare(c careLabel, viewer rules.Member) Care {
	if !c.rule().Stands(w.box, w.svc.Now()) {
		return Care{}
	}
	return Care{By: c.Name, At: c.At.time(), From: c.From, Mine: viewer.Person != "" && c.rule().Holder == viewer}
}

func (w *teamwork) careAt(thread ID) int {
	return slices.IndexFunc(w.cares, func(c careLabel) bool { return c.Thread == thread })
}

// changeTeam lets decide change what a mailbox's users know of a conversation, and writes the records that it gives,
// traced to the actor. It decides again when another process came first; without records nothing is written.
func (s *Service) changeTeam(ctx context.Context, actor Actor, a Address, id ID, kind TraceKind,
	decide func(*loaded, *teamwork) ([]Record, error),
) error {
	p, err := s.owner(ctx, id)
	if err != nil {
		return err
	}
	return s.changeBox(p, func() error {
		l, _, err := s.threadOfMailboxes(ctx, []Address{a}, id)
		if err != nil {
			return err
		}
		box, err := s.teamBox(ctx, a)
		switch {
		case err != nil:
			return err
		case box == nil:
			return &Error{Kind: KindNotFound, Rule: "I119"}
		}
		work, err := box.open(ctx, l, id)
		if err != nil {
			return err
		}
		records, err := decide(l, work)
		if err != nil || len(records) == 0 {
			return err
		}
		c := Commit{Version: l.facts.Version, Now: s.Now(), Records: records}
		c.Entry = sealEntry(l.vault, entryFrame{
			At: toMillis(c.Now), Kind: kind, Patient: hexID(l.id), Version: c.Version + 1, Conversation: id, Mailbox: hexID(box.id), Actor: actor.Kind,
		}, actor, c, nil)
		_, err = s.persist(ctx, l.id, c)
		return err
	})
}

// forgetTeam lists the records by which all that colleagues noted on a conversation goes with it.
func (l *loaded) forgetTeam(ctx context.Context, thread ID) ([]Record, error) {
	var records []Record
	for _, p := range l.label[thread].People {
		t := &teamBox{svc: l.svc, id: rules.MailboxID(p.Mailbox)}
		w, err := t.open(ctx, l, thread)
		if err != nil {
			return nil, err
		}
		if len(w.notes) > 0 {
			records = append(records, l.sealField(notesField(thread, t.id), nil, true))
		}
		if i := w.careAt(thread); i >= 0 {
			w.cares = slices.Delete(w.cares, i, i+1)
			records = append(records, l.sealField(careField(t.id), w.cares, len(w.cares) == 0))
		}
	}
	return records, nil
}
