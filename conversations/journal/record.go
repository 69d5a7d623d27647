package journal

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// recordVersion is the first byte of every stored entry and mark; a new form gets the next number.
const recordVersion = 1

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

// shards is how many shards there are; their names are the numbers below it in hexadecimal.
const shards = 256

// shardName and shardNumber turn the number of a shard into its name and back.
func shardName(n int) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[n>>4], digits[n&15]})
}

func shardNumber(name string) (int, error) {
	n, err := strconv.ParseUint(name, 16, 8)
	if err != nil || shardName(int(n)) != name { // the second: one shard has one name
		return 0, errShard
	}
	return int(n), nil
}
