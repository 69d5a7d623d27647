package journal

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"mesbridge/conversations"
)

// aboutStep is how many sequences About looks through at once.
const aboutStep = 1000

// About lists at most limit entries on one patient before a sequence, newest first; 0 begins with the
// newest. It looks through the patient's shard, where 255 of 256 patients do not stand; entries of others
// are told by their bytes, without being read.
func (j *Journal) About(ctx context.Context, p conversations.PatientID, before uint64, limit int) ([]conversations.JournalEntry, error) {
	shard := p.Shard()
	raw, err := hex.DecodeString(string(p))
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", errShard)
	}
	if before == 0 {
		head, err := j.Head(ctx, shard)
		if err != nil {
			return nil, err
		}
		before = head + 1
	}
	var found []conversations.JournalEntry
	for before > 1 && len(found) < limit {
		from := max(1, before-min(before, aboutStep))
		part, err := j.about(ctx, shard, from, before, p, raw)
		if err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		slices.Reverse(part)
		found = append(found, part...)
		before = from
	}
	return found[:min(limit, len(found))], nil
}

// about reads the entries on a patient from one sequence, included, to another, excluded.
func (j *Journal) about(ctx context.Context, shard string, from, to uint64, p conversations.PatientID, raw []byte) (list []conversations.JournalEntry, err error) {
	err = j.db.Scan(entryKey(shard, from), entryKey(shard, to), func(key, value []byte) (bool, error) {
		if !bytes.Contains(value, raw) {
			return true, ctx.Err()
		}
		e, err := readEntry(key, value)
		if whom, ok := conversations.EntryPatient(e.Entry); err == nil && ok && whom == p {
			e.Entry = slices.Clone(e.Entry)
			list = append(list, e)
		}
		return err == nil, err
	})
	return list, err
}
