package page

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
)

// withDocuments is a message with two documents of an archive: the PDF of the first is attached, too, and the
// second is structured.
func withDocuments() conversations.Message {
	line := func(id conversations.ID, name, mediaType string, mark byte) conversations.AttachmentLine {
		return conversations.AttachmentLine{ID: id, Name: name, Type: mediaType, Bytes: 1200, SHA256: [32]byte{mark}, Savable: true}
	}
	archive := line("m.2", "ihe_xdm.zip", "application/zip", 9)
	archive.Documents = []conversations.DocumentLine{
		{
			HealthDocument: conversations.HealthDocument{
				Title: "Analyses <b>de sang</b>", Kind: "CR d'examens biologiques", At: time.Date(2026, 5, 4, 7, 15, 0, 0, time.UTC),
				Author: "Dr Irène PETIT", Organisation: "Laboratoire du Port", Bytes: 3400, Integrity: conversations.IntegrityVerified,
			},
			Embedded: []conversations.AttachmentLine{line("m.3145728", "Analyses.pdf", "application/pdf", 1)},
		},
		{HealthDocument: conversations.HealthDocument{Kind: "Lettre de liaison", Organisation: "Hôpital", Bytes: 2000, Integrity: conversations.IntegrityUnverified}},
		{HealthDocument: conversations.HealthDocument{Title: "Abîmé", Integrity: conversations.IntegrityAltered}},
		{
			HealthDocument: conversations.HealthDocument{Title: "Scanner", Author: "Dr X"},
			Embedded:       []conversations.AttachmentLine{line("m.3145984", "Scanner.pdf", "application/pdf", 3)},
		},
	}
	return conversations.Message{
		ID: "m", Text: "Bonjour", Attachments: []conversations.AttachmentLine{
			line("m.0", "20260504_CR_CORSE_DOMINIQUE.pdf", "application/pdf", 1), line("m.1", "ordonnance.pdf", "application/pdf", 2), archive,
		},
	}
}

func ids(lines []conversations.AttachmentLine) string {
	var all []string
	for _, l := range lines {
		all = append(all, string(l.ID))
	}
	return strings.Join(all, " ")
}

// OP14: PDFs first, each once, whether attached or embedded; the archive is one technical attachment.
func TestMessage_cards(t *testing.T) {
	t.Parallel()
	v := MessageView{Message: withDocuments(), Thread: "t"}
	var files []string
	for _, c := range v.Cards() {
		files = append(files, c.ShownTitle()+"|"+c.ShownKind()+"|"+c.By()+"|"+ids(c.Files))
	}
	want := "Analyses <b>de sang</b>|CR d'examens biologiques|Dr Irène PETIT, Laboratoire du Port|m.0;" +
		"Lettre de liaison||Hôpital|;Abîmé|||;Scanner||Dr X|m.3145984"
	if got := strings.Join(files, ";"); got != want {
		t.Errorf("cards %s\nwant %s", got, want)
	}
	if got := ids(v.Files()) + " / " + ids(v.Technical()); got != "m.1 / m.2" {
		t.Errorf("files %s", got)
	}
	v.Message.Attachments = []conversations.AttachmentLine{{ID: "m.0", Name: "IHE_XDM.zip"}, {ID: "m.1", Name: "photos.zip"}}
	if got := ids(v.Files()) + " / " + ids(v.Technical()); got != "m.1 / m.0" || v.Cards() != nil {
		t.Errorf("archives that are none: %s", got)
	}
}

// The page shows what a document is, escaped, and links every file once.
func TestConversation_showsDocuments(t *testing.T) {
	t.Parallel()
	r := New(Options{Brand: "Messagerie", Zone: time.UTC})
	var b bytes.Buffer
	p := Conversation{Thread: conversations.Thread{ThreadLine: conversations.ThreadLine{ID: "t", State: "open"}, Messages: []conversations.Message{withDocuments()}}}
	if err := r.Render(&b, Viewer{Patient: true}, p); err != nil {
		t.Fatal(err)
	}
	html := strings.ReplaceAll(b.String(), nbsp, " ")
	for _, want := range []string{
		"4 documents de santé", "Analyses &lt;b&gt;de sang&lt;/b&gt;", "CR d&#39;examens biologiques", "lundi 4 mai 2026", "Dr Irène PETIT, Laboratoire du Port",
		"2 Ko", "Document structuré, fait pour les logiciels", "n’est pas arrivé tel que son expéditeur l’annonce", ">Pièce jointe<",
		"Données structurées, pour les logiciels de santé",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is not there", want)
		}
	}
	for _, id := range []string{"m.0", "m.1", "m.2", "m.3145984"} {
		if n := strings.Count(html, `href="/messages/t/pieces/`+id+`" download`); n != 1 {
			t.Errorf("%s is linked %d times", id, n)
		}
	}
	if strings.Contains(html, "m.3145728") {
		t.Error("a copy is offered beside its original")
	}
}
