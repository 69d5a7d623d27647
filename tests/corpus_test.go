package tests

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCorpus sends a folder of third-party messages to a demonstration as a professional's operator
// would, reads each by the public API as the patient, and compares what is read with what other
// programs read in the same bytes (expected.jsonl, where at least three of four agree). It prints k of N
// for each property and names every message that differs, with the reason in [deliberate].
func TestCorpus(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("CORPUS")
	if dir == "" {
		t.Skip("needs real messages: make corpus CORPUS=DIR")
	}
	if _, err := os.Stat(filepath.Join(dir, "mime")); err == nil {
		dir = filepath.Join(dir, "mime")
	}
	d := startDemo(t, t.TempDir())
	c := &corpusRun{
		t: t, dir: dir, demo: d, doctor: d.Professionals[0].Mailboxes[0], patient: d.as(t, d.Patients[0].Token),
		seen: map[string]bool{}, scores: map[string]*score{}, differing: map[string]bool{},
	}
	c.smtp = d.session(t, d.operatorOf(c.doctor))
	for _, want := range expectations(t, dir) {
		c.compare(want)
	}
	c.report()
}

// expectation is one line of expected.jsonl: what other programs read in a message, and how many of
// them agree.
type expectation struct {
	File        string           `json:"file"`
	Subject     agreed[string]   `json:"subject"`
	Text        agreed[string]   `json:"text"`
	HTML        agreed[bool]     `json:"html_present"`
	Attachments agreed[[]string] `json:"attachments_sha256"`
	Names       agreed[[]string] `json:"attachment_names"`
}

type agreed[T any] struct {
	Value *T  `json:"value"`
	Agree int `json:"agree"`
}

// trusted returns the value when at least three programs agree on it.
func (a agreed[T]) trusted() (T, bool) {
	if a.Value == nil || a.Agree < 3 {
		var zero T
		return zero, false
	}
	return *a.Value, true
}

func expectations(t *testing.T, dir string) (all []expectation) {
	t.Helper()
	lines, err := os.ReadFile(filepath.Join(dir, "expected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(bytes.NewReader(lines)); s.Scan(); {
		var want expectation
		if err := json.Unmarshal(s.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		all = append(all, want)
	}
	if len(all) == 0 {
		t.Fatal("no messages in the corpus")
	}
	return all
}

// corpusRun is one pass over a corpus.
type corpusRun struct {
	*demo
	t         *testing.T
	dir       string
	doctor    string
	patient   api
	smtp      *smtpClient
	seen      map[string]bool // messages read so far
	scores    map[string]*score
	differing map[string]bool // keys of deliberate that were met
}

// score counts, for one property, the messages that it was judged on and those that passed.
type score struct{ good, of int }

// compare sends one message, reads it and judges it.
func (c *corpusRun) compare(want expectation) {
	raw, err := os.ReadFile(filepath.Join(c.dir, want.File))
	if err != nil {
		c.t.Fatal(err)
	}
	_ = c.smtp.conn.SetDeadline(sessionDeadline())
	answer := c.smtp.send(c.doctor, []string{c.Patients[0].Address}, byMailbox(string(raw), c.doctor))
	if !c.note(want.File, "answered", strings.HasPrefix(answer, "250"), answer, "250") {
		return
	}
	conv, m, found := c.newest()
	shown := found && (m.Text != "" || m.HTML != "" || len(m.Attachments) > 0 || isEmptyFor(want))
	if !c.note(want.File, "visible", shown, found, true) {
		return
	}
	if v, ok := want.Subject.trusted(); ok {
		c.note(want.File, "subject", sameReading(inWords(v), inWords(conv.Subject)), conv.Subject, v)
	}
	if v, ok := want.Text.trusted(); ok && v != "" { // without a text of its own, ours is made of the HTML
		c.note(want.File, "text", sameReading(inWords(v), cutAlike(inWords(v), inWords(m.Text))), inWords(m.Text), v)
	}
	if v, ok := want.HTML.trusted(); ok {
		c.note(want.File, "html", v == (m.HTML != ""), m.HTML != "", v)
	}
	c.compareAttachments(want, m)
}

// compareAttachments downloads every attachment: its octets must be what the API says of them, and
// what others read.
func (c *corpusRun) compareAttachments(want expectation, m message) {
	var sums, names []string
	for _, a := range m.Attachments {
		status, content, _ := c.patient.do(http.MethodGet, "/inbox/attachments/"+a.ID, nil)
		sum := sha256.Sum256(content)
		if status != http.StatusOK || int64(len(content)) != a.Bytes || hex.EncodeToString(sum[:]) != a.SHA256 {
			c.t.Errorf("%s: attachment: status %d, %d octets, not what was announced", want.File, status, len(content))
		}
		sums, names = append(sums, a.SHA256), append(names, a.Name)
	}
	if v, ok := want.Attachments.trusted(); ok {
		c.note(want.File, "attachments", sameSet(v, sums), sums, v)
		c.note(want.File, "nothing lost", len(missing(v, sums)) == 0, sums, v)
	}
	if v, ok := want.Names.trusted(); ok {
		c.note(want.File, "names", len(missing(plainNames(v), names)) == 0, names, v)
	}
}

// newest reads the message that came last, and reports whether it was not read before.
func (c *corpusRun) newest() (conversation, message, bool) {
	var l list[conversation]
	c.patient.want(http.StatusOK, &l, http.MethodGet, "/inbox?limit=1", nil)
	if len(l.Items) == 0 {
		return conversation{}, message{}, false
	}
	conv := c.patient.open(l.Items[0].ID)
	if len(conv.Messages) == 0 || c.seen[conv.Messages[0].ID] {
		return conv, message{}, false
	}
	c.seen[conv.Messages[0].ID] = true
	return conv, conv.Messages[0], true
}

// note counts one judgement. A difference that is not deliberate is a fault.
func (c *corpusRun) note(file, property string, good bool, got, want any) bool {
	s := c.scores[property]
	if s == nil {
		s = &score{}
		c.scores[property] = s
	}
	s.of++
	if good {
		s.good++
		return true
	}
	key := file + ": " + property
	if why := deliberate()[key]; why != "" {
		c.differing[key] = true
		c.t.Logf("differs  %s: %s", key, why)
		return false
	}
	c.t.Errorf("%s: read otherwise than by others\n  got  %.300q\n  want %.300q", key, got, want)
	return false
}

// report prints the scores and holds them against the goals.
func (c *corpusRun) report() {
	for _, goal := range []struct {
		property string
		percent  float64
	}{
		{"answered", 100},
		{"visible", 100},
		{"nothing lost", 100},
		{"subject", 99},
		{"text", 97},
		{"html", 97},
		{"attachments", 97},
		{"names", 97},
	} {
		s := c.scores[goal.property]
		if s == nil {
			c.t.Errorf("%s: judged on no message", goal.property)
			continue
		}
		c.t.Logf("%-12s %d of %d (goal %v %%)", goal.property, s.good, s.of, goal.percent)
		if float64(100*s.good) < goal.percent*float64(s.of) {
			c.t.Errorf("%s: %d of %d is less than %v %%", goal.property, s.good, s.of, goal.percent)
		}
	}
	for key := range deliberate() {
		if file, _, _ := strings.Cut(key, ": "); !c.differing[key] && fileExists(filepath.Join(c.dir, file)) {
			c.t.Errorf("%s: no longer differs; take it from the list", key)
		}
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
