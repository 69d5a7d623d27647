package mail

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"mesbridge/conversations"
)

// expectation is one line of expected.jsonl: what four other programs read in a message, and how many
// of them agree.
type expectation struct {
	File        string           `json:"file"`
	Subject     agreed[string]   `json:"subject"`
	From        agreed[[]string] `json:"from"`
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

// score counts, for one property, the messages that others agree on and those that we read alike.
type score struct{ same, of int }

// TestCorpus_realMessages reads third-party messages: none may fail, be empty or hide an attachment.
// How far we read like others is reported; where we differ on purpose, knownDifferences says why.
func TestCorpus_realMessages(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("CORPUS")
	if dir == "" {
		t.Skip("needs real messages: make corpus CORPUS=DIR")
	}
	if _, err := os.Stat(filepath.Join(dir, "mime")); err == nil {
		dir = filepath.Join(dir, "mime")
	}
	lines, err := os.ReadFile(filepath.Join(dir, "expected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	scores := map[string]*score{"subject": {}, "from": {}, "text": {}, "html": {}, "attachments": {}, "names": {}, "count": {}}
	messages := 0
	for s := bufio.NewScanner(bytes.NewReader(lines)); s.Scan(); messages++ {
		var want expectation
		if err := json.Unmarshal(s.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, want.File))
		if err != nil {
			t.Fatal(err)
		}
		compareWithOthers(t, want, asSent(raw), scores)
	}
	if messages == 0 {
		t.Fatal("no messages in the corpus")
	}
	for name, s := range scores {
		t.Logf("%-12s %d of %d as others read it", name, s.same, s.of)
		if s.same*100 < s.of*90 {
			t.Errorf("%s: only %d of %d read as others do", name, s.same, s.of)
		}
	}
}

// asSent drops a leading mbox line and makes every line end CRLF, as a client sends it.
func asSent(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("From ")) {
		raw = raw[bytes.IndexByte(raw, '\n')+1:]
	}
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	return append(bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")), "\r\n"...)
}

// knownDifferences are messages of the corpus that we read otherwise than others on purpose.
func knownDifferences() map[string]string {
	return map[string]string{
		"mikel-mail/attachment-attachment_pdf_non_ascii.eml":   "ISO 8859-1 is read as windows-1252, as browsers do",
		"mikel-mail/error-content_transfer_encoding_7-bit.eml": "ISO 8859-1 is read as windows-1252, as browsers do",
		"mikel-mail/error-content_transfer_encoding_plain.eml": "octets beyond ASCII are read as windows-1252",
		"mikel-mail/error-invalid_subject_characters.eml":      "a subject in raw windows-1252 is read, not replaced",
		"stalwart-rfc/004.eml":                                 "the messages of a digest are attachments",
	}
}

func compareWithOthers(t *testing.T, want expectation, raw []byte, scores map[string]*score) {
	t.Helper()
	codec := NewCodec(DefaultLimits())
	view, err := codec.View(bytes.NewReader(raw))
	if err != nil {
		t.Errorf("%s: %v", want.File, err)
		return
	}
	facts := checkAgreement(t, codec, raw, view)
	note := func(property string, same bool, got, wanted any) {
		scores[property].of++
		if same {
			scores[property].same++
			return
		}
		if why := knownDifferences()[want.File]; why != "" {
			t.Logf("%s: %s: %s", want.File, property, why)
			return
		}
		t.Errorf("%s: %s is read otherwise than by others\n  got  %q\n  want %q", want.File, property, got, wanted)
	}
	if v, ok := want.Subject.trusted(); ok {
		note("subject", words(v) == words(facts.Subject), facts.Subject, v)
	}
	if v, ok := want.From.trusted(); ok && len(v) == 1 {
		note("from", v[0] == facts.From.Address.Canonical(), facts.From.Address.Canonical(), v[0])
	}
	if v, ok := want.Text.trusted(); ok && v != "" { // without a text of its own, ours is made of the HTML
		note("text", sameText(words(v), words(view.Text)), words(view.Text), v)
	}
	if v, ok := want.HTML.trusted(); ok {
		note("html", v == (view.HTML != ""), view.HTML, v)
	}
	if v, ok := want.Attachments.trusted(); ok {
		got := sums(view)
		note("attachments", slices.Equal(got, slices.Sorted(slices.Values(v))), got, v)
	}
	if v, ok := want.Names.trusted(); ok {
		note("count", len(v) == len(view.Attachments), len(view.Attachments), len(v))
		note("names", sameNames(v, view), names(view), v)
	}
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// sameText compares texts; one of the expected ones was cut after 600 characters.
func sameText(want, got string) bool {
	return want == got || utf8.RuneCountInString(want) == 600 && strings.HasPrefix(got, want)
}

func sums(v conversations.View) []string {
	out := make([]string, len(v.Attachments))
	for i, p := range v.Attachments {
		out[i] = hex.EncodeToString(p.SHA256[:])
	}
	slices.Sort(out)
	return out
}

func names(v conversations.View) []string {
	out := make([]string, len(v.Attachments))
	for i, p := range v.Attachments {
		out[i] = p.Name
	}
	slices.Sort(out)
	return out
}

// sameNames reports whether every name that others read is one of ours, in the form that we show.
func sameNames(want []string, v conversations.View) bool {
	got := names(v)
	for _, name := range want {
		if name = cleanName(name); name != "" && !slices.Contains(got, name) {
			return false
		}
	}
	return true
}

// checkAgreement checks what must hold for every message: Intake and View agree, every attachment can
// be fetched and has the size and hash that were told, names are safe, notices are few.
func checkAgreement(t *testing.T, c *Codec, raw []byte, v conversations.View) Facts {
	t.Helper()
	in := NewIntake(c.limits)
	_, err := in.Write(raw)
	facts, closeErr := in.Close()
	if err == nil {
		err = closeErr
	}
	if err == nil && facts.Attachments != len(v.Attachments) {
		t.Errorf("Intake counts %d attachments, View lists %d", facts.Attachments, len(v.Attachments))
	}
	if err == nil && facts.HasText != (v.Text != "") && len(raw) < maxSample {
		t.Errorf("Intake: text %v, View: %d octets of text", facts.HasText, len(v.Text))
	}
	if len(v.Notices) > MaxNotices {
		t.Errorf("%d notices", len(v.Notices))
	}
	for i, p := range v.Attachments {
		if p.Index != i || p.Name == "" || p.Name != cleanName(p.Name) {
			t.Errorf("attachment %d: index %d, unsafe name %q", i, p.Index, p.Name)
		}
		if i > 20 && i < len(v.Attachments)-20 {
			continue // each is a walk of its own
		}
		var out bytes.Buffer
		if err := c.Part(bytes.NewReader(raw), i, &out); err != nil {
			t.Errorf("attachment %d: %v", i, err)
		}
		if int64(out.Len()) != p.Bytes || sha256.Sum256(out.Bytes()) != p.SHA256 {
			t.Errorf("attachment %d: other octets than listed", i)
		}
	}
	return facts
}
