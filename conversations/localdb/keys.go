package localdb

// Range is the first byte of every key of one kind of record. Keys hold opaque ids only: they are not
// sealed, and may appear in the database's own log lines.
type Range byte

// Ranges. A byte is never given a second meaning: old directories would be misread.
const (
	Bodies      Range = 'b' // patient id, body id -> body, or where its file is
	Uncommitted Range = 'u' // time, patient id, body id -> nothing; bodies that nothing may refer to yet
	DataKeys    Range = 'k' // patient id -> wrapped data key and sealed INS
	Entries     Range = 'j' // shard, sequence -> journal entry
	Marks       Range = 'm' // shard -> sequence up to which the journal has no gap
	Floors      Range = 'f' // shard -> sequence up to which the journal was purged
	Seals       Range = 's' // "state" -> the last manifest, and the head of each chain
)

// Key returns the key of a record of r: its parts, one after the other. All parts but the last have a
// fixed length, so that no two records share a key.
func (r Range) Key(parts ...string) []byte {
	n := 1
	for _, p := range parts {
		n += len(p)
	}
	key := make([]byte, 1, n)
	key[0] = byte(r)
	for _, p := range parts {
		key = append(key, p...)
	}
	return key
}

// Bounds returns the first key of r and the first one after it.
func (r Range) Bounds() (lower, upper []byte) { return []byte{byte(r)}, []byte{byte(r) + 1} }
