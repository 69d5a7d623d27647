package conversations

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"mesbridge/rules"
)

// Trace is what a journal entry tells without a key (O154, I187): opaque ids, codes and times only.
type Trace struct {
	Shard        string
	Sequence     uint64
	At           time.Time
	Kind         TraceKind
	Patient      PatientID
	Version      rules.Seq // of the patient after a change; 0 for an entry that changes no version
	Conversation ID
	Message      ID
	Mailbox      rules.MailboxID
	How          rules.EndHow
	Actor        ActorKind
	Outcome      TraceOutcome
	Code         string
	Rule         string
	MessageID    string // keyed hash, hexadecimal digits
	Effect       string
	Peer         string
	Count        int
	UpTo         time.Time // of a purge
}

// ReadTrace reads the clear frame of an entry.
func ReadTrace(e JournalEntry) (Trace, error) {
	var f entryFrame
	if err := unpack(e.Entry, &f); err != nil {
		return Trace{}, fmt.Errorf("read journal entry: %w", err)
	}
	return f.trace(e), nil
}

func (f entryFrame) trace(e JournalEntry) Trace {
	return Trace{
		Shard: e.Shard, Sequence: e.Sequence, At: f.At.time(), Kind: f.Kind, Patient: PatientID(f.Patient), Version: f.Version,
		Conversation: f.Conversation, Message: f.Message, Mailbox: rules.MailboxID(f.Mailbox), How: f.How, Actor: f.Actor,
		Outcome: f.Outcome, Code: f.Code, Rule: f.Rule, MessageID: hex.EncodeToString(f.MessageID), Effect: f.Effect,
		Peer: f.Peer, Count: f.Count, UpTo: f.UpTo.time(),
	}
}

// traceBytes is the length of the name of a Message-ID: long enough that no two meet by chance.
const traceBytes = 12

// TraceOf returns the name under which the entries of a Message-ID are found, for whoever holds the
// key of the hashes. It is the same for every patient, so that one question finds all of them (O156).
func TraceOf(key []byte, messageID string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte("trace\x00" + messageID))
	return h.Sum(nil)[:traceBytes]
}

// Redo is an entry with every value that it wrote.
type Redo struct {
	Trace
	Actor  Actor
	Commit Commit // without Entry; of an entry without a version, only the records are set
}

// OpenRedo reads an entry whole. With a zero key it gives what is in clear: all of an erased patient's
// tombstone, and the frame alone of what was sealed for him. Sealed reports whether that was so.
func OpenRedo(e JournalEntry, key DataKey) (r Redo, sealed bool, err error) {
	var f entryFrame
	if err := unpack(e.Entry, &f); err != nil {
		return Redo{}, false, fmt.Errorf("read journal entry: %w", err)
	}
	r.Trace = f.trace(e)
	var content entryContent
	switch {
	case f.Clear != nil:
		err = unpack(f.Clear, &content)
	case f.Sealed == nil:
	case key == DataKey{}:
		sealed = true
	default:
		var v *vault
		if v, err = newVault(PatientID(f.Patient), key); err == nil {
			err = v.open(tableJournal, f.place(), f.Sealed, &content)
		}
	}
	if err != nil {
		return Redo{}, false, fmt.Errorf("open journal entry: %w", err)
	}
	r.Commit, r.Actor = content.commit(f), content.actor(f.Actor)
	return r, sealed, nil
}

// Tombstone reports whether an entry stands in clear: what was sealed for its patient before is lost.
func Tombstone(e JournalEntry) (p PatientID, clear bool, err error) {
	var f entryFrame
	if err := unpack(e.Entry, &f); err != nil {
		return "", false, fmt.Errorf("read journal entry: %w", err)
	}
	return PatientID(f.Patient), f.Clear != nil, nil
}

// LostEntry stands in the place of an entry that was lost with the store.
func LostEntry(shard string, sequence uint64) JournalEntry {
	return JournalEntry{Shard: shard, Sequence: sequence, Entry: pack(entryFrame{Kind: TraceLost, Actor: ActorSystem, Outcome: OutcomeFailed})}
}

// touch writes records that no rule reads, with their trace, which is durable with the next commit of
// this process, or two seconds later ([Journal]): what a crash takes from the local database, the store
// still has, so that only the loss of both within that time loses a reading, a draft or a notification done.
// Without records it tells of an act that changes nothing: a download, a login. Whoever acts for the patient is
// traced in the place of actor.
func (l *loaded) touch(ctx context.Context, actor Actor, f entryFrame, records ...Record) error {
	if l.by.any() {
		who, err := l.actor()
		if err != nil {
			return err
		}
		actor = who
	}
	f.At, f.Patient, f.Actor = toMillis(l.svc.Now()), hexID(l.id), actor.Kind
	content := entryContent{Records: entryRecords(records)}
	content.sign(l.svc.signed(actor, rules.MailboxID(f.Mailbox)))
	f.Sealed = l.vault.seal(tableJournal, f.place(), content)
	n, err := l.svc.note(ctx, l.id.Shard(), f)
	if err != nil {
		return err
	}
	sequence, err := l.svc.Store.Touch(ctx, l.id, records, n)
	return l.svc.noted(ctx, l.id.Shard(), n, sequence, err)
}

// finish ends the claim of an effect. What is done leaves a trace, so that a rebuilt store does not do
// it again; an index is made again by the rebuilding itself, that of visits, and where exchanges stand, by effects,
// which come back.
func (s *Service) finish(ctx context.Context, c Claim, again time.Time) error {
	e, shard := c.Effect, c.Effect.Patient.Shard()
	n, err := s.note(ctx, shard, entryFrame{
		At: toMillis(s.Now()), Kind: TraceEffect, Patient: hexID(e.Patient), Conversation: e.Thread, Message: e.Message,
		Mailbox: hexID(e.Mailbox), Code: string(e.Kind), Effect: e.ID, Actor: ActorSystem,
	})
	if err != nil {
		return err
	}
	if !again.IsZero() || e.Kind.comesBack() {
		n.Entry = nil
	}
	sequence, err := s.Store.Finish(ctx, c, again, n)
	return s.noted(ctx, shard, n, sequence, err)
}

// note makes the note of a write without a version.
func (s *Service) note(ctx context.Context, shard string, f entryFrame) (Note, error) {
	mark, err := s.Journal.Head(ctx, shard)
	if err != nil {
		return Note{}, unavailable("read the high-water mark", err)
	}
	return Note{Entry: pack(f), Now: f.At.time(), Mark: mark}, nil
}

// noted keeps the trace of a write that the store made, or failed to make.
func (s *Service) noted(ctx context.Context, shard string, n Note, sequence uint64, err error) error {
	if err != nil {
		s.trail.doubt(shard)
		return unavailable("write to the store", err)
	}
	if sequence == 0 {
		return nil
	}
	e := JournalEntry{Shard: shard, Sequence: sequence, At: n.Now, Entry: n.Entry}
	if err := s.Journal.Note(context.WithoutCancel(ctx), e); err != nil {
		s.trail.doubt(shard)
		return unavailable("write to the journal", err)
	}
	return nil
}

// Event is something to be traced that changes no state: a refusal, a download, an act of the operator
// (O155). It holds opaque ids and codes; a domain is that of another operator.
type Event struct {
	Kind         TraceKind
	Outcome      TraceOutcome
	Code, Rule   string
	Actor        ActorKind
	Patient      PatientID
	Mailbox      rules.MailboxID
	Conversation ID
	Message      ID
	Peer         string
	Count        int
	UpTo         time.Time // of a purge: the first instant of what is kept
}

// Trace writes an event to the chain that is this process's own. It waits for no disk and no store, so
// that it takes as long whatever the event is (D36); a power cut may lose the last ones. What cannot be
// written is told in the log.
func (s *Service) Trace(ctx context.Context, e Event) {
	if err := TraceTo(ctx, s.Journal, s.Now(), e); err != nil {
		s.Log.ErrorContext(ctx, "event not traced", "kind", string(e.Kind), "error", err)
	}
}

// TraceTo is Trace for a command that runs no service.
func TraceTo(ctx context.Context, j interface {
	Local(ctx context.Context, at time.Time, entry []byte) error
}, now time.Time, e Event,
) error {
	return j.Local(context.WithoutCancel(ctx), now, pack(entryFrame{
		At: toMillis(now), Kind: e.Kind, Patient: hexID(e.Patient), Conversation: e.Conversation, Message: e.Message,
		Mailbox: hexID(e.Mailbox), Actor: e.Actor, Outcome: e.Outcome, Code: e.Code, Rule: e.Rule, Peer: e.Peer, Count: e.Count,
		UpTo: toMillis(e.UpTo),
	}))
}

// Refused traces an event that was refused at a border, which is cheap for whoever causes it: see refusal.
func (s *Service) Refused(ctx context.Context, e Event) { s.refusal(ctx, e) }

// refusal traces that a command was refused. Refusals are cheap for whoever causes them, so that only
// [maxRefusals] of a minute have an entry each; one entry counts the others.
func (s *Service) refusal(ctx context.Context, e Event) {
	more, own := s.refusals.take(s.Now())
	if more > 0 {
		s.Trace(ctx, Event{Kind: TraceMore, Outcome: OutcomeRefused, Actor: ActorSystem, Count: more})
	}
	if own {
		e.Outcome = OutcomeRefused
		s.Trace(ctx, e)
	}
}

// maxRefusals is how many refusals of one minute have an entry each: at 150 bytes, 130 MB a day at the
// worst.
const maxRefusals = 600

// refusals counts the refusals of the present minute.
type refusals struct {
	mu     sync.Mutex
	minute int64 // Unix minutes
	count  int
}

// take counts one refusal. It reports whether it gets an entry, and how many of an earlier minute got
// none.
func (r *refusals) take(now time.Time) (more int, own bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if minute := now.Unix() / 60; minute != r.minute {
		more = max(0, r.count-maxRefusals)
		r.minute, r.count = minute, 0
	}
	r.count++
	return more, r.count <= maxRefusals
}
