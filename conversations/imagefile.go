package conversations

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"mesbridge/rules"
)

// traceImage is the kind of the entries of an image. They stand in no chain.
const traceImage TraceKind = "image"

// imageChunk is roughly how much of a patient one entry of an image holds, in bytes.
const imageChunk = 1 << 20

// imageContent is a part of what a store keeps of one patient, sealed with his key.
type imageContent struct {
	Record  []byte         `cbor:"1,keyasint,omitempty"`
	Records []entryRecord  `cbor:"2,keyasint,omitempty"`
	Inbox   map[ID]millis  `cbor:"3,keyasint,omitempty"`
	IDs     []ID           `cbor:"4,keyasint,omitempty"`
	Effects []entryEffect  `cbor:"5,keyasint,omitempty"`
	Done    []doneRecord   `cbor:"6,keyasint,omitempty"` // those without an operation are calls
	Ledger  []ledgerRecord `cbor:"7,keyasint,omitempty"`
}

type doneRecord struct {
	Operation string    `cbor:"1,keyasint,omitempty"`
	Entry     []byte    `cbor:"2,keyasint"`
	Version   rules.Seq `cbor:"3,keyasint"`
	Sequence  uint64    `cbor:"4,keyasint"`
	Answer    []byte    `cbor:"5,keyasint,omitempty"`
}

type ledgerRecord struct {
	Mailbox hexID  `cbor:"1,keyasint"`
	Thread  ID     `cbor:"2,keyasint,omitempty"`
	At      millis `cbor:"3,keyasint"`
}

// Pack writes an image as entries, each of one patient and sealed with his key, so that what is destroyed
// with the key is destroyed here too. A patient without a key leaves what stands in clear. Image.Open reads
// them.
func (i *Image) Pack(ctx context.Context, keys Keys, at time.Time, add func(entry []byte) error) error {
	rest := i.byPatient()
	patients := make([]PatientID, 0, len(i.Patients))
	for p := range i.Patients {
		patients = append(patients, p)
	}
	slices.Sort(patients)
	for _, p := range patients {
		key, _, err := keys.Key(ctx, p)
		w := imagePacker{frame: entryFrame{At: toMillis(at), Kind: traceImage, Patient: hexID(p), Version: i.Patients[p].Version}, add: add}
		switch {
		case errors.Is(err, ErrNotFound):
			err = w.tombstone(i, p, rest[p])
		case err == nil:
			if w.vault, err = newVault(p, key); err == nil {
				err = w.patient(i.Patients[p], rest[p])
			}
		}
		if err != nil {
			return fmt.Errorf("pack image: %w", err)
		}
	}
	return nil
}

// besidePatient is what stands of a patient outside his own image.
type besidePatient struct {
	ids     []ID
	effects []Effect
	ledger  []ledgerRecord
}

// byPatient sorts what stands outside the patients' images by patient.
func (i *Image) byPatient() map[PatientID]*besidePatient {
	all := map[PatientID]*besidePatient{}
	of := func(p PatientID) *besidePatient {
		if all[p] == nil {
			all[p] = &besidePatient{}
		}
		i.patient(p)
		return all[p]
	}
	for id, p := range i.IDs {
		b := of(p)
		b.ids = append(b.ids, id)
	}
	for _, e := range i.Effects {
		b := of(e.Patient)
		b.effects = append(b.effects, e)
	}
	for m, entries := range i.Ledger {
		for e, at := range entries {
			b := of(e.Patient)
			b.ledger = append(b.ledger, ledgerRecord{Mailbox: hexID(m), Thread: e.Thread, At: toMillis(at)})
		}
	}
	return all
}

// imagePacker writes the entries of one patient.
type imagePacker struct {
	frame   entryFrame
	vault   *vault // nil: in clear
	add     func(entry []byte) error
	content imageContent
	bytes   int
	err     error
}

// flush writes what is collected.
func (w *imagePacker) flush() {
	if w.err != nil {
		return
	}
	f := w.frame
	if w.vault == nil {
		f.Clear = pack(w.content)
	} else {
		f.Sealed = w.vault.seal(tableJournal, f.place(), w.content)
	}
	w.err = w.add(pack(f))
	w.content, w.bytes = imageContent{}, 0
}

// grew counts what was collected, and writes it when it is enough.
func (w *imagePacker) grew(bytes int) {
	const perItem = 64
	if w.bytes += bytes + perItem; w.bytes >= imageChunk {
		w.flush()
	}
}

// patient writes everything of a patient.
func (w *imagePacker) patient(p *PatientImage, beside *besidePatient) error {
	w.content.Record = p.Record
	for table, records := range p.Tables {
		for field, value := range records {
			w.content.Records = append(w.content.Records, entryRecord{Table: table, Field: field, Value: value})
			w.grew(len(field) + len(value))
		}
	}
	for id, at := range p.Inbox {
		if w.content.Inbox == nil {
			w.content.Inbox = map[ID]millis{}
		}
		w.content.Inbox[id] = toMillis(at)
		w.grew(len(id))
	}
	for _, d := range slices.Concat(p.Done, p.Calls) { // each list in its order
		w.content.Done = append(w.content.Done, doneRecord{d.Operation, d.Entry[:], d.Version, d.Sequence, d.Answer})
		w.grew(len(d.Operation) + len(d.Answer))
	}
	if beside != nil {
		w.beside(beside)
	}
	w.flush()
	return w.err
}

func (w *imagePacker) beside(b *besidePatient) {
	for _, id := range b.ids {
		w.content.IDs = append(w.content.IDs, id)
		w.grew(len(id))
	}
	for _, e := range b.effects {
		w.content.Effects = append(w.content.Effects, effectOf(w.frame, e))
		w.grew(len(e.ID))
	}
	for _, l := range b.ledger {
		w.content.Ledger = append(w.content.Ledger, l)
		w.grew(len(l.Thread))
	}
}

// tombstone writes what stays of a patient whose key is destroyed: what the store keeps in clear, and what
// has to be done.
func (w *imagePacker) tombstone(i *Image, p PatientID, beside *besidePatient) error {
	i.Erase(p)
	w.content.Record = i.Patients[p].Record
	if beside != nil {
		w.beside(&besidePatient{effects: beside.effects})
	}
	w.flush()
	return w.err
}

// Open takes over one entry that Pack wrote. With a zero key it takes what stands in clear.
func (i *Image) Open(e JournalEntry, key DataKey) error {
	var f entryFrame
	if err := unpack(e.Entry, &f); err != nil {
		return fmt.Errorf("open image: %w", err)
	}
	p := i.patient(PatientID(f.Patient))
	p.Version = f.Version
	var c imageContent
	switch {
	case f.Clear != nil:
		if err := unpack(f.Clear, &c); err != nil {
			return fmt.Errorf("open image: %w", err)
		}
	case key == DataKey{}:
		return nil
	default:
		v, err := newVault(PatientID(f.Patient), key)
		if err == nil {
			err = v.open(tableJournal, f.place(), f.Sealed, &c)
		}
		if err != nil {
			return fmt.Errorf("open image: %w", err)
		}
	}
	i.take(f, p, c)
	return nil
}

// take adds a part of a patient to an image.
func (i *Image) take(f entryFrame, p *PatientImage, c imageContent) {
	commit := Commit{Patient: c.Record, Inbox: map[ID]time.Time{}}
	for id, at := range c.Inbox {
		commit.Inbox[id] = at.time()
	}
	for _, r := range c.Records {
		commit.Records = append(commit.Records, Record{Table: r.Table, Field: r.Field, Value: r.Value})
	}
	p.write(commit)
	for _, d := range c.Done {
		done := Done{Operation: d.Operation, Version: d.Version, Sequence: d.Sequence, Answer: d.Answer}
		copy(done.Entry[:sha256.Size], d.Entry)
		if done.Operation == "" {
			p.Calls = append(p.Calls, done)
		} else {
			p.Done = append(p.Done, done)
		}
	}
	for _, id := range c.IDs {
		i.IDs[id] = PatientID(f.Patient)
	}
	for _, e := range c.Effects {
		effect := e.effect(f)
		i.Effects[effect.ID] = effect
	}
	for _, l := range c.Ledger {
		m := rules.MailboxID(l.Mailbox)
		if i.Ledger[m] == nil {
			i.Ledger[m] = map[LedgerEntry]time.Time{}
		}
		i.Ledger[m][LedgerEntry{Patient: PatientID(f.Patient), Thread: l.Thread}] = l.At.time()
	}
}
