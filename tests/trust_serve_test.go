package tests

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestTrustServe_hangup starts the built binary as in production, in the synthetic trust space, and lets
// SIGHUP ask for the list again (O14).
func TestTrustServe_hangup(t *testing.T) {
	t.Parallel()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := newTrustSpace(t)
	s.publish(s.org.At)
	s.settings.PublicURL = "http://127.0.0.1:8080"
	text, err := yaml.Marshal(s.settings)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), bin, "serve", "--config", s.write("mesbridge.yaml", text))
	var started bytes.Buffer
	log := &lockedLog{}
	cmd.Stdout, cmd.Stderr = &started, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	await(t, "start", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("ended before it served: %v\n%s", err, log)
		default:
		}
		return strings.Contains(log.String(), `"msg":"serving"`)
	})
	if full, unchanged := s.lists.Asked(listPath); full != 1 || unchanged != 0 {
		t.Errorf("the list was fetched %d times and asked for %d times", full, unchanged)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await(t, "question for the list", func() bool { _, unchanged := s.lists.Asked(listPath); return unchanged == 1 })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("%v\n%s", err, log)
	}
}
