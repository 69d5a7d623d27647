package tests

import (
	"syscall"
	"testing"
)

// TestTrustServe_hangup starts the built binary as in production, in the synthetic trust space, and lets
// SIGHUP ask for the list again (O14).
func TestTrustServe_hangup(t *testing.T) {
	t.Parallel()
	s := newTrustSpace(t)
	s.publish(s.org.At)
	b := s.serve(t)
	if full, unchanged := s.lists.Asked(listPath); full != 1 || unchanged != 0 {
		t.Errorf("the list was fetched %d times and asked for %d times", full, unchanged)
	}
	if err := b.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await(t, "question for the list", func() bool { _, unchanged := s.lists.Asked(listPath); return unchanged == 1 })
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-b.ended; err != nil {
		t.Errorf("%v\n%s", err, b.log)
	}
}
