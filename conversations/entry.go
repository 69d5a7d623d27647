package conversations

import (
	"strconv"
	"time"

	"mesbridge/rules"
)

// tableJournal is the place that the sealed part of a journal entry is bound to.
const tableJournal Table = "journal"

// TraceKind names what a journal entry tells (O155, I188). It is a kind of change of package rules, or
// one of those below. The texts are stored; readers pass over kinds that they do not know.
type TraceKind string

// Kinds of entry that are no change of package rules.
const (
	TraceDraft        TraceKind = "draft"                  // a draft was kept or dropped
	TraceEffect       TraceKind = "effect.done"            // what had to follow a commit was done
	TraceRefused      TraceKind = "refused"                // a command was refused
	TraceRecipient    TraceKind = "recipient.refused"      // a recipient was refused before its message
	TraceMore         TraceKind = "refused.more"           // so many refusals of a minute have no entry of their own
	TraceDownload     TraceKind = "attachment.download"    // an attachment was opened
	TraceConsulted    TraceKind = "message.consulted"      // somebody who acts for the patient opened a conversation (D28)
	TraceLost         TraceKind = "lost"                   // an entry that was lost with the store, before it was answered
	TraceAdmitted     TraceKind = "mailbox.user.admitted"  // a person was put on the list of a mailbox (D27)
	TraceDismissed    TraceKind = "mailbox.user.dismissed" // a person was taken off it
	TraceCopy         TraceKind = "copy"                   // what a mailbox is sent of what was written for it here (D30)
	TraceHooked       TraceKind = "webhook.register"       // a receiver of events was registered for a mailbox
	TraceUnhooked     TraceKind = "webhook.remove"
	TraceRotated      TraceKind = "webhook.rotate"
	TraceReplayed     TraceKind = "webhook.replay"
	TraceEvent        TraceKind = "webhook.event"  // an event was kept for receivers
	TraceCalled       TraceKind = "webhook.call"   // a receiver was called, and what became of it
	TraceForgotten    TraceKind = "webhook.forget" // events that were kept long enough are gone
	TraceStart        TraceKind = "bridge.start"
	TraceLogin        TraceKind = "login" // a provider vouched for a person
	TraceRebuild      TraceKind = "rebuild"
	TraceVerify       TraceKind = "audit.verify"
	TraceExport       TraceKind = "audit.export"
	TraceTaken        TraceKind = "data.taken"       // a patient took all his data away
	TraceNotification TraceKind = "notification.set" // a patient said where, and whether, he is told outside (R124)
	TracePurge        TraceKind = "purge"            // what was kept long enough is gone; Code tells the kind of data (retention.Kind)
	TraceLogout       TraceKind = "logout"           // of this browser, or everywhere

	TraceConnection TraceKind = "connection.refused" // by the failing check (O155)
	TraceSender     TraceKind = "sender.refused"
	TraceScan       TraceKind = "antivirus"      // a message was found infected, or could not be looked at
	TraceReport     TraceKind = "report.ignored" // a report that matches no message, or is not believed (OP7)
	TraceList       TraceKind = "white-list"     // an attempt to have a newer list, and what came of it
)

// Technical reports whether traces of a kind are kept as technical ones: they say how the program ran, and
// not what anybody did with a message (D16).
func (k TraceKind) Technical() bool { return k == TraceStart || k == TraceLogin }

// EntryTechnical reports whether a journal entry is a technical trace.
func EntryTechnical(entry []byte) bool {
	var f entryFrame
	return unpack(entry, &f) == nil && f.Kind.Technical()
}

// TraceOutcome tells what became of an act; empty: it was done (O154).
type TraceOutcome string

// Outcomes. An entry of [rules.DeliverySettled] holds a [DeliveryState] instead.
const (
	OutcomeRefused TraceOutcome = "refused"
	OutcomeFailed  TraceOutcome = "failed"
)

// entryFrame is the part of a journal entry that stays readable when the patient's key is destroyed:
// when, what, on which opaque ids, by which rule (I187, O154). Its sequence is the store's.
type entryFrame struct {
	At           millis       `cbor:"1,keyasint"`
	Kind         TraceKind    `cbor:"2,keyasint"`
	Patient      hexID        `cbor:"3,keyasint,omitempty"`
	Version      rules.Seq    `cbor:"4,keyasint,omitempty"` // of the patient, after the change; 0: it is not counted
	Conversation ID           `cbor:"5,keyasint,omitempty"`
	Message      ID           `cbor:"6,keyasint,omitempty"`
	Mailbox      hexID        `cbor:"7,keyasint,omitempty"`
	How          rules.EndHow `cbor:"8,keyasint,omitempty"`
	Notes        rules.Notes  `cbor:"9,keyasint,omitempty"`
	Actor        ActorKind    `cbor:"10,keyasint,omitempty"`
	Sealed       []byte       `cbor:"11,keyasint,omitempty"` // entryContent
	Outcome      TraceOutcome `cbor:"12,keyasint,omitempty"`
	Code         string       `cbor:"13,keyasint,omitempty"` // of the refusal, of the peer's reply, the kind of effect, or the life event
	Rule         string       `cbor:"14,keyasint,omitempty"`
	MessageID    []byte       `cbor:"15,keyasint,omitempty"` // keyed hash of the RFC 5322 Message-ID (O156)
	Effect       string       `cbor:"16,keyasint,omitempty"` // the effect that is done
	Peer         string       `cbor:"17,keyasint,omitempty"` // domain of another operator
	Count        int          `cbor:"18,keyasint,omitempty"`
	// Clear stands in the place of Sealed where nobody is named and no key is left: the tombstone of an
	// erased patient.
	Clear []byte `cbor:"19,keyasint,omitempty"`
	UpTo  millis `cbor:"20,keyasint,omitempty"` // instant up to which a purge went
	// Hidden is about something confidential, which who acts for the patient is not told of (D28).
	Hidden bool `cbor:"25,keyasint,omitempty"`
}

// entryContent is the part sealed with the patient's key: who acted, and every value written, from
// which the state can be made again.
type entryContent struct {
	ActorID   string        `cbor:"1,keyasint,omitempty"`
	ActorName string        `cbor:"2,keyasint,omitempty"`
	Patient   []byte        `cbor:"3,keyasint,omitempty"`
	Records   []entryRecord `cbor:"4,keyasint,omitempty"`
	Inbox     map[ID]millis `cbor:"5,keyasint,omitempty"`
	IDs       []ID          `cbor:"6,keyasint,omitempty"`
	Effects   []entryEffect `cbor:"7,keyasint,omitempty"`
	Gone      []ID          `cbor:"8,keyasint,omitempty"`
	Operation string        `cbor:"9,keyasint,omitempty"`
	Answer    []byte        `cbor:"10,keyasint,omitempty"`
	Erase     bool          `cbor:"11,keyasint,omitempty"`
	SHA256    []byte        `cbor:"20,keyasint,omitempty"` // of the bytes of the message that came or went
	Exercise  string        `cbor:"70,keyasint,omitempty"` // of the actor (I46)
	Under     string        `cbor:"71,keyasint,omitempty"` // under whose responsibility he acted (D27)
}

// sign notes who acted.
func (c *entryContent) sign(a Actor) {
	c.ActorID, c.ActorName, c.Exercise, c.Under = a.ID, a.Name, a.Exercise, a.Under
}

// actor is who acted.
func (c entryContent) actor(k ActorKind) Actor {
	return Actor{Kind: k, ID: c.ActorID, Name: c.ActorName, Exercise: c.Exercise, Under: c.Under}
}

type entryRecord struct {
	_        struct{} `cbor:",toarray"`
	Table    Table
	Field    string
	Value    []byte
	IfAbsent bool
}

// entryEffect is an effect as far as it differs from the frame: an absent message, conversation or time
// is the frame's.
type entryEffect struct {
	ID      string     `cbor:"1,keyasint"`
	Kind    EffectKind `cbor:"2,keyasint"`
	Mailbox hexID      `cbor:"3,keyasint,omitempty"`
	At      *millis    `cbor:"4,keyasint,omitempty"`
	Created *millis    `cbor:"5,keyasint,omitempty"`
	Message *ID        `cbor:"6,keyasint,omitempty"`
	Thread  *ID        `cbor:"7,keyasint,omitempty"`
	Patient hexID      `cbor:"8,keyasint,omitempty"` // when it is not the frame's
}

// place binds the sealed part of an entry to its frame.
func (f entryFrame) place() string {
	return string(f.Kind) + "/" + strconv.FormatUint(uint64(f.Version), 10) + "/" + strconv.FormatInt(int64(f.At), 10)
}

// entry frames and seals the journal entry of a commit.
func (l *loaded) entry(c Commit, d *decision) []byte {
	change := d.verdict.Change
	f := entryFrame{
		At: toMillis(change.At), Kind: TraceKind(change.Kind), Patient: hexID(l.id), Version: c.Version + 1,
		Conversation: ID(change.Conversation), Message: ID(change.Message), Mailbox: hexID(change.Mailbox),
		How: change.How, Notes: d.verdict.Notes, Actor: d.actor.Kind,
		Outcome: d.outcome, Code: d.code, Rule: d.rule, MessageID: l.svc.traceOf(d.mail), Hidden: l.confidential(d),
	}
	if l.vault == nil || change.Kind == rules.AccountErased { // it names nobody
		f.Clear = pack(contentOf(f, c))
		return pack(f)
	}
	return sealEntry(l.vault, f, l.svc.signed(d.actor, change.Mailbox), c, d.sum)
}

// sealEntry completes an entry with who acted, what is written, and the SHA-256 of the message that came or went,
// sealed.
func sealEntry(v *vault, f entryFrame, actor Actor, c Commit, sum []byte) []byte {
	content := contentOf(f, c)
	content.SHA256 = sum
	content.sign(actor)
	f.Sealed = v.seal(tableJournal, f.place(), content)
	return pack(f)
}

// traceOf returns the name under which a Message-ID is found among the entries; nil for none.
func (s *Service) traceOf(messageID string) []byte {
	if messageID == "" {
		return nil
	}
	return TraceOf(s.PatientKey, messageID)
}

// contentOf lists every value that a commit writes.
func contentOf(f entryFrame, c Commit) entryContent {
	content := entryContent{Patient: c.Patient, IDs: c.IDs, Gone: c.Gone, Operation: c.Operation, Answer: c.Answer, Erase: c.Erase}
	content.Records = entryRecords(c.Records)
	for _, e := range c.Effects {
		content.Effects = append(content.Effects, effectOf(f, e))
	}
	if len(c.Inbox) > 0 {
		content.Inbox = make(map[ID]millis, len(c.Inbox))
		for id, at := range c.Inbox {
			content.Inbox[id] = toMillis(at)
		}
	}
	return content
}

func entryRecords(records []Record) []entryRecord {
	list := make([]entryRecord, len(records))
	for i, r := range records {
		list[i] = entryRecord{Table: r.Table, Field: r.Field, Value: r.Value, IfAbsent: r.IfAbsent}
	}
	return list
}

// effectOf leaves out of an effect what the frame says.
func effectOf(f entryFrame, e Effect) entryEffect {
	out := entryEffect{ID: e.ID, Kind: e.Kind, Mailbox: hexID(e.Mailbox)}
	if at := toMillis(e.At); at != f.At {
		out.At = &at
	}
	if at := toMillis(e.CreatedAt); at != f.At {
		out.Created = &at
	}
	if e.Message != f.Message {
		out.Message = &e.Message
	}
	if e.Thread != f.Conversation {
		out.Thread = &e.Thread
	}
	if hexID(e.Patient) != f.Patient {
		out.Patient = hexID(e.Patient)
	}
	return out
}

// effect gives back what effectOf left out.
func (e entryEffect) effect(f entryFrame) Effect {
	out := Effect{
		ID: e.ID, Kind: e.Kind, Patient: PatientID(f.Patient), Message: f.Message, Thread: f.Conversation,
		Mailbox: rules.MailboxID(e.Mailbox), At: f.At.time(), CreatedAt: f.At.time(),
	}
	if e.At != nil {
		out.At = e.At.time()
	}
	if e.Created != nil {
		out.CreatedAt = e.Created.time()
	}
	if e.Message != nil {
		out.Message = *e.Message
	}
	if e.Thread != nil {
		out.Thread = *e.Thread
	}
	if e.Patient != "" {
		out.Patient = PatientID(e.Patient)
	}
	return out
}

// commit gives back the commit whose content it is.
func (c entryContent) commit(f entryFrame) Commit {
	out := Commit{
		Operation: c.Operation, Answer: c.Answer, Patient: c.Patient, IDs: c.IDs, Gone: c.Gone, Erase: c.Erase, Now: f.At.time(),
	}
	if f.Version > 0 {
		out.Version = f.Version - 1
	}
	for _, r := range c.Records {
		out.Records = append(out.Records, Record{Table: r.Table, Field: r.Field, Value: r.Value, IfAbsent: r.IfAbsent})
	}
	for _, e := range c.Effects {
		out.Effects = append(out.Effects, e.effect(f))
	}
	if len(c.Inbox) > 0 {
		out.Inbox = make(map[ID]time.Time, len(c.Inbox))
		for id, at := range c.Inbox {
			out.Inbox[id] = at.time()
		}
	}
	return out
}
