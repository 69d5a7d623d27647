package conversations

import (
	"crypto/sha256"
	"time"

	"mesbridge/rules"
)

// Image is everything that a store keeps of one shard of patients, and what its patients bring to the
// lists of mailboxes.
type Image struct {
	Shard    string
	Head     uint64 // last journal sequence
	Patients map[PatientID]*PatientImage
	IDs      map[ID]PatientID
	Effects  map[string]Effect // that are not done
	Ledger   map[rules.MailboxID]map[LedgerEntry]time.Time
}

// PatientImage is everything that a store keeps of one patient.
type PatientImage struct {
	Version rules.Seq
	Record  []byte
	Tables  map[Table]map[string][]byte
	Inbox   map[ID]time.Time
	Done    []Done // the last operations, oldest first
	Calls   []Done // the last commits without an operation id, oldest first
}

// Done is one operation as it is kept.
type Done struct {
	Operation string
	Entry     [sha256.Size]byte // hash of the journal entry, which names the call
	Version   rules.Seq
	Sequence  uint64
	Answer    []byte
}

// How many operations of a patient are kept, and how many commits without an operation id.
const (
	KeptOperations = 32
	KeptCalls      = 8
)

// NewImage returns the image of an empty shard.
func NewImage(shard string) *Image {
	return &Image{
		Shard: shard, Patients: map[PatientID]*PatientImage{}, IDs: map[ID]PatientID{}, Effects: map[string]Effect{},
		Ledger: map[rules.MailboxID]map[LedgerEntry]time.Time{},
	}
}

// patient returns the image of a patient, empty at first.
func (i *Image) patient(p PatientID) *PatientImage {
	image := i.Patients[p]
	if image == nil {
		image = &PatientImage{Tables: map[Table]map[string][]byte{}, Inbox: map[ID]time.Time{}}
		i.Patients[p] = image
	}
	return image
}

// Apply makes the change of an entry, as the store made it. Entries come in the order of their
// sequences; a sealed one, whose content is lost with its key, moves the version alone.
func (i *Image) Apply(e JournalEntry, r Redo) {
	i.Head = max(i.Head, e.Sequence)
	if r.Effect != "" {
		delete(i.Effects, r.Effect)
	}
	if r.Patient == "" {
		return
	}
	p := i.patient(r.Patient)
	p.write(r.Commit)
	if r.Version == 0 {
		return
	}
	p.Version = r.Version
	done := Done{
		Operation: r.Commit.Operation, Entry: sha256.Sum256(e.Entry), Version: r.Version, Sequence: e.Sequence, Answer: r.Commit.Answer,
	}
	if done.Operation == "" {
		p.Calls = last(append(p.Calls, done), KeptCalls)
	} else {
		p.Done = last(append(p.Done, done), KeptOperations)
	}
	for _, id := range r.Commit.IDs {
		i.IDs[id] = r.Patient
	}
	for _, effect := range r.Commit.Effects {
		i.follow(effect)
	}
}

// last returns the last of a list, keep of them at most.
func last(list []Done, keep int) []Done {
	if over := len(list) - keep; over > 0 {
		return append([]Done(nil), list[over:]...)
	}
	return list
}

// write makes the change of one patient.
func (p *PatientImage) write(c Commit) {
	if c.Erase {
		p.Tables, p.Inbox = map[Table]map[string][]byte{}, map[ID]time.Time{}
	}
	if c.Patient != nil {
		p.Record = c.Patient
	}
	for _, r := range c.Records {
		table := p.Tables[r.Table]
		if table == nil {
			table = map[string][]byte{}
			p.Tables[r.Table] = table
		}
		switch _, there := table[r.Field]; {
		case r.Value == nil:
			delete(table, r.Field)
		case !r.IfAbsent || !there:
			table[r.Field] = r.Value
		}
	}
	for id, at := range c.Inbox {
		p.Inbox[id] = at
	}
	for _, id := range c.Gone {
		delete(p.Inbox, id)
	}
}

// comesBack reports whether an effect leaves no trace when it is done, because a rebuilt store has to do it again.
func (k EffectKind) comesBack() bool {
	return k == EffectProject || k == EffectListing || k == EffectVisit || k == EffectStand
}

// follow notes an effect that is to be done; an index is made at once, as project does, and where its entries
// stand by an effect.
func (i *Image) follow(e Effect) {
	switch e.Kind {
	case EffectProject:
		stands := e
		stands.ID, stands.Kind, stands.Message = e.ID[:2]+"z"+e.ID[3:], EffectStand, ""
		i.Effects[stands.ID] = stands
	case EffectListing:
	default:
		i.Effects[e.ID] = e
		return
	}
	for _, entry := range projected(e) {
		at := entry.At
		if entry.Thread == "" {
			at = i.lastMessage(e, at)
		}
		entry.At = time.Time{}
		if i.Ledger[e.Mailbox] == nil {
			i.Ledger[e.Mailbox] = map[LedgerEntry]time.Time{}
		}
		if i.Ledger[e.Mailbox][entry].Before(at) {
			i.Ledger[e.Mailbox][entry] = at
		}
	}
}

// lastMessage is the instant of the last message of an effect's exchange, by which the lists of its mailbox are
// ordered; or else, where no record tells it.
func (i *Image) lastMessage(e Effect, or time.Time) time.Time {
	var r exchangeRecord
	b, there := i.patient(e.Patient).Tables[TableExchanges][string(e.Mailbox)]
	if !there || unpack(b, &r) != nil || r.LastAt == 0 {
		return or
	}
	return r.LastAt.time()
}

// Due counts the effects that are to be done, without those that only make lists again.
func (i *Image) Due() (n int) {
	for _, e := range i.Effects {
		if e.Kind != EffectStand {
			n++
		}
	}
	return n
}

// Erase drops what is known of a patient whose key is destroyed but what stands in clear, and leaves a
// tombstone where nothing does.
func (i *Image) Erase(p PatientID) {
	image := i.patient(p)
	image.Done, image.Calls = nil, nil
	if image.Record == nil {
		image.Record = pack(patientRecord{Account: rules.Purged})
	}
}
