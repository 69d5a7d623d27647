package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// Hash is a SHA-256 digest.
type Hash = [sha256.Size]byte

// Chain is where the archive of one chain ends.
type Chain struct {
	Sequence uint64 // last sealed entry, 0 for none
	Entry    Hash   // of that entry
	Head     Hash   // of the chain up to it
}

// Seals is where the archive ends: its last manifest, and the end of each chain.
type Seals struct {
	Number   uint64 // of the last manifest, 0 for none
	Manifest Hash   // of its file
	Chains   [Chains]Chain
}

// EntryHash is the hash of an entry as it is kept: its place, its time, its frame and its sealed bytes.
func EntryHash(e conversations.JournalEntry) Hash {
	h := sha256.New()
	_, _ = h.Write(entryKey(e.Shard, e.Sequence))
	_, _ = h.Write(formatEntry(e))
	return Hash(h.Sum(nil))
}

// FormatEntry and ParseEntry are the bytes of an entry as they are kept, here and in the archive.
func FormatEntry(e conversations.JournalEntry) []byte { return formatEntry(e) }

// ParseEntry reads what FormatEntry wrote; the entry is part of value.
func ParseEntry(shard string, sequence uint64, value []byte) (conversations.JournalEntry, error) {
	at, entry, err := parseEntry(value)
	return conversations.JournalEntry{Shard: shard, Sequence: sequence, At: at, Entry: entry}, err
}

// sealsKey is where the seals are kept.
func sealsKey() []byte { return localdb.Seals.Key("state") }

const chainBytes = sequenceBytes + 2*sha256.Size

func (s Seals) format() []byte {
	b := binary.BigEndian.AppendUint64([]byte{recordVersion}, s.Number)
	b = append(b, s.Manifest[:]...)
	for _, c := range s.Chains {
		b = binary.BigEndian.AppendUint64(b, c.Sequence)
		b = append(append(b, c.Entry[:]...), c.Head[:]...)
	}
	return b
}

func parseSeals(b []byte) (s Seals, err error) {
	const head = 1 + sequenceBytes + sha256.Size
	chains := Chains
	if len(b) == head+(Chains-1)*chainBytes { // from before there was the chain Technical
		chains--
	}
	if len(b) != head+chains*chainBytes || b[0] != recordVersion {
		return s, errRecord
	}
	s.Number, s.Manifest = binary.BigEndian.Uint64(b[1:]), Hash(b[1+sequenceBytes:])
	for n := range chains {
		c := b[head+n*chainBytes:]
		s.Chains[n] = Chain{
			Sequence: binary.BigEndian.Uint64(c), Entry: Hash(c[sequenceBytes:]), Head: Hash(c[sequenceBytes+sha256.Size:]),
		}
	}
	return s, nil
}

func (j *Journal) loadSeals() error {
	_, err := j.db.Get(sealsKey(), func(value []byte) (err error) {
		j.seals, err = parseSeals(value)
		return err
	})
	return err
}

// checkVersion refuses the entries of a program from before the first release.
func (j *Journal) checkVersion() error {
	lower, upper := localdb.Entries.Bounds()
	return j.db.Scan(lower, upper, func(_, value []byte) (bool, error) {
		if len(value) > 0 && value[0] < recordVersion {
			return false, ErrEarly
		}
		return false, nil
	})
}

// Seals returns where the archive ends.
func (j *Journal) Seals() Seals {
	j.sealing.Lock()
	defer j.sealing.Unlock()
	return j.seals
}

// Seal notes that the archive now ends at s. The entries stay in the database: a patient's history is
// read from them (About). One caller at a time.
func (j *Journal) Seal(s Seals) error {
	err := j.db.Sync(func(b *pebble.Batch) error { return b.Set(sealsKey(), s.format(), nil) })
	if err != nil {
		return fmt.Errorf("note seals: %w", err)
	}
	j.sealing.Lock()
	defer j.sealing.Unlock()
	j.seals = s
	return nil
}

// Whole returns the sequence up to which no entry of a chain is missing.
func (j *Journal) Whole(name string) (uint64, error) {
	n, err := shardNumber(name)
	if err != nil {
		return 0, err
	}
	return j.shards[n].wholeNow(), nil
}

// Mark makes every entry that was noted durable.
func (j *Journal) Mark() error { return j.mark() }

// CloseGaps puts entry in the place of every missing one of a chain, up to its head: for a store that is
// lost, from which nothing can be filled any more. It returns how many there were.
func (j *Journal) CloseGaps(name string, entry func(sequence uint64) conversations.JournalEntry) (n int, err error) {
	number, err := shardNumber(name)
	if err != nil {
		return 0, err
	}
	s := &j.shards[number]
	for {
		s.mu.Lock()
		whole, head := s.whole, s.head
		s.mu.Unlock()
		if whole >= head {
			return n, nil
		}
		if err := j.keep(entry(whole+1), j.db.Sync, true); err != nil {
			return n, err
		}
		n++
	}
}
