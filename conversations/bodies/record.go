package bodies

import (
	"encoding/binary"
	"errors"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// Every record and every file starts with the version of its form. Both are read for ever; a new form
// gets the next number.
const recordVersion = 1

// place tells where the bytes of a body are.
type place byte

// Places.
const (
	inline place = 'i' // in the record, sealed in one piece
	inFile place = 'f' // in a file of their own
)

// record is the database's value of one body.
type record struct {
	place  place
	sealed []byte // of an inline body; nonce, text and tag
}

var errRecord = errors.New("unreadable body record")

// recordHead is how many bytes come before the sealed ones.
const recordHead = 2

// parseRecord reads a record. The sealed bytes are part of value.
func parseRecord(value []byte) (record, error) {
	if len(value) < recordHead || value[0] != recordVersion {
		return record{}, errRecord
	}
	r := record{place: place(value[1]), sealed: value[recordHead:]}
	switch {
	case r.place == inFile && len(r.sealed) == 0, r.place == inline:
		return r, nil
	}
	return record{}, errRecord
}

// timeDigits is the length of a time in the key of a mark.
const timeDigits = 8

// markKey is the key of the mark of a body that nothing may refer to yet. Marks sort by time.
func markKey(at time.Time, n name) []byte {
	var ms [timeDigits]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(at.UnixMilli(), 0)))
	return localdb.Uncommitted.Key(string(ms[:]), n.patient, n.body)
}

// parseMark reads the name of a body from the key of its mark.
func parseMark(key []byte) (name, error) {
	const start = 1 + timeDigits
	if len(key) <= start+patientDigits || key[0] != byte(localdb.Uncommitted) {
		return name{}, errRecord
	}
	rest := string(key[start:])
	return nameOf(conversations.PatientID(rest[:patientDigits]), conversations.ID(rest[patientDigits:]))
}
