package conversations_test

import (
	"encoding/json"
	"testing"

	"mesbridge/conversations"
)

// D11: an attached message can be read, any other attachment is no message.
func TestAttached_readsMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	inner, err := json.Marshal(conversations.Draft{Text: "Le message joint", Attachments: []conversations.Attachment{{Name: "a.pdf"}}})
	if err != nil {
		t.Fatal(err)
	}
	b.hand(anINS, mail{from: doctor, id: "a@x.test", subject: "Fil", text: "Bonjour"}, func(*conversations.Incoming) {})
	id := b.thread("Fil").ID
	if _, err := b.Reply(t.Context(), b.self(), b.patient.ID, id, conversations.ReplyInput{
		Text: "x", Choice: "REPLY", Attachments: []conversations.Attachment{
			{Name: "joint.eml", Type: "message/rfc822", Content: inner},
			{Name: "a.txt", Type: "text/plain", Content: inner},
			{Name: "b.eml", Type: "message/rfc822", Content: []byte("{")},
		},
	}); err != nil {
		t.Fatal(err)
	}
	files := b.read(id).Messages[0].Attachments
	got, err := b.Attached(t.Context(), b.self(), b.patient.ID, files[0].ID)
	if err != nil || got.View.Text != "Le message joint" || got.Name != "joint.eml" || len(got.View.Attachments) != 1 {
		t.Errorf("%+v (%v)", got, err)
	}
	for file, want := range map[conversations.ID]conversations.Kind{
		files[1].ID: conversations.KindNotFound, id + ".9.0": conversations.KindNotFound, files[2].ID: conversations.KindUnavailable,
	} {
		if _, err := b.Attached(t.Context(), b.self(), b.patient.ID, file); conversations.KindOf(err) != want {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}
