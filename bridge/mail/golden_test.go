package mail

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// reading is what the golden files of testdata/messages hold: all that is read in a message.
type reading struct {
	Intake      string   `json:"intake,omitempty"` // error, if any
	From        string   `json:"from,omitempty"`
	ReplyTo     []string `json:"replyTo,omitempty"`
	To          []string `json:"to,omitempty"`
	Cc          []string `json:"cc,omitempty"`
	Subject     string   `json:"subject"`
	MessageID   string   `json:"messageId"`
	References  []string `json:"references,omitempty"`
	Date        string   `json:"date,omitempty"`
	Report      bool     `json:"report,omitempty"`
	Auto        bool     `json:"auto,omitempty"`
	Text        []string `json:"text"`
	HTML        []string `json:"html,omitempty"`
	Attachments []string `json:"attachments,omitempty"`
	Notices     []string `json:"notices,omitempty"`
}

// TestMessages_readAsWritten reads every message of testdata/messages and compares all that is read
// with the golden file beside it (R32-R35, D11). Run with -update to rewrite them, and read the diff.
func TestMessages_readAsWritten(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/messages/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".eml"), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, wire(string(source)))
			golden(t, strings.TrimSuffix(file, ".eml")+".json", got)
		})
	}
}

// read gives all that is read in a message.
func read(t *testing.T, raw []byte) []byte {
	t.Helper()
	v := view(t, raw)
	facts, err := intake(raw, len(raw))
	r := reading{
		Subject: facts.Subject, MessageID: facts.MessageID, References: facts.References,
		ReplyTo: show(facts.ReplyTo), To: show(facts.To), Cc: show(facts.Cc),
		From: show([]conversations.NamedAddress{facts.From})[0], Report: facts.IsReport, Auto: facts.AutoSubmitted,
		Text: strings.Split(v.Text, "\n"), Notices: v.Notices,
	}
	if err != nil {
		r.Intake = err.Error()
	}
	if !facts.Date.IsZero() {
		r.Date = facts.Date.Format(time.RFC3339)
	}
	if v.HTML != "" {
		r.HTML = strings.Split(v.HTML, "\n")
	}
	for i, p := range v.Attachments {
		var out bytes.Buffer
		if err := NewCodec(DefaultLimits()).Part(bytes.NewReader(raw), i, &out); err != nil {
			t.Error(err)
		}
		r.Attachments = append(r.Attachments, p.Name+" | "+p.Type+" | "+out.String())
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func show(list []conversations.NamedAddress) []string {
	var out []string
	for _, a := range list {
		out = append(out, strings.TrimSpace(a.Name+" <"+a.Address.Wire()+">"))
	}
	return out
}

// golden compares got with a golden file, or rewrites it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s is missing: run with -update", file)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", file, got, want)
	}
}
