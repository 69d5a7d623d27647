package oauth

import (
	"context"
	_ "embed" // the scripts are kept as files
	"errors"
	"fmt"
	"time"

	"github.com/ory/fosite"
)

//go:embed commit_grant.lua
var commitGrantSource string

// errSpent tells that a code or refresh token had been used by the time of the commit.
var errSpent = errors.New("grant record is spent")

// step is one line of commit_grant.lua, which says what each verb does.
type step struct {
	key   string
	verb  verb
	value string
	keep  time.Duration
}

type verb string

const (
	stepSpend  verb = "spend"
	stepPut    verb = "put"
	stepJoin   verb = "join"
	stepDrop   verb = "drop"
	stepRevoke verb = "revoke"
)

// batch collects the steps between BeginTX and Commit. It lives in the context of one request.
type batch struct{ steps []step }

type batchKey struct{}

// BeginTX makes the store collect what follows instead of writing it.
func (s *store) BeginTX(ctx context.Context) (context.Context, error) {
	return context.WithValue(ctx, batchKey{}, &batch{}), nil
}

// Commit writes all that was collected, or nothing: see commit_grant.lua.
func (s *store) Commit(ctx context.Context) error {
	b, ok := ctx.Value(batchKey{}).(*batch)
	if !ok {
		return errors.New("commit without a transaction")
	}
	return s.run(ctx, b.steps)
}

// Rollback forgets what was collected.
func (s *store) Rollback(ctx context.Context) error {
	if b, ok := ctx.Value(batchKey{}).(*batch); ok {
		b.steps = nil
	}
	return nil
}

// do adds steps to the transaction in ctx, or runs them at once when there is none.
func (s *store) do(ctx context.Context, steps ...step) error {
	if b, ok := ctx.Value(batchKey{}).(*batch); ok {
		b.steps = append(b.steps, steps...)
		return nil
	}
	return s.run(ctx, steps)
}

// run sends the steps as one script. It fails with fosite.ErrSerializationFailure around errSpent
// when somebody else spent a record first, and with ErrUnavailable.
func (s *store) run(ctx context.Context, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	keys := make([]string, 0, len(steps))
	args := make([]any, 0, 1+3*len(steps))
	args = append(args, randomText())
	for _, t := range steps {
		keys = append(keys, t.key)
		args = append(args, string(t.verb), t.value, t.keep.Milliseconds())
	}
	done, err := s.commitGrant.Run(ctx, s.redis, keys, args...).Int()
	switch {
	case err != nil:
		return unavailable("commit grant", err)
	case done != 1:
		return fosite.ErrSerializationFailure.WithWrap(errSpent)
	}
	return nil
}

// unavailable marks an error of Redis, keeping its cause.
func unavailable(act string, err error) error {
	return fmt.Errorf("%s: %w: %w", act, ErrUnavailable, err)
}
