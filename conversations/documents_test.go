package conversations_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// I178, I179: a saved document outlives its conversation; saving twice is saving once.
func TestSaveDocument_outlivesItsConversation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	actor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "1"}
	_, err := b.OpenThread(t.Context(), actor, conversations.ThreadInput{
		Mailbox: address(t, doctor), INS: anINS, Subject: "Ordonnance", Text: "x",
		Attachments: []conversations.Attachment{{Name: "ordo.pdf", Type: "application/pdf", Content: []byte("%PDF")}, {Name: "a.exe", Content: []byte("MZ")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.settle()
	thread := b.thread("Ordonnance")
	files := thread.Messages[0].Attachments
	doc, saved, err := b.SaveDocument(t.Context(), b.self(), b.patient.ID, files[0].ID)
	if err != nil || !saved || doc.Name != "ordo.pdf" || doc.From != "marie.martin" {
		t.Fatalf("%+v, %v, %v", doc, saved, err)
	}
	if again, saved, err := b.SaveDocument(t.Context(), b.self(), b.patient.ID, files[0].ID); err != nil || saved || again.ID != doc.ID {
		t.Errorf("a second time: %+v, %v, %v", again, saved, err)
	}
	_, _, err = b.SaveDocument(t.Context(), b.self(), b.patient.ID, files[1].ID)
	wantKind(t, err, conversations.KindInvalidRequest)
	if codes := b.told(); codes[0] != string(rules.DocumentSaved) || slices.Contains(codes, string(conversations.TraceDownload)) {
		t.Errorf("nobody opened what was saved (O159): %v", codes)
	}
	b.cameWith(doc.ID, thread.ID)
	if files = b.thread("Ordonnance").Messages[0].Attachments; !files[0].Saved || files[1].Saved {
		t.Errorf("the conversation shows as saved: %v, %v", files[0].Saved, files[1].Saved)
	}
	if line, err := b.AttachmentLine(t.Context(), b.patient.ID, files[0].ID); err != nil || !line.Saved {
		t.Errorf("%+v, %v", line, err)
	}
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, thread.ID); err != nil {
		t.Fatal(err)
	}
	b.cameWith(doc.ID, "")
	_, err = b.Attachment(t.Context(), b.self(), b.patient.ID, files[0].ID)
	wantKind(t, err, conversations.KindNotFound)
	b.clock.advance(31 * 24 * time.Hour)
	b.settle()
	b.cameWith(doc.ID, "")
	d, err := b.Document(t.Context(), b.self(), b.patient.ID, doc.ID)
	if err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	if err := d.Write(&content); err != nil || content.String() != "%PDF" {
		t.Errorf("%q, %v", content.String(), err)
	}
	if is, err := b.Known()(t.Context(), b.patient.ID, doc.ID); err != nil || !is {
		t.Errorf("the document's body counts as dead: %v, %v", is, err)
	}
	if err := b.DeleteDocument(t.Context(), b.self(), b.patient.ID, doc.ID); err != nil {
		t.Fatal(err)
	}
	if page, err := b.Documents(t.Context(), b.patient.ID, "", 0); err != nil || len(page.Items) != 0 || b.bodyCount() != 0 {
		t.Errorf("%+v, %v, %d bodies", page, err, b.bodyCount())
	}
}

// told lists the codes of the patient's history, newest first.
func (b *bench) told() []string {
	b.t.Helper()
	page, err := b.History(b.t.Context(), b.patient.ID, "", 200)
	if err != nil {
		b.t.Fatal(err)
	}
	return lo.Map(page.Items, func(l conversations.HistoryLine, _ int) string { return l.Code })
}

// cameWith expects of the patient's one document the conversation that it came with; empty: that is there no more.
func (b *bench) cameWith(doc, thread conversations.ID) {
	b.t.Helper()
	line, err := b.DocumentLine(b.t.Context(), b.patient.ID, doc)
	if err != nil || line.Thread != thread {
		b.t.Errorf("%+v, %v", line, err)
	}
	page, err := b.Documents(b.t.Context(), b.patient.ID, "", 0)
	if err != nil || len(page.Items) != 1 || page.Items[0].Thread != thread {
		b.t.Errorf("%+v, %v", page, err)
	}
}
