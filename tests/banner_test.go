package tests

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestInterop_bannerCommands runs the command lines that the demonstration proposes, as if they were
// pasted into a shell in another directory: Debian's swaks sends a document, then [FIN].
func TestInterop_bannerCommands(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir()+"/a directory with it's name")
	lines := regexp.MustCompile(`(?m)^\s+(swaks .*)$`).FindAllStringSubmatch(d.output.String(), -1)
	if len(lines) != 2 {
		t.Fatalf("%d commands in the banner, want 2\n%s", len(lines), d.output)
	}
	for _, line := range lines {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", line[1])
		cmd.Dir = "/"
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "<~  250 2.0.0") {
			t.Errorf("%s\n%v\n%s", line[1], err, out)
		}
	}
	threads := d.as(t, d.Patients[0].Token)
	c := threads.about("Votre compte rendu")
	if len(c.Messages) == 0 || c.Reply.Allowed {
		t.Errorf("after both: %d messages, reply allowed %t", len(c.Messages), c.Reply.Allowed)
	}
}
