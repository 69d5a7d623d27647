package journal

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// recordVersion is the first byte of every stored entry, mark and seal; a new form gets the next number.
// Version 1 was never released: its entries cannot make the state again.
const recordVersion = 2

// ErrEarly means that the journal was written by a program from before the first release.
var ErrEarly = errors.New("the journal in this data directory was written by a version from before the first release and cannot be read: start with an empty data directory, and an empty redis")

// Errors of what is stored, or offered for storing. None of them quotes an entry.
var (
	errRecord = errors.New("unreadable journal entry")
	errShard  = errors.New("not a shard and a sequence of the journal")
)

// shardDigits and sequenceBytes are the lengths of the parts of an entry's key.
const (
	shardDigits   = 2
	sequenceBytes = 8
)

// entryKey is the key of an entry. Within a shard, keys sort by sequence.
func entryKey(shard string, sequence uint64) []byte {
	var n [sequenceBytes]byte
	binary.BigEndian.PutUint64(n[:], sequence)
	return localdb.Entries.Key(shard, string(n[:]))
}

// parseKey reads the key of an entry.
func parseKey(key []byte) (shard string, sequence uint64, err error) {
	if len(key) != 1+shardDigits+sequenceBytes || key[0] != byte(localdb.Entries) {
		return "", 0, errRecord
	}
	return string(key[1 : 1+shardDigits]), binary.BigEndian.Uint64(key[1+shardDigits:]), nil
}

// entryHead is how many bytes come before the entry itself: version and time, Unix milliseconds.
const entryHead = 1 + 8

// formatEntry writes the value of an entry.
func formatEntry(e conversations.JournalEntry) []byte {
	value := make([]byte, entryHead, entryHead+len(e.Entry))
	value[0] = recordVersion
	binary.BigEndian.PutUint64(value[1:], uint64(e.At.UnixMilli()))
	return append(value, e.Entry...)
}

// parseEntry reads the value of an entry. The entry is part of value.
func parseEntry(value []byte) (at time.Time, entry []byte, err error) {
	if len(value) < entryHead || value[0] != recordVersion {
		return time.Time{}, nil, errRecord
	}
	ms := int64(binary.BigEndian.Uint64(value[1:])) //nolint:gosec // written from an int64
	return time.UnixMilli(ms).UTC(), value[entryHead:], nil
}

// readEntry reads an entry from the key and the value that keep it. Its bytes are part of value.
func readEntry(key, value []byte) (e conversations.JournalEntry, err error) {
	if e.Shard, e.Sequence, err = parseKey(key); err == nil {
		e.At, e.Entry, err = parseEntry(value)
	}
	return e, err
}

// formatMark writes the sequence up to which a shard has no gap.
func formatMark(sequence uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{recordVersion}, sequence)
}

// parseMark reads what formatMark wrote.
func parseMark(value []byte) (sequence uint64, err error) {
	if len(value) != 1+sequenceBytes || value[0] != recordVersion {
		return 0, errRecord
	}
	return binary.BigEndian.Uint64(value[1:]), nil
}

// shards is how many shards there are; their names are the numbers below it in hexadecimal. After them
// come the chains of events that change no state.
const (
	shards = 256
	Chains = shards + 2
)

// Names of the chains of the process's own events, which have no patient's state and whose sequences the
// journal itself counts. What is technical goes sooner (D16), and has a chain, and files, of its own.
const (
	Own       = "sy"
	Technical = "te"
)

// shardName and shardNumber turn the number of a chain into its name and back.
func shardName(n int) string {
	switch n {
	case shards:
		return Own
	case shards + 1:
		return Technical
	}
	const digits = "0123456789abcdef"
	return string([]byte{digits[n>>4], digits[n&15]})
}

func shardNumber(name string) (int, error) {
	switch name {
	case Own:
		return shards, nil
	case Technical:
		return shards + 1, nil
	}
	n, err := strconv.ParseUint(name, 16, 8)
	if err != nil || shardName(int(n)) != name { // the second: one shard has one name
		return 0, errShard
	}
	return int(n), nil
}

// Name returns the name of a chain by its number, below [Chains].
func Name(n int) string { return shardName(n) }

// Number returns the number of a chain by its name.
func Number(name string) (int, error) { return shardNumber(name) }
