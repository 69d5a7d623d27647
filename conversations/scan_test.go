package conversations_test

import (
	"context"
	"io"
	"testing"

	"mesbridge/conversations"
)

// TestScan covers O168 for what is written here: an infected attachment neither leaves nor is filed, nor one
// of which nobody knows.
func TestScan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pro, patient := conversations.Actor{Kind: conversations.ActorProfessional, ID: "1", Name: "Dr Martin"}, b.self()
	scanner := &fakeScanner{}
	b.Scanner = scanner
	in := conversations.ThreadInput{
		Mailbox: address(t, doctor), INS: anINS, Subject: "Document", Text: "Bonjour",
		Attachments: []conversations.Attachment{{Name: "a.pdf", Type: "application/pdf", Content: []byte("clean")}},
	}
	thread, err := b.OpenThread(t.Context(), pro, in)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Recipient(t.Context(), anINS, address(t, doctor))
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]conversations.Kind{"infected": conversations.KindInvalidRequest, "unknown": conversations.KindUnavailable} {
		in.Attachments[0].Content = []byte(content)
		_, err := b.OpenThread(t.Context(), pro, in)
		wantKind(t, err, want)
		_, err = b.Reply(t.Context(), patient, p, thread.ID, conversations.ReplyInput{Text: "Bonjour", Attachments: in.Attachments})
		wantKind(t, err, want)
	}
	if page, err := b.Inbox(t.Context(), p, "", 0); err != nil || len(page.Items) != 1 {
		t.Errorf("%+v %v: an infected document is in the inbox", page, err)
	}
}

// fakeScanner finds what a file says of itself.
type fakeScanner struct{}

func (*fakeScanner) Check(_ context.Context, r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	switch {
	case string(b) == "infected":
		return "Test.Virus", err
	case string(b) == "unknown":
		return "", io.ErrUnexpectedEOF
	}
	return "", err
}
