package bridge_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCorpus_accepted sends third-party messages as a professional would forward them: each is taken,
// and stored as it was sent. Authors are replaced, because O69 would refuse them for good reason.
func TestCorpus_accepted(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("CORPUS")
	if dir == "" {
		t.Skip("needs real messages: make corpus CORPUS=DIR")
	}
	if _, err := os.Stat(filepath.Join(dir, "mime")); err == nil {
		dir = filepath.Join(dir, "mime")
	}
	b := newBench(t)
	c := b.secure(t, b.operator)
	sent := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".jsonl") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := byDoctor(string(raw))
		c.envelope(doctor, alice)
		if reply := c.send(strings.ReplaceAll("\r\n"+text, "\r\n.", "\r\n..")[2:]); !strings.HasPrefix(reply, "250 2.0.0") {
			t.Errorf("%s: %s", filepath.Base(path), reply)
			return nil
		}
		sent++
		if _, bodies := b.inbox.taken(); bodies[len(bodies)-1] != text {
			t.Errorf("%s is not stored as it was sent", filepath.Base(path))
		}
		return nil
	})
	if err != nil || sent == 0 {
		t.Fatalf("%d messages, %v", sent, err)
	}
	t.Logf("%d messages taken", sent)
}

// byDoctor makes every line end CRLF, puts From in front of the first field, and drops any other From, a
// Sender and a leading mbox line.
func byDoctor(raw string) string {
	raw = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(raw)
	if strings.HasPrefix(raw, "From ") {
		_, raw, _ = strings.Cut(raw, "\n")
	}
	header, body, _ := strings.Cut(raw, "\n\n")
	author := []string{"From: Dr Martin <" + doctor + ">"}
	var kept []string
	dropped := false
	for line := range strings.SplitSeq(header, "\n") {
		if folded := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"); !folded {
			name, _, _ := strings.Cut(strings.ToLower(line), ":")
			dropped = name == "from" || name == "sender"
			kept, author = append(kept, author...), nil
		}
		if !dropped {
			kept = append(kept, line)
		}
	}
	kept = append(kept, "", strings.TrimSuffix(body, "\n"), "")
	return strings.ReplaceAll(strings.Join(kept, "\n"), "\n", "\r\n")
}
