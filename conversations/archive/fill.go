package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

// Fill takes over into a journal what it lacks of the shards of patients and an archive of another bridge has:
// for a bridge that is new, or was away for longer than the store remembers. It checks the archive first,
// against the public key in it, and takes nothing of one in which it finds a fault. It returns how many
// entries it took.
func Fill(ctx context.Context, files fs.FS, j *journal.Journal) (taken int, err error) {
	r, err := NewReader(files, nil)
	if err != nil {
		return 0, err
	}
	if !lacks(j, r.last()) {
		return 0, nil
	}
	if lacks(j, r.base) { // an image tells the state, and not how it came about
		return 0, errors.New("the other archive was purged of entries that this bridge lacks; begin with a copy of that bridge's data directory")
	}
	report, err := Verify(files, VerifyOptions{})
	switch {
	case err != nil:
		return 0, err
	case len(report.Findings) > 0:
		return 0, fmt.Errorf("the archive is altered: %s", report.Findings[0])
	}
	for _, m := range r.rounds {
		if !lacks(j, m) {
			continue
		}
		err := eachEntry(files, fileName(m.Number, kindSegment), func(e conversations.JournalEntry) error {
			whole, err := j.Whole(e.Shard)
			if err != nil || e.Shard == journal.Own || e.Sequence <= whole {
				return err
			}
			taken++
			return j.Note(ctx, e)
		})
		if err != nil {
			return taken, fmt.Errorf("%s: %w", fileName(m.Number, kindSegment), err)
		}
	}
	return taken, j.Mark()
}

// lacks reports whether a manifest knows entries of patients beyond those of a journal.
func lacks(j *journal.Journal, m Manifest) bool {
	for _, c := range m.Chains {
		whole, err := j.Whole(c.Name)
		if err != nil || c.Name != journal.Own && c.Last > whole {
			return true
		}
	}
	return false
}
