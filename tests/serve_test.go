package tests

import (
	"context"
	"os/exec"
	"regexp"
	"testing"

	"gopkg.in/yaml.v3"
)

// served is the built binary as in production, in a synthetic trust space.
type served struct {
	cmd   *exec.Cmd
	log   *lockedLog
	ended chan error // what came of it; once
	at    string     // base URL of its pages and API
}

// servingAt finds the web listener in the log.
var servingAt = regexp.MustCompile(`"msg":"serving".*"http":"([^"]+)"`)

// serve starts the binary with the settings of the trust space, and waits until it serves. It ends with the test.
func (s *trustSpace) serve(t *testing.T) *served {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s.settings.PublicURL = "http://127.0.0.1:8080"
	text, err := yaml.Marshal(s.settings)
	if err != nil {
		t.Fatal(err)
	}
	b := &served{
		cmd: exec.CommandContext(context.WithoutCancel(t.Context()), bin, "serve", "--config", s.write("mesbridge.yaml", text)),
		log: &lockedLog{}, ended: make(chan error, 1),
	}
	b.cmd.Stderr = b.log
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { b.ended <- b.cmd.Wait(); close(gone) }()
	t.Cleanup(func() { _ = b.cmd.Process.Kill(); <-gone })
	await(t, "start", func() bool {
		select {
		case <-gone:
			t.Fatalf("ended before it served: %v\n%s", <-b.ended, b.log)
		default:
		}
		return servingAt.MatchString(b.log.String())
	})
	b.at = "http://" + servingAt.FindStringSubmatch(b.log.String())[1]
	return b
}
