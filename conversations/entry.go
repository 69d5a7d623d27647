package conversations

import (
	"strconv"

	"mesbridge/rules"
)

// tableJournal is the place that the sealed part of a journal entry is bound to.
const tableJournal Table = "journal"

// entryFrame is the part of a journal entry that stays readable when the patient's key is destroyed:
// when, what, on which opaque ids, by which rule (I187, O154). Its sequence is the store's.
type entryFrame struct {
	At           millis           `cbor:"1,keyasint"`
	Kind         rules.ChangeKind `cbor:"2,keyasint"`
	Patient      hexID            `cbor:"3,keyasint"`
	Version      rules.Seq        `cbor:"4,keyasint"` // of the patient, after the change
	Conversation ID               `cbor:"5,keyasint,omitempty"`
	Message      ID               `cbor:"6,keyasint,omitempty"`
	Mailbox      hexID            `cbor:"7,keyasint,omitempty"`
	How          rules.EndHow     `cbor:"8,keyasint,omitempty"`
	Notes        rules.Notes      `cbor:"9,keyasint,omitempty"`
	Actor        ActorKind        `cbor:"10,keyasint"`
	Sealed       []byte           `cbor:"11,keyasint"` // entryContent
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
}

type entryRecord struct {
	_        struct{} `cbor:",toarray"`
	Table    Table
	Field    string
	Value    []byte
	IfAbsent bool
}

type entryEffect struct {
	_       struct{} `cbor:",toarray"`
	ID      string
	Kind    EffectKind
	Mailbox hexID
	At      millis
}

// place binds the sealed part of an entry to its frame.
func (f entryFrame) place() string { return strconv.FormatUint(uint64(f.Version), 10) }

// entry frames and seals the journal entry of a commit.
func (l *loaded) entry(c Commit, d *decision) []byte {
	change := d.verdict.Change
	content := entryContent{ActorID: d.actor.ID, ActorName: d.actor.Name, Patient: c.Patient, IDs: c.IDs}
	for _, r := range c.Records {
		content.Records = append(content.Records, entryRecord{Table: r.Table, Field: r.Field, Value: r.Value, IfAbsent: r.IfAbsent})
	}
	for _, e := range c.Effects {
		content.Effects = append(content.Effects, entryEffect{ID: e.ID, Kind: e.Kind, Mailbox: hexID(e.Mailbox), At: toMillis(e.At)})
	}
	if len(c.Inbox) > 0 {
		content.Inbox = make(map[ID]millis, len(c.Inbox))
		for id, at := range c.Inbox {
			content.Inbox[id] = toMillis(at)
		}
	}
	f := entryFrame{
		At: toMillis(change.At), Kind: change.Kind, Patient: hexID(l.id), Version: c.Version + 1,
		Conversation: ID(change.Conversation), Message: ID(change.Message), Mailbox: hexID(change.Mailbox),
		How: change.How, Notes: d.verdict.Notes, Actor: d.actor.Kind,
	}
	f.Sealed = l.vault.seal(tableJournal, f.place(), content)
	return pack(f)
}
