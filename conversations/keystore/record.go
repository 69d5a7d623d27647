package keystore

import (
	"bytes"
	"errors"
	"fmt"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// recordVersion is the first byte of every stored key; a new form gets the next number.
const recordVersion = 1

// Errors of a stored key. None of them is a key that was never made: nothing may be decided on them.
var (
	ErrAltered      = errors.New("stored data key is altered")
	ErrOtherMaster  = errors.New("stored data key was wrapped by another master key")
	errNoINS        = errors.New("a data key is kept with the INS of its patient, which is missing")
	errKeyRecord    = errors.New("unreadable data key record")
	errBadPatientID = errors.New("not a patient id")
)

// Layout of a record: version, id of the master key, data key wrapped by the master key, INS sealed
// with the data key. Both sealed parts are bound to the patient.
const (
	sealBytes    = 12 + 16 // nonce and tag of AES-256-GCM
	wrappedBytes = 32 + sealBytes
	headBytes    = 1 + idBytes
)

// record is a stored key, still wrapped.
type record struct {
	master  [idBytes]byte
	wrapped []byte
	ins     []byte
}

// parseRecord reads a record. Its slices are part of value.
func parseRecord(value []byte) (record, error) {
	if len(value) <= headBytes+wrappedBytes+sealBytes || value[0] != recordVersion {
		return record{}, errKeyRecord
	}
	return record{
		master:  [idBytes]byte(value[1:headBytes]),
		wrapped: value[headBytes : headBytes+wrappedBytes],
		ins:     value[headBytes+wrappedBytes:],
	}, nil
}

// format writes the record.
func (r record) format() []byte {
	return bytes.Join([][]byte{{recordVersion}, r.master[:], r.wrapped, r.ins}, nil)
}

func boundKey(p conversations.PatientID) []byte { return []byte("mesbridge data key 1\x00" + p) }

func boundINS(p conversations.PatientID) []byte { return []byte("mesbridge ins 1\x00" + p) }

// wrap seals a data key and an INS for storing.
func (k MasterKey) wrap(p conversations.PatientID, key conversations.DataKey, ins rules.INS) ([]byte, error) {
	if ins == "" {
		return nil, errNoINS
	}
	master, err := aead(k)
	if err != nil {
		return nil, fmt.Errorf("wrap data key: %w", err)
	}
	own, err := aead(key)
	if err != nil {
		return nil, fmt.Errorf("seal INS: %w", err)
	}
	return record{
		master:  k.id(),
		wrapped: master.Seal(nil, nil, key[:], boundKey(p)),   //nolint:gosec // the nonce is drawn inside
		ins:     own.Seal(nil, nil, []byte(ins), boundINS(p)), //nolint:gosec // as above
	}.format(), nil
}

// unwrap opens what wrap sealed for the same patient under the same master key.
func (k MasterKey) unwrap(p conversations.PatientID, value []byte) (conversations.DataKey, rules.INS, error) {
	none := conversations.DataKey{}
	r, err := parseRecord(value)
	if err != nil {
		return none, "", err
	}
	if r.master != k.id() {
		return none, "", ErrOtherMaster
	}
	master, err := aead(k)
	if err != nil {
		return none, "", fmt.Errorf("unwrap data key: %w", err)
	}
	text, err := master.Open(nil, nil, r.wrapped, boundKey(p))
	if err != nil {
		return none, "", ErrAltered
	}
	own, err := aead([32]byte(text))
	if err != nil {
		return none, "", fmt.Errorf("open INS: %w", err)
	}
	ins, err := own.Open(nil, nil, r.ins, boundINS(p))
	if err != nil {
		return none, "", ErrAltered
	}
	return conversations.DataKey(text), rules.INS(ins), nil
}
