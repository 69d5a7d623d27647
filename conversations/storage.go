package conversations

import "mesbridge/rules"

// StorageField is the field of TableMessages that counts what the mailbox holds (O167). It stands apart
// from the patient's record, which would otherwise be written again with each message.
const StorageField = "storage"

// storageRecord counts what the mailbox holds.
type storageRecord struct {
	Used      int64  `cbor:"1,keyasint"`
	FullSince millis `cbor:"2,keyasint,omitempty"`
}

// openStorage takes over what was read. A mailbox without a record is empty.
func (l *loaded) openStorage() error {
	var r storageRecord
	if b := l.facts.Messages[StorageField]; b != nil {
		if err := unpack(b, &r); err != nil {
			return err
		}
	}
	l.state.Patient.Storage = rules.Storage{Used: r.Used, FullSince: r.FullSince.time(), Quota: l.svc.Quota}
	return nil
}

// storageRecord returns the count after a change.
func (l *loaded) storageRecord() Record {
	s := l.state.Patient.Storage
	return Record{Table: TableMessages, Field: StorageField, Value: pack(storageRecord{Used: s.Used, FullSince: toMillis(s.FullSince)})}
}
