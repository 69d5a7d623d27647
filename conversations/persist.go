package conversations

import (
	"context"
	"errors"
)

// commit applies the change and writes it with its effects and its trace, durable when it returns.
func (s *Service) commit(ctx context.Context, l *loaded, op string, d *decision) ([]byte, bool, error) {
	c, err := l.build(op, d)
	if err != nil {
		return nil, false, err
	}
	done, err := s.persist(ctx, l.id, c)
	switch {
	case err != nil:
		return nil, false, err
	case done.Repeated:
		return s.again(ctx, l.id, done.Answer)
	}
	return d.answer, false, nil
}

// persist makes a commit, and keeps its journal entry, which is durable when it returns. It fails with
// [ErrConflict] when another process came first.
func (s *Service) persist(ctx context.Context, p PatientID, c Commit) (done Committed, err error) {
	if c.Mark, err = s.Journal.Head(ctx, p.Shard()); err != nil {
		return Committed{}, unavailable("read the high-water mark", err)
	}
	done, err = s.Store.Commit(ctx, p, c)
	switch {
	case errors.Is(err, ErrConflict):
		return Committed{}, err
	case err != nil:
		s.trail.doubt(p.Shard())
		return Committed{}, unavailable("commit", err)
	case done.Repeated:
		return done, nil
	}
	e := JournalEntry{Shard: p.Shard(), Sequence: done.Sequence, At: c.Now, Entry: c.Entry}
	if err := s.trail.append(ctx, e); err != nil {
		return Committed{}, unavailable("commit", err)
	}
	return done, nil
}
