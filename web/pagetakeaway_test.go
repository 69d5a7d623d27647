package web

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"mesbridge/conversations"
)

// exported is one file of an export with some content.
func exported(name, content string, document bool) conversations.Exported {
	return conversations.Exported{
		AttachmentLine: conversations.AttachmentLine{Name: name}, Document: document, At: now,
		Write: func(w io.Writer) error { _, err := io.WriteString(w, content); return err },
	}
}

// One archive holds messages, documents and tables; the names of its files lead nowhere.
func TestTakeaway_holdsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.exported = []conversations.Exported{
		exported("message.eml", strings.Repeat("Bonjour ", 9000), false), exported("../../etc/passwd", "un", true), exported("Bilan : été?.pdf", "deux", true),
	}
	w.visit(patientKey, "/donnees").wants(http.StatusOK, "").has("Télécharger mes données (ZIP)")
	got := w.visit(patientKey, "/donnees.zip").wants(http.StatusOK, "")
	if kind, name := got.header.Get("Content-Type"), got.header.Get("Content-Disposition"); kind != "application/zip" || !strings.Contains(name, "mes-donnees.zip") {
		t.Errorf("%s, %s", kind, name)
	}
	z, err := zip.NewReader(bytes.NewReader(got.body), int64(len(got.body)))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names[f.Name] = string(content)
	}
	for name, want := range map[string]string{
		"LISEZ-MOI.txt": "Copie de vos données", "messages/0001-2026-05-12.eml": "Bonjour", "documents/0002-_.._etc_passwd": "un",
		"documents/0003-Bilan _ été_.pdf": "deux", "contacts.csv": "professionnel;depuis", "oppositions.csv": "opposition;concerne", "historique.csv": "date (heure de Paris)",
	} {
		if content, found := names[name]; !found || !strings.Contains(content, want) {
			t.Errorf("%s: %t %.80q among %d files", name, found, content, len(names))
		}
	}
	if len(names) != 7 {
		t.Errorf("%d files", len(names))
	}
}

// What cannot be had is an answer before anything was sent, and a broken file after it: never a part that looks whole.
func TestTakeaway_neverHalf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.failOn["Export"] = kind(conversations.KindNotGranted)
	w.visit(patientKey, "/donnees.zip").wants(http.StatusForbidden, "")
	delete(w.core.failOn, "Export")
	bad := exported("message.eml", "", false)
	bad.Write = func(io.Writer) error { return errors.New("the disk is gone") }
	noise := make([]byte, 200_000) // which does not compress below the first piece
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	w.core.exported = []conversations.Exported{exported("message.eml", string(noise), false), bad}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.serve()+"/donnees.zip", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "mes", Value: patientKey})
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%d octets of an archive end as if that were all", len(body))
	}
}

// Entry names keep their ending, and are of a length that every system takes.
func TestEntryName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "document", "...": "document", "a\x00b.pdf": "a_b.pdf", "CON\\x": "CON_x", "\xff.pdf": "_.pdf",
		strings.Repeat("é", 100) + ".pdf": strings.Repeat("é", 58) + ".pdf",
	} {
		if got := entryName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
