package conversations

import (
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"mesbridge/rules"
)

// Visit names one stay of a patient as its establishment does: FINESS and visit number (PV1-19, I229).
// The number leads to a person and prints as nothing.
type Visit struct {
	FINESS string `cbor:"1,keyasint"`
	Number string `cbor:"2,keyasint"`
}

// String hides the visit number.
func (Visit) String() string { return "[visit]" }

// GoString hides the visit number.
func (Visit) GoString() string { return "[visit]" }

// structure is the establishment as the directory names it: 1 and the FINESS (O138).
func (v Visit) structure() rules.StructureID { return rules.StructureID("1" + v.FINESS) }

// visitID returns the id under which a visit is kept.
func (s *Service) visitID(v Visit) rules.VisitID {
	return rules.VisitID(hex.EncodeToString(s.name("visit", v.FINESS+"\x00"+v.Number)[:16]))
}

// facilityID returns the id under which a facility is kept.
func (s *Service) facilityID(finess string) FacilityID {
	return FacilityID(hex.EncodeToString(s.name("facility", finess)[:16]))
}

// EpisodeField returns the field of TableConversations that holds an episode.
func EpisodeField(v rules.VisitID) string { return "visit:" + string(v) }

// facilityVault seals what the index of a facility names. A visit of a patient whom nobody enrolled has no
// other key; the key follows from that of the hashes, as the ids do.
func (s *Service) facilityVault(finess string) (*vault, error) {
	return newVault(PatientID(s.facilityID(finess)), DataKey(s.name("facility key", finess)))
}

// tableVisits is the place that the sealed part of an index entry is bound to.
const tableVisits Table = "visits"

// visitLine is the sealed part of an index entry: what is told of a visit whose patient is not enrolled.
type visitLine struct {
	Visit    Visit               `cbor:"1,keyasint"`
	Since    millis              `cbor:"2,keyasint,omitempty"`
	ClosesAt millis              `cbor:"3,keyasint,omitempty"`
	Source   rules.EpisodeSource `cbor:"4,keyasint,omitempty"`
	Unit     string              `cbor:"60,keyasint,omitempty"`
}

// episodeOf opens the record of an episode; known is false when the patient has none of that visit.
func (l *loaded) episodeOf(v rules.VisitID) (rec episodeRecord, label episodeLabel, known bool, err error) {
	b := l.facts.Episodes[v]
	if b == nil {
		return rec, label, false, nil
	}
	if err := unpack(b, &rec); err != nil {
		return rec, label, false, unavailable("open an episode", err)
	}
	if err := l.vault.open(TableConversations, EpisodeField(v), rec.Sealed, &label); err != nil {
		return rec, label, false, unavailable("open an episode", err)
	}
	return rec, label, true, nil
}

// episodeRecordOf returns the record to write.
func (l *loaded) episodeRecordOf(v rules.VisitID, rec episodeRecord, label episodeLabel) Record {
	rec.Sealed = l.vault.seal(TableConversations, EpisodeField(v), label)
	return Record{Table: TableConversations, Field: EpisodeField(v), Value: pack(rec)}
}

// visitEffect projects a visit into its facility's index.
func (l *loaded) visitEffect(v rules.VisitID, at time.Time) Effect {
	return Effect{
		ID: l.id.Shard() + "v" + lowerBase32(l.svc.name("visit effect", string(v))[:15]), Kind: EffectVisit,
		Mailbox: rules.MailboxID(v), At: at,
	}
}

// closeEffect ends a conversation at an announced instant.
func (l *loaded) closeEffect(id ID, at time.Time) Effect {
	return Effect{
		ID: l.id.Shard() + "c" + lowerBase32(l.svc.name("close effect", string(id))[:15]), Kind: EffectClose, Thread: id, At: at,
	}
}

// windowEffect ends an exchange when its reply window runs out.
func (l *loaded) windowEffect(m rules.MailboxID, at time.Time) Effect {
	return Effect{
		ID: l.id.Shard() + "w" + lowerBase32(l.svc.name("window effect", string(l.id)+string(m))[:15]), Kind: EffectWindow,
		Mailbox: m, At: at,
	}
}

// moved lists the effects of the instants that a message moved. They have the names of those that wait
// already, so that one waits for each.
func (l *loaded) moved(c rules.Change) (list []Effect) {
	if c.Kind != rules.MessageReceived {
		return nil
	}
	for m := range c.Windows {
		if until := l.state.Exchanges[m].Until; !until.IsZero() {
			list = append(list, l.windowEffect(m, until))
		}
	}
	if closing := l.state.Conversations[c.Conversation].Closing; closing.Event > 0 {
		at := closing.At
		if !closing.Announced { // it waited for this answer, which gave it a date to tell
			at = c.At
		}
		list = append(list, l.closeEffect(ID(c.Conversation), at))
	}
	return list
}

// visitOf returns the visit of a message's conversation and the mailboxes of its structure that the message
// names. Who tags a conversation with a visit is of its structure, whether the tables know it or not.
func (l *loaded) visitOf(in Incoming, thread ID, sender rules.MailboxID, named []rules.MailboxID) (rules.VisitID, []rules.MailboxID) {
	switch {
	case thread == "" && in.Visit != nil:
		return l.svc.visitID(*in.Visit), append([]rules.MailboxID{sender}, rules.OfStructure(in.Visit.structure(), l.who, named)...)
	case l.label[thread].Visit != nil:
		v := *l.label[thread].Visit
		return l.svc.visitID(v), rules.OfStructure(v.structure(), l.who, append([]rules.MailboxID{sender}, named...))
	}
	return "", nil
}

// tag notes a new conversation with its visit, declaring an episode that nobody did.
func (l *loaded) tag(d *decision, v Visit, thread ID) error {
	id := l.svc.visitID(v)
	rec, label, known, err := l.episodeOf(id)
	if err != nil {
		return err
	}
	at := d.verdict.Change.At
	if !known {
		rec.State, rec.Since, label.Visit = rules.EpisodeOpen, toMillis(at), v
	}
	rec.Threads = append(slices.Clone(rec.Threads), thread)
	d.records = append(d.records, l.episodeRecordOf(id, rec, label))
	d.timed = append(d.timed, l.visitEffect(id, at))
	return nil
}

var errVisitPatient = errors.New("the visit is another patient's")

// sameHash compares two keyed hashes.
func sameHash(a, b []byte) bool { return hmac.Equal(a, b) }
