package conversations

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// maxConflicts is how often a command is decided again before its caller is told to come back: more
// means a patient on whom many processes work at once.
const maxConflicts = 5

// queue lets one process work on one command of a patient at a time, so that conflicts come only from
// other processes. 1 024 stripes make a chance meeting of two patients rare.
type queue [1024]sync.Mutex

func (q *queue) of(p PatientID) *sync.Mutex {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p))
	return &q[h.Sum32()%uint32(len(q))]
}

// decision is what one command wants written: the verdict's change, and the records that only this
// package knows of.
type decision struct {
	verdict  rules.Verdict
	records  []Record
	answer   []byte
	actor    Actor
	cursor   time.Time // new place of the conversation in the inbox; zero: it stays
	newIDs   []ID
	deliver  []rules.MailboxID                // mailboxes that EffectDeliver sends the message to
	project  []rules.MailboxID                // mailboxes to index
	receipt  []receiptDue                     // read receipts that are due (EffectReceipt)
	labels   map[rules.MailboxID]mailboxLabel // sealed into exchanges that have none yet
	thread   *threadDelta
	plan     *planLabel      // of an end that is planned
	gone     []ID            // conversations that leave the inbox
	about    oppositionLabel // of an opposition that is recorded
	others   []ID            // conversations beside the change's own whose records it alters
	join     *joining        // of an event that joins two matricules
	delegate *delegateLabel  // names the delegation that changes
	profiles []hexID         // of a person, when it changes for whom he may act
	told     []rules.Telling // what receivers hear beside what rules.Told lists
	claims   []claimRecord   // beside profiles: for whom he is about to help as a caregiver
	enrolled *enrolmentLabel // tells what a new code was given on
	bound    *boundLabel     // names the login that is bound
	timed    []Effect        // effects with an instant, or a name, of their own; Patient and CreatedAt are filled in

	mailbox rules.MailboxID // whose command is refused
	sum     []byte          // SHA-256 of the bytes of the message, for the trace
	mail    string          // Message-ID, under whose hash the trace is found (O156)
	outcome TraceOutcome
	code    string // why not, when the change tells of a refusal
	rule    string
}

// threadDelta is what a command adds to a conversation beside what rules know.
type threadDelta struct {
	id       ID
	label    threadLabel
	newLabel bool
	count    int
	attached bool
	heard    bool // a professional's message
	cleared  bool // the patient deleted all that is there; nothing else is set then
	hidden   bool // the conversation is confidential (D28)
	due      int  // number of a message that asks for a read receipt; 0: none
	opened   bool // every receipt that was due is released
}

// run loads, lets decide decide, and commits; it decides again when another process came first. It
// returns the answer of the first time when the operation was done already. A decision without a
// change is not committed.
func (s *Service) run(ctx context.Context, p PatientID, op string, q FactsQuery,
	decide func(*loaded) (*decision, error),
) (answer []byte, repeated bool, err error) {
	return s.runOn(ctx, p, op, q, s.load, decide)
}

// runOn is run with another way of loading.
func (s *Service) runOn(ctx context.Context, p PatientID, op string, q FactsQuery,
	load func(context.Context, PatientID, FactsQuery) (*loaded, error), decide func(*loaded) (*decision, error),
) (answer []byte, repeated bool, err error) {
	mu := s.queue.of(p)
	mu.Lock()
	defer mu.Unlock()
	q.Operation = op
	for range maxConflicts {
		l, err := load(ctx, p, q)
		if err != nil {
			return nil, false, err
		}
		if l.facts.Done {
			return s.again(ctx, p, l.facts.Answer)
		}
		d, err := decide(l)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if l.by.any() {
			if d.verdict.Refusal == (rules.Refusal{}) && d.verdict.Change.Kind != "" {
				d.verdict.Refusal = l.permits(d.verdict.Change.Kind)
			}
			if d.actor, err = l.actor(); err != nil {
				return nil, false, err
			}
		}
		if d.verdict.Refusal.Refused() {
			s.refusal(ctx, Event{
				Kind: TraceRefused, Code: string(d.verdict.Refusal.Code), Rule: d.verdict.Refusal.Rule, Actor: d.actor.Kind,
				Patient: p, Mailbox: d.mailbox,
			})
			return nil, false, refused(d.verdict.Refusal)
		}
		switch {
		case d.verdict.Notes.Has(rules.Repeated):
			return s.again(ctx, p, d.answer)
		case d.verdict.Change.Kind == "":
			return d.answer, false, nil
		}
		answer, repeated, err := s.commit(ctx, l, op, d)
		if !errors.Is(err, ErrConflict) {
			return answer, repeated, err
		}
	}
	return nil, false, &Error{Kind: KindStaleState, Rule: "D17"}
}

// commit applies the change and writes it with its effects and its trace, durable when it returns.
func (s *Service) commit(ctx context.Context, l *loaded, op string, d *decision) ([]byte, bool, error) {
	c, err := l.build(op, d)
	if err != nil {
		return nil, false, err
	}
	done, err := s.persist(ctx, l.id, c)
	switch {
	case err != nil:
		return nil, false, err
	case done.Repeated:
		return s.again(ctx, l.id, done.Answer)
	}
	return d.answer, false, nil
}

// persist makes a commit, and keeps its journal entry, which is durable when it returns. It fails with
// [ErrConflict] when another process came first.
func (s *Service) persist(ctx context.Context, p PatientID, c Commit) (done Committed, err error) {
	if c.Mark, err = s.Journal.Head(ctx, p.Shard()); err != nil {
		return Committed{}, unavailable("read the high-water mark", err)
	}
	done, err = s.Store.Commit(ctx, p, c)
	switch {
	case errors.Is(err, ErrConflict):
		return Committed{}, err
	case err != nil:
		s.trail.doubt(p.Shard())
		return Committed{}, unavailable("commit", err)
	case done.Repeated:
		return done, nil
	}
	e := JournalEntry{Shard: p.Shard(), Sequence: done.Sequence, At: c.Now, Entry: c.Entry}
	if err := s.trail.append(ctx, e); err != nil {
		return Committed{}, unavailable("commit", err)
	}
	return done, nil
}

// again answers a command that was carried out before. Its commit may have been made a moment ago, by a
// script that was given up: the trace has to be durable before this answer too.
func (s *Service) again(ctx context.Context, p PatientID, answer []byte) ([]byte, bool, error) {
	s.trail.doubt(p.Shard())
	if _, err := s.trail.mark(ctx, p.Shard()); err != nil {
		return nil, false, unavailable("fill the journal", err)
	}
	return answer, true, nil
}

// build turns a decision into what the store writes.
func (l *loaded) build(op string, d *decision) (Commit, error) {
	change := d.verdict.Change
	before := l.sight(change)
	rules.Apply(&l.state, change)
	d.told = slices.Concat(d.told, rules.Told(change, d.project, before.at, l.sight(change).at), l.reopened(change))
	c := Commit{
		Version: l.facts.Version, Operation: op, Answer: d.answer, Records: d.records, IDs: d.newIDs, Now: change.At,
		Inbox: map[ID]time.Time{}, Gone: d.gone,
	}
	l.buildPatient(&c, d)
	if change.Bytes != 0 {
		c.Records = append(c.Records, l.storageRecord())
	}
	for _, m := range l.touched(change) {
		if _, known := l.exchange[m]; !known {
			c.IDs = append(c.IDs, l.svc.exchangeID(l.id, m))
		}
		c.Records = append(c.Records, l.exchangeRecord(m, d))
	}
	if change.Conversation != "" && writesThread(change.Kind) {
		c.Records = append(c.Records, l.threadRecord(ID(change.Conversation), d.thread))
		if !d.cursor.IsZero() {
			c.Inbox[ID(change.Conversation)] = d.cursor
		}
	}
	for _, id := range d.others {
		c.Records = append(c.Records, l.threadRecord(id, nil))
	}
	effects, err := l.effects(d)
	if err != nil {
		return Commit{}, err
	}
	c.Effects = effects
	c.Entry = l.entry(c, d)
	return c, nil
}

// buildPatient writes the patient's own record when the change touches it.
func (l *loaded) buildPatient(c *Commit, d *decision) {
	switch change := d.verdict.Change; change.Kind {
	case rules.BlockSet, rules.BlockLifted, rules.AccountChanged, rules.TermsAccepted, rules.MinorityNoted, rules.LifeNoted:
		l.patient.set(l.state.Patient)
		l.rename(d.join)
		l.sealBlocks(d.labels)
	case rules.DelegateInvited, rules.DelegateAccepted, rules.DelegateRefused, rules.DelegateDeclared, rules.DelegateEnded, rules.DelegateRestored:
		l.sealDelegations(change.Delegation.ID, d.delegate)
	case rules.ProfileNoted:
		l.patient.Profiles, l.patient.Claims = d.profiles, d.claims
	case rules.EnrolmentMade, rules.EnrolmentEnded, rules.EnrolmentRefused, rules.SubjectBound, rules.SubjectUnbound:
		l.patient.set(l.state.Patient)
		l.sealEnrolments(d)
	case rules.VisitOpened, rules.VisitClosed:
		l.patient.set(l.state.Patient)
	case rules.ObjectionSet, rules.ObjectionLifted:
		l.sealObjections()
	case rules.OppositionRecorded:
		l.sealOpposition(change.Opposition, d.about)
	case rules.AccountErased:
		l.patient = patientRecord{Account: rules.Purged, Since: toMillis(change.At)}
		c.Erase = true
	case rules.ConversationDeleted, rules.ConversationPurged:
		l.patient.Trash = l.trash(change)
	case rules.MatriculeJoined, rules.SubjectNoted:
		l.leadTo(d.join)
	case rules.MessageReceived, rules.MessageRefused, rules.ReplySent, rules.ExchangeEnded, rules.ConversationEnded,
		rules.DocumentSaved, rules.DocumentDeleted, rules.ClosingAnnounced, rules.VerdictAsked,
		rules.DeliverySettled, rules.ReportReceived, rules.ConversationOpened, rules.ReceiptSent, rules.EndPlanned, rules.EndKept:
		return
	}
	c.Patient = pack(l.patient)
}

// writesThread reports whether a change that names a conversation rewrites its record.
func writesThread(k rules.ChangeKind) bool {
	switch k {
	case rules.MessageReceived, rules.ReplySent, rules.ConversationEnded, rules.ClosingAnnounced, rules.ConversationDeleted,
		rules.ConversationOpened:
		return true
	case rules.MessageRefused, rules.ExchangeEnded, rules.BlockSet, rules.BlockLifted, rules.AccountChanged, rules.AccountErased,
		rules.ObjectionSet, rules.ObjectionLifted, rules.OppositionRecorded, rules.ConversationPurged, rules.DocumentSaved,
		rules.DocumentDeleted, rules.TermsAccepted, rules.MinorityNoted, rules.VisitOpened, rules.VisitClosed, rules.VerdictAsked,
		rules.DeliverySettled, rules.ReportReceived, rules.ReceiptSent, rules.DelegateInvited, rules.DelegateAccepted,
		rules.DelegateRefused, rules.DelegateDeclared, rules.DelegateEnded, rules.DelegateRestored, rules.ProfileNoted, rules.LifeNoted,
		rules.MatriculeJoined, rules.EndPlanned, rules.EndKept, rules.EnrolmentMade, rules.EnrolmentEnded, rules.EnrolmentRefused, rules.SubjectBound, rules.SubjectUnbound,
		rules.SubjectNoted:
	}
	return false
}

// sealBlocks keeps with each new block the address of its mailbox, by which the directory may know the
// holder one day.
func (l *loaded) sealBlocks(labels map[rules.MailboxID]mailboxLabel) {
	for i := range l.patient.Blocks {
		b := &l.patient.Blocks[i]
		if label, ok := labels[rules.MailboxID(b.Mailbox)]; ok && b.Sealed == nil {
			b.Sealed = l.vault.seal(tablePatient, blockPlace(b.Mailbox), label)
		}
	}
}

// touched lists the mailboxes whose exchange the change may have altered. Those in copy are only where their
// reply window ran out, which this change writes down (D8).
func (l *loaded) touched(c rules.Change) []rules.MailboxID {
	switch c.Kind {
	case rules.MessageReceived:
		settled := lo.Filter(c.With, func(m rules.MailboxID, _ int) bool { return l.state.Exchanges[m].Horizon == c.Seq })
		return lo.Uniq(slices.Concat([]rules.MailboxID{c.Mailbox}, c.ReplyTo, settled))
	case rules.ReplySent:
		return lo.Uniq(c.To)
	case rules.ExchangeEnded, rules.EndPlanned, rules.EndKept:
		return []rules.MailboxID{c.Mailbox}
	case rules.MessageRefused, rules.ConversationEnded, rules.BlockSet, rules.BlockLifted, rules.AccountChanged,
		rules.AccountErased, rules.ObjectionSet, rules.ObjectionLifted, rules.OppositionRecorded, rules.ConversationDeleted,
		rules.ConversationPurged, rules.DocumentSaved, rules.DocumentDeleted, rules.TermsAccepted, rules.MinorityNoted,
		rules.VisitOpened, rules.VisitClosed, rules.ClosingAnnounced, rules.VerdictAsked,
		rules.DeliverySettled, rules.ReportReceived, rules.ConversationOpened, rules.ReceiptSent,
		rules.DelegateInvited, rules.DelegateAccepted, rules.DelegateRefused, rules.DelegateDeclared, rules.DelegateEnded,
		rules.DelegateRestored, rules.ProfileNoted, rules.LifeNoted, rules.MatriculeJoined, rules.EnrolmentMade, rules.EnrolmentEnded,
		rules.EnrolmentRefused, rules.SubjectBound, rules.SubjectUnbound, rules.SubjectNoted:
	}
	return nil
}

// exchangeRecord returns the record of an exchange after the change, named when it was not yet.
func (l *loaded) exchangeRecord(m rules.MailboxID, d *decision) Record {
	r, known := l.exchange[m]
	r.set(l.state.Exchanges[m])
	l.planned(&r, m, d)
	if k := d.verdict.Change.Kind; k == rules.MessageReceived && d.verdict.Change.Shown || k == rules.ReplySent {
		r.Hidden = l.confidential(d) && (r.Hidden || !known)
	}
	if label, ok := d.labels[m]; ok && r.Sealed == nil {
		r.Sealed = l.vault.seal(TableExchanges, string(m), label)
	}
	return Record{Table: TableExchanges, Field: string(m), Value: pack(r)}
}

// threadRecord returns the record of a conversation after the change.
func (l *loaded) threadRecord(id ID, d *threadDelta) Record {
	r := l.thread[id]
	r.set(l.state.Conversations[id.Conversation()])
	if d != nil && d.cleared {
		r.Cleared = r.Count
	} else if d != nil {
		r.Count = d.count
		r.Hidden = r.Hidden || d.hidden
		if d.attached {
			r.Attached, r.LastAttached = true, d.count
		}
		if d.heard {
			r.Heard = l.facts.Version + 1
		}
		r.noteReceipts(d)
		if d.newLabel {
			r.Sealed = l.vault.seal(TableConversations, string(id), d.label)
		}
	}
	return Record{Table: TableConversations, Field: string(id), Value: pack(r)}
}

// effects lists what must follow the change. Effects that would do the same work have the same id, so
// that only one of them waits.
func (l *loaded) effects(d *decision) ([]Effect, error) {
	change := d.verdict.Change
	var list []Effect
	add := func(e Effect) {
		e.Patient = l.id
		if e.Thread == "" {
			e.Thread = ID(change.Conversation)
		}
		if e.Message == "" {
			e.Message = ID(change.Message)
		}
		e.At, e.CreatedAt = change.At, change.At
		list = append(list, e)
	}
	if d.verdict.Effects.Has(rules.Notify) {
		add(Effect{ID: l.id.Shard() + "n" + string(l.id[2:]), Kind: EffectNotify})
		l.alsoNotify(d, add)
	}
	for _, e := range l.deadlines(d.verdict) {
		at := e.At
		add(e)
		list[len(list)-1].At = at
	}
	if d.verdict.Effects.Has(rules.Project) {
		for _, m := range lo.Uniq(d.project) {
			place := l.svc.name("project", string(m)+string(l.id)+string(change.Conversation))
			add(Effect{ID: l.id.Shard() + "p" + lowerBase32(place[:15]), Kind: EffectProject, Mailbox: m})
		}
	}
	if d.verdict.Effects.Has(rules.Report) {
		id, err := l.svc.newID(l.id)
		if err != nil {
			return nil, err
		}
		add(Effect{ID: string(id), Kind: EffectReport})
	}
	if d.verdict.Effects.Has(rules.Acknowledge) {
		if err := l.acknowledge(d, add); err != nil {
			return nil, err
		}
	}
	if d.verdict.Effects.Has(rules.Dispatch) {
		for _, m := range d.deliver {
			id, err := l.svc.newID(l.id)
			if err != nil {
				return nil, err
			}
			add(Effect{ID: string(id), Kind: EffectDeliver, Mailbox: m})
		}
	}
	if err := l.telling(d, add); err != nil {
		return nil, err
	}
	for _, e := range slices.Concat(d.timed, l.moved(change), l.restand(change)) {
		e.Patient, e.CreatedAt = l.id, change.At
		list = append(list, e)
	}
	return list, nil
}
