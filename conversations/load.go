package conversations

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mesbridge/rules"
)

// loaded is a patient's state as read for one command, at one version, opened.
type loaded struct {
	svc      *Service
	id       PatientID
	key      DataKey
	ins      rules.INS
	vault    *vault // nil until unlock
	facts    Facts
	patient  patientRecord
	exchange map[rules.MailboxID]exchangeRecord
	asked    map[rules.MailboxID]bool // exchanges that were looked for, found or not
	thread   map[ID]threadRecord
	label    map[ID]threadLabel
	by       delegated // who acts for the patient; zero: he himself, or somebody who is not on his side
	state    rules.State
	who      rules.Correspondents // of mailboxes whose address is known here
}

// load reads what q names and opens it. It fails with KindMailboxUnknown for a patient that was never
// enrolled, and with KindUnavailable when anything that rules read is missing, unreadable or older than
// the journal (D17).
func (s *Service) load(ctx context.Context, p PatientID, q FactsQuery) (*loaded, error) {
	l, err := s.read(ctx, p, q)
	if err != nil {
		return nil, err
	}
	if l.patient.Of != "" { // who asks again by the matricule is led on
		return nil, &Error{Kind: KindStaleState, Rule: "OP17"}
	}
	if l.patient.Account == rules.Purged { // the key is gone, and with it all that could be read (O117)
		return nil, &Error{Kind: KindMailboxUnknown, Rule: "O117"}
	}
	if err := l.unlock(ctx); err != nil {
		return nil, err
	}
	if err := l.openWill(); err != nil {
		return nil, err
	}
	for id, b := range l.facts.Conversations {
		if !isRecordField(id) {
			continue
		}
		if err := l.addThread(id, b); err != nil {
			return nil, unavailable("open records", errors.Join(errLocked, err))
		}
	}
	return l, nil
}

// read reads what q names without the patient's key: enough for what is decided at RCPT, by the same
// steps for every patient (D36).
func (s *Service) read(ctx context.Context, p PatientID, q FactsQuery) (*loaded, error) {
	q.Messages = append(slices.Clip(q.Messages), StorageField)
	f, err := s.facts(ctx, p, q)
	if err != nil {
		return nil, err
	}
	if f.Patient == nil {
		return nil, &Error{Kind: KindMailboxUnknown, Rule: "R140"}
	}
	l := newLoaded(s, p, f)
	if err := unpack(f.Patient, &l.patient); err != nil {
		return nil, unavailable("open the patient's record", err)
	}
	l.state.Patient = l.patient.patient()
	if err := l.takeMandate(ctx); err != nil {
		return nil, err
	}
	if err := l.openStorage(); err != nil {
		return nil, unavailable("open how much is stored", err)
	}
	l.ask(q.Exchanges)
	if err := l.addExchanges(f.Exchanges); err != nil {
		return nil, unavailable("open exchanges", err)
	}
	return l, nil
}

// facts reads what q names from a store that is not behind its journal (D17).
func (s *Service) facts(ctx context.Context, p PatientID, q FactsQuery) (Facts, error) {
	mark, err := s.trail.mark(ctx, p.Shard())
	if err != nil {
		return Facts{}, unavailable("read the high-water mark", err)
	}
	f, err := s.Store.Facts(ctx, p, q)
	if err != nil {
		return Facts{}, unavailable("read facts", err)
	}
	if f.Head < mark {
		return Facts{}, unavailable("read facts", ErrBehind)
	}
	return f, nil
}

func newLoaded(s *Service, p PatientID, f Facts) *loaded {
	return &loaded{
		svc: s, id: p, facts: f, who: rules.Correspondents{}, exchange: map[rules.MailboxID]exchangeRecord{},
		asked: map[rules.MailboxID]bool{}, thread: map[ID]threadRecord{}, label: map[ID]threadLabel{},
		state: rules.State{Exchanges: rules.Exchanges{}, Conversations: map[rules.ConversationID]rules.Conversation{}},
	}
}

// errLocked means that what is kept of one patient cannot be opened: his key is lost, or a record was
// altered. Others are not concerned.
var errLocked = errors.New("records of a patient cannot be opened")

// openWill opens what the patient's record says of whom he wants to hear from.
func (l *loaded) openWill() error {
	if err := l.identifyBlocks(); err != nil {
		return err
	}
	return l.openObjections()
}

// unlock fetches the patient's key. A patient with a record and without a key was erased or lost it:
// nothing can be read, so nothing is decided.
func (l *loaded) unlock(ctx context.Context) error {
	if l.vault != nil {
		return nil
	}
	key, ins, err := l.svc.Keys.Key(ctx, l.id)
	if err != nil {
		return unavailable("read the data key", errors.Join(errLocked, err))
	}
	l.key, l.ins = key, ins
	if l.vault, err = newVault(l.id, key); err != nil {
		return unavailable("open the vault", err)
	}
	noteOpened(ctx, l.id)
	return l.openMatricule()
}

// isRecordField reports whether a field of TableConversations holds a record, not what stands beside it.
func isRecordField(id ID) bool {
	for i := range len(id) {
		if id[i] == ':' {
			return false
		}
	}
	return true
}

func (l *loaded) addExchanges(records map[rules.MailboxID][]byte) error {
	for m, b := range records {
		var r exchangeRecord
		if err := unpack(b, &r); err != nil {
			return fmt.Errorf("exchange: %w", err)
		}
		l.exchange[m] = r
		l.state.Exchanges[m] = r.exchange(m).Settled(l.facts.Version+1, l.svc.Now())
	}
	return nil
}

func (l *loaded) addThread(id ID, b []byte) error {
	var r threadRecord
	if err := unpack(b, &r); err != nil {
		return fmt.Errorf("conversation: %w", err)
	}
	var label threadLabel
	if err := l.vault.open(TableConversations, string(id), r.Sealed, &label); err != nil {
		return fmt.Errorf("conversation: %w", err)
	}
	l.thread[id], l.label[id] = r, label
	l.state.Conversations[id.Conversation()] = r.conversation(id).Settled(l.facts.Version+1, l.svc.Now())
	for i := range label.People {
		p := &label.People[i]
		p.Mailbox = hexID(l.know(p.address()).Mailbox)
	}
	return nil
}

// know looks a mailbox up in the local tables and returns what rules may know of it.
func (l *loaded) know(a Address) rules.Correspondent {
	c := l.svc.correspondent(a)
	l.who[c.Mailbox] = c
	return c
}

// correspondent returns what the local tables know of a mailbox (O139).
func (s *Service) correspondent(a Address) rules.Correspondent {
	m := s.Directory.Mailbox(a)
	c := rules.Correspondent{
		Mailbox: s.MailboxID(a), Kind: m.Kind, Structure: structureOf(m.Structure),
		Profession: m.Profession, Gone: !s.Directory.Trusted(a.Domain),
	}
	if m.Kind == rules.Personal { // a person named with another kind answers for it, and is not blocked with it (D12)
		c.Person = s.personID(m.Person)
	}
	return c
}

// identifyBlocks gives each block whose holder was unknown the person that the directory knows now, so
// that an import after the block widens it (D12). It takes no further reading, so that a patient with
// blocks answers no later than one without (D36).
func (l *loaded) identifyBlocks() error {
	for i, r := range l.patient.Blocks {
		b := &l.state.Patient.Blocks[i]
		if b.Person != "" || r.Sealed == nil {
			continue
		}
		var label mailboxLabel
		if err := l.vault.open(tablePatient, blockPlace(r.Mailbox), r.Sealed, &label); err != nil {
			return unavailable("open a block", err)
		}
		b.Person = l.know(label.address()).Person
	}
	return nil
}

// blockPlace is where the sealed part of a block stands in the patient's record.
func blockPlace(m hexID) string { return "block/" + string(m) }

// mailboxLabel returns the address and name of a mailbox whose exchange is loaded.
func (l *loaded) mailboxLabel(m rules.MailboxID) (mailboxLabel, bool, error) {
	r, ok := l.exchange[m]
	if !ok || r.Sealed == nil {
		return mailboxLabel{}, false, nil
	}
	var label mailboxLabel
	if err := l.vault.open(TableExchanges, string(m), r.Sealed, &label); err != nil {
		return mailboxLabel{}, false, fmt.Errorf("exchange: %w", err)
	}
	label.Mailbox = hexID(m)
	return label, true, nil
}

// ask notes which exchanges are looked for, and returns those that were not before.
func (l *loaded) ask(want []rules.MailboxID) []rules.MailboxID {
	var missing []rules.MailboxID
	for _, m := range want {
		if !l.asked[m] {
			l.asked[m] = true
			missing = append(missing, m)
		}
	}
	return missing
}

// alsoExchanges reads further exchanges, named by what the first reading found. It fails with
// [ErrConflict] when the patient changed in between: facts of two versions decide nothing.
func (l *loaded) alsoExchanges(ctx context.Context, want []rules.MailboxID) error {
	missing := l.ask(want)
	if len(missing) == 0 {
		return nil
	}
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Exchanges: missing})
	switch {
	case err != nil:
		return unavailable("read exchanges", err)
	case f.Version != l.facts.Version:
		return ErrConflict
	}
	if err := l.addExchanges(f.Exchanges); err != nil {
		return unavailable("open exchanges", err)
	}
	return nil
}

// mailboxesOf lists every mailbox that the conversation's rights depend on.
func mailboxesOf(c rules.Conversation) []rules.MailboxID {
	var ids []rules.MailboxID
	for _, v := range c.Voices {
		ids = append(append(append(ids, v.From), v.ReplyTo...), v.With...)
	}
	return ids
}

// alsoThreads reads further conversations with the exchanges that their rights depend on, named by what
// the first reading found. It fails as alsoExchanges does.
func (l *loaded) alsoThreads(ctx context.Context, ids []ID) error {
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Conversations: ids})
	switch {
	case err != nil:
		return unavailable("read conversations", err)
	case f.Version != l.facts.Version:
		return ErrConflict
	}
	var want []rules.MailboxID
	for _, id := range ids {
		b, ok := f.Conversations[id]
		if !ok {
			continue
		}
		if err := l.addThread(id, b); err != nil {
			return unavailable("open records", err)
		}
		want = append(want, mailboxesOf(l.state.Conversations[id.Conversation()])...)
	}
	return l.alsoExchanges(ctx, want)
}

// right computes the right to reply in a loaded conversation whose exchanges are loaded.
func (l *loaded) right(id ID) rules.Right {
	return rules.RightToReply(l.state.Patient, l.state.Conversations[id.Conversation()], l.state.Exchanges, l.who, l.svc.Now())
}
