package tests

import (
	"encoding/base64"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// R115, R117, I179: deletion, a later message, and a document that was saved before.
func (w *rightsWorld) deletion(t *testing.T) {
	me, _ := w.patient(t, 0)
	pro := w.as(t, w.Professionals[0].Token)
	var written conversation
	pro.want(http.StatusCreated, &written, http.MethodPost, "/conversations", map[string]any{
		"mailbox": w.doctor, "patient": map[string]any{"ins": w.Patients[0].INS}, "subject": "À supprimer", "text": "Voici.",
		"attachments":     []map[string]any{{"name": "ordonnance.pdf", "type": "application/pdf", "base64": base64.StdEncoding.EncodeToString([]byte("%PDF-1.7 test"))}},
		"patientInformed": map[string]any{"by": "Dr Vasserot", "at": "2026-11-21T09:00:00Z", "how": "en consultation"},
	})
	c := me.about("À supprimer")
	piece := c.Messages[0].Attachments[0].ID
	var doc struct{ ID, Name, Source string }
	me.want(http.StatusCreated, &doc, http.MethodPost, "/inbox/attachments/"+piece+"/save", nil)
	me.want(http.StatusOK, &doc, http.MethodPost, "/inbox/attachments/"+piece+"/save", nil)
	me.want(http.StatusNoContent, nil, http.MethodDelete, "/inbox/"+c.ID, nil)
	for _, call := range [][2]string{
		{"GET", "/inbox/" + c.ID}, {"DELETE", "/inbox/" + c.ID}, {"POST", "/inbox/" + c.ID + "/opened"}, {"GET", "/inbox/attachments/" + piece},
	} {
		if status, code := me.code(call[0], call[1], nil); status != http.StatusNotFound || code != "not-found" {
			t.Errorf("%v: %d %s", call, status, code)
		}
	}
	var desk conversation
	pro.want(http.StatusOK, &desk, http.MethodGet, "/conversations/"+written.ID, nil)
	if len(desk.Messages) != 1 || desk.State != "open" {
		t.Errorf("the professional sees %+v (I167)", desk)
	}
	pro.want(http.StatusCreated, nil, http.MethodPost, "/conversations/"+written.ID+"/messages", map[string]any{"text": "Une suite."})
	if again := me.open(c.ID); len(again.Messages) != 1 || again.Messages[0].Text != "Une suite." {
		t.Errorf("%+v (R117)", again.Messages)
	}
	status, content, header := me.do(http.MethodGet, "/inbox/documents/"+doc.ID, nil)
	if status != http.StatusOK || string(content) != "%PDF-1.7 test" || header.Get("Repr-Digest") == "" {
		t.Errorf("document: %d %q", status, content)
	}
	var docs list[struct{ ID, Name string }]
	me.want(http.StatusOK, &docs, http.MethodGet, "/inbox/documents", nil)
	if len(docs.Items) != 1 || docs.Items[0].Name != "ordonnance.pdf" {
		t.Errorf("%+v", docs)
	}
}

// D16: after an erasure no byte that was readable is left, on the disk or in Redis; others are untouched.
func (w *rightsWorld) erasure(t *testing.T) {
	gone, other := 7, 8
	me, address := w.patient(t, gone)
	he, his := w.patient(t, other)
	secret := "Ysengrimus-secret-9731"
	w.mail(t, w.doctor, address, "Objet "+secret, "Corps "+secret+strings.Repeat("\r\net encore une ligne de ce texte", 4_000)) // a file of its own
	w.mail(t, w.doctor, his, "Objet de l'autre", "Corps de l'autre")
	c := me.about("Objet " + secret)
	me.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+c.ID+"/replies", map[string]any{"text": "Réponse " + secret})
	me.want(http.StatusOK, nil, http.MethodPut, "/inbox/objections/"+secret, map[string]any{"scope": "profession", "value": "21"})
	var account struct{ State string }
	me.want(http.StatusOK, &account, http.MethodPost, "/account", map[string]any{"command": "erase", "confirm": "erase"})
	if account.State != "purged" {
		t.Errorf("state %s", account.State)
	}
	if status, code := me.code(http.MethodGet, "/inbox", nil); status != http.StatusNotFound || code != "mailbox-unknown" {
		t.Errorf("inbox: %d %s", status, code)
	}
	me.want(http.StatusOK, &account, http.MethodGet, "/account", nil)
	if text := he.about("Objet de l'autre").Messages[0].Text; !strings.Contains(text, "Corps de l'autre") {
		t.Errorf("the other patient reads %q", text)
	}
	w.grep(t, secret, w.Patients[gone].Name)
}

// grep looks for texts in every file of the data directory that is ours: Redis, the local database, bodies.
// The operators' Maildirs are other people's mailboxes.
func (w *rightsWorld) grep(t *testing.T, texts ...string) {
	t.Helper()
	looked := 0
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && (entry.Name() == "operators" || entry.Name() == "notifications" || entry.Name() == "pki") {
				return filepath.SkipDir // Maildirs of other people, and the directory of professionals
			}
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // a socket, or a file that went meanwhile
		}
		looked++
		for _, text := range texts {
			if strings.Contains(string(content), text) {
				t.Errorf("%s holds %q", path, text)
			}
		}
		return nil
	})
	if err != nil || looked < 5 {
		t.Fatalf("%d files looked at: %v", looked, err)
	}
}
