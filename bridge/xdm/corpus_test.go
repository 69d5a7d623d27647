package xdm

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// expectation is one entry of cda-expected.json in the folder of samples.
type expectation struct {
	File            string       `json:"file"`
	Root            string       `json:"root"` // set when it is no CDA
	Title           string       `json:"title"`
	Code            string       `json:"code"`
	CodeDisplay     string       `json:"code_display"`
	EffectiveTime   string       `json:"effectiveTime"`
	Confidentiality [][2]string  `json:"confidentiality"`
	PatientIDs      [][2]string  `json:"patient_ids"`
	PatientName     [][3]*string `json:"patient_name"`
	Authors         []string     `json:"authors"`
	Custodian       string       `json:"custodian"`
	Body            struct {
		Kind      string   `json:"kind"`
		MediaType string   `json:"mediaType"`
		Size      int64    `json:"size"`
		SHA256    string   `json:"sha256"`
		Magic     string   `json:"magic"`
		Sections  []string `json:"sections"`
		Media     [][2]any `json:"embedded_media"`
	} `json:"body"`
}

// TestCorpus_readsAsExpected reads the CDA samples of the folder that CORPUS names, or of health in it, and
// compares all that cda-expected.json says of them.
func TestCorpus_readsAsExpected(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("CORPUS")
	if folder == "" {
		t.Skip("needs CDA samples: make corpus CORPUS=DIR")
	}
	if _, err := os.Stat(filepath.Join(folder, "health")); err == nil {
		folder = filepath.Join(folder, "health")
	}
	b, err := os.ReadFile(filepath.Join(folder, "cda-expected.json"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("this folder has no cda-expected.json with CDA samples")
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []expectation
	if err := json.Unmarshal(b, &all); err != nil || len(all) == 0 {
		t.Fatalf("%d samples: %v", len(all), err)
	}
	for _, want := range all {
		name := filepath.Base(want.File)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			want.check(t, raw)
		})
	}
}

func (want expectation) check(t *testing.T, raw []byte) {
	t.Helper()
	c, err := read(t, raw).Documents()
	if want.Root != "" {
		if !errors.Is(err, ErrNotDocument) || len(c.Documents) != 0 {
			t.Errorf("root %s: %d documents, %v", want.Root, len(c.Documents), err)
		}
		return
	}
	if err != nil || len(c.Documents) != 1 {
		t.Fatalf("%d documents: %v", len(c.Documents), err)
	}
	d := c.Documents[0].CDA
	at, err := time.Parse("20060102150405-0700", want.EffectiveTime)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "title", d.Title, want.Title)
	same(t, "code", d.Code.Code, want.Code)
	same(t, "display", d.Code.Display, want.CodeDisplay)
	same(t, "time", d.At, at.UTC())
	same(t, "custodian", d.Custodian, want.Custodian)
	same(t, "kind of body", string(d.Body), want.Body.Kind)
	if !slices.Equal(d.Sections, want.Body.Sections) {
		t.Errorf("sections %q, want %q", d.Sections, want.Body.Sections)
	}
	var codes, ids [][2]string
	for _, c := range d.Confidentiality {
		codes = append(codes, [2]string{c.Code, c.System})
	}
	for _, id := range d.Patients[0] {
		ids = append(ids, [2]string{id.Root, id.Extension})
	}
	if !slices.Equal(codes, want.Confidentiality) || !slices.Equal(ids, want.PatientIDs) || len(d.Patients) != 1 {
		t.Errorf("confidentiality %v, patients %v", codes, d.Patients)
	}
	want.checkNames(t, d)
	want.checkMedia(t, raw, d)
}

func (want expectation) checkNames(t *testing.T, d *CDA) {
	t.Helper()
	if len(d.PatientName) != len(want.PatientName) {
		t.Fatalf("name of the patient: %v", d.PatientName)
	}
	for i, p := range want.PatientName {
		qualifier := ""
		if p[1] != nil {
			qualifier = *p[1]
		}
		same(t, "part of the name", d.PatientName[i], NamePart{Kind: *p[0], Qualifier: qualifier, Text: *p[2]})
	}
	var authors []string
	for _, a := range d.Authors {
		var parts []string
		for _, p := range a.Name {
			parts = append(parts, p.Text)
		}
		authors = append(authors, strings.Join(parts, " "))
	}
	if !slices.Equal(authors, want.Authors) {
		t.Errorf("authors %q, want %q", authors, want.Authors)
	}
}

func (want expectation) checkMedia(t *testing.T, raw []byte, d *CDA) {
	t.Helper()
	type media struct {
		kind string
		size int64
	}
	var wanted []media
	if want.Body.MediaType != "" {
		wanted = append(wanted, media{want.Body.MediaType, want.Body.Size})
	}
	for _, m := range want.Body.Media {
		kind, _ := m[0].(string)
		size, _ := m[1].(float64)
		wanted = append(wanted, media{kind, int64(base64.StdEncoding.DecodedLen(int(size)))}) // it counts the text
	}
	var got []media
	for _, m := range d.Media {
		got = append(got, media{m.Type, m.Bytes})
		if !m.Primary { // as DecodedLen has it, which counts padding
			got[len(got)-1].size = (m.Bytes + 2) / 3 * 3
		}
	}
	if !slices.Equal(got, wanted) {
		t.Fatalf("media %v, want %v", got, wanted)
	}
	for _, m := range d.Media {
		var out bytes.Buffer
		if err := read(t, raw).Fetch(0, m.Index, &out); err != nil || int64(out.Len()) != m.Bytes {
			t.Errorf("%d octets fetched, %v", out.Len(), err)
		}
		if want.Body.SHA256 != "" {
			same(t, "sha256", hex.EncodeToString(m.SHA256[:]), want.Body.SHA256)
			same(t, "primary", m.Primary, true)
		}
		if !bytes.HasPrefix(out.Bytes(), []byte(want.Body.Magic)) {
			t.Errorf("begins %q", out.Bytes()[:8])
		}
	}
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// reader is a Reader of Paris.
func reader(tb testing.TB, l Limits) *Reader {
	tb.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		tb.Fatal(err)
	}
	return NewReader(l, paris)
}

// read returns an attachment in memory, under the usual limits.
func read(tb testing.TB, raw []byte) *File {
	tb.Helper()
	return readWith(tb, DefaultLimits(), raw)
}

func readWith(tb testing.TB, l Limits, raw []byte) *File {
	tb.Helper()
	m := reader(tb, l).Message()
	tb.Cleanup(m.Close)
	f := m.Begin()
	if _, err := f.Write(raw); err != nil {
		tb.Fatal(err)
	}
	return f
}
