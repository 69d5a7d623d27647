package storetest_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/storetest"
)

const patient conversations.PatientID = "7f00000000000000000000000000a11c"

// open returns a faulty store on a miniredis of its own.
func open(t *testing.T) *storetest.FaultyStore {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return storetest.Faulty(redisstore.New(client, redisstore.Options{}))
}

// A wrapper that nobody told to fail keeps the whole contract.
func TestContract_faulty(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) conversations.Store { return open(t) })
}

func commit(t *testing.T, s conversations.Store, operation string) (conversations.Committed, error) {
	t.Helper()
	return s.Commit(t.Context(), patient, conversations.Commit{
		Operation: operation, Answer: []byte(operation), Entry: []byte(rand.Text()), Now: time.Unix(0, 0),
	})
}

func version(t *testing.T, s *storetest.FaultyStore) int {
	t.Helper()
	f, err := s.Store.Facts(t.Context(), patient, conversations.FactsQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return int(f.Version)
}

func TestFaulty_failBefore_doesNotReachTheStore(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.FailBefore(storetest.Commit, storetest.ErrDown, 2)
	for range 2 {
		if _, err := commit(t, s, "op"); !errors.Is(err, storetest.ErrDown) {
			t.Errorf("Commit: %v, want ErrDown", err)
		}
	}
	if v := version(t, s); v != 0 {
		t.Errorf("version %d after calls that were not made", v)
	}
	if done, err := commit(t, s, "op"); err != nil || done.Repeated {
		t.Errorf("Commit afterwards: %+v, %v", done, err)
	}
	if n := s.Pending(); n != 0 {
		t.Errorf("%d faults wait", n)
	}
}

func TestFaulty_failAfter_reachesTheStore(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.FailAfter(storetest.Commit, storetest.ErrDown, 1)
	if _, err := commit(t, s, "op"); !errors.Is(err, storetest.ErrDown) {
		t.Errorf("Commit: %v, want ErrDown", err)
	}
	if v := version(t, s); v != 1 {
		t.Errorf("version %d, want the change made", v)
	}
	if done, err := commit(t, s, "op"); err != nil || !done.Repeated {
		t.Errorf("Commit again: %+v, %v; want Repeated", done, err)
	}
}

func TestFaulty_before_letsAnotherWin(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Before(storetest.Commit, func() error {
		_, err := commit(t, s.Store, "other")
		return err
	})
	if _, err := commit(t, s, "op"); !errors.Is(err, conversations.ErrConflict) {
		t.Errorf("Commit: %v, want ErrConflict", err)
	}
}

// Every method can be told to fail, each by its own name.
func TestFaulty_everyMethod(t *testing.T) {
	t.Parallel()
	s := open(t)
	methods := storetest.Failures(t.Context(), s)
	for m := range methods {
		s.FailBefore(m, storetest.ErrDown, 1)
	}
	for m, err := range storetest.Failures(t.Context(), s) {
		if !errors.Is(err, storetest.ErrDown) {
			t.Errorf("%s: %v, want ErrDown", m, err)
		}
	}
	if len(methods) != 20 || s.Pending() != 0 {
		t.Errorf("%d methods, %d faults wait", len(methods), s.Pending())
	}
}
