package conversations_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"mesbridge/conversations"
)

// document stands for a document of patients.
func document(matricules string) []conversations.Attachment {
	return []conversations.Attachment{{Name: "Compte rendu", Type: documentOf, Content: []byte(matricules)}}
}

// TestReceive_documentOfAnother covers D31: a matricule INS other than the recipient's is refused, what is no
// matricule decides nothing.
func TestReceive_documentOfAnother(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		matricules string
		refused    bool
	}{
		"the recipient's":                {string(anINS), false},
		"another's":                      {string(anotherINS), true},
		"the recipient's and an old one": {string(anotherINS) + " " + string(anINS), false}, // NIA and NIR of one person
		"no matricule":                   {"1234567890121", false},
		"wrong key":                      {"279035121518988", false},
		"none":                           {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, err := b.receive(mail{from: doctor, subject: "Document", text: "x", documents: document(tt.matricules)})
			if !tt.refused {
				if err != nil {
					t.Fatal(err)
				}
				if m := b.thread("Document").Messages[0]; len(m.Notices) > 0 || len(m.Attachments[0].Documents) != 1 {
					t.Errorf("%+v", m)
				}
				return
			}
			wantKind(t, err, conversations.KindWrongPatient)
			var e *conversations.Error
			if !errors.As(err, &e) || e.Rule != "D31" || e.Kind.Temporary() || strings.Contains(e.Error(), string(anotherINS)) {
				t.Errorf("%+v", e)
			}
			if page, err := b.Inbox(t.Context(), b.patient.ID, "", 0); err != nil || len(page.Items) > 0 {
				t.Errorf("%d conversations, %v", len(page.Items), err)
			}
		})
	}
}

// TestReceive_documentOfAnother_flagged covers the setting of D31: the message is there, with a notice.
func TestReceive_documentOfAnother_flagged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.FlagWrongPatient = true
	b.taken(mail{from: doctor, subject: "Document", text: "x", documents: document(string(anotherINS))})
	m := b.thread("Document").Messages[0]
	if len(m.Notices) != 1 || !strings.Contains(m.Notices[0], "l’identité d’un autre patient") {
		t.Errorf("notices %q", m.Notices)
	}
}

// TestReceive_documentUnreadableForNow_isSentAgain covers D17: a body that cannot be read decides nothing.
func TestReceive_documentUnreadableForNow_isSentAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	p, err := b.Recipient(ctx, anINS, address(t, doctor))
	if err != nil {
		t.Fatal(err)
	}
	id, _, err := b.NewBody(ctx, p) // nothing is ever written
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Receive(ctx, conversations.Incoming{
		Patient: p, INS: anINS, Message: id, From: conversations.NamedAddress{Address: address(t, doctor)}, Documents: true,
	})
	wantKind(t, err, conversations.KindUnavailable)
}

// TestOpenThread_documentOfAnother covers D31 for a message by the API.
func TestOpenThread_documentOfAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := conversations.ThreadInput{
		Mailbox: address(t, doctor), INS: anINS, Subject: "Document", Text: "x", Attachments: document(string(anotherINS)),
	}
	actor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700000001"}
	_, err := b.OpenThread(t.Context(), actor, in)
	wantKind(t, err, conversations.KindWrongPatient)
	in.Attachments = document(string(anINS))
	thread, err := b.OpenThread(t.Context(), actor, in)
	if err != nil {
		t.Fatal(err)
	}
	in.Attachments = document(string(anotherINS))
	_, err = b.Write(t.Context(), actor, thread.ID, in)
	wantKind(t, err, conversations.KindWrongPatient)
}

// TestAttachment_embedded downloads what a document holds by an id of its own (OP14).
func TestAttachment_embedded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Document", text: "x", documents: document(string(anINS))})
	thread := b.thread("Document")
	whole := thread.Messages[0].Attachments[0]
	inside := whole.Documents[0].Embedded[0]
	if inside.ID == whole.ID || inside.Name != "inside.pdf" || !inside.Savable || whole.Savable || whole.Documents[0].HealthDocument.Embedded != nil {
		t.Fatalf("%+v", whole)
	}
	d, err := b.Attachment(t.Context(), b.self(), b.patient.ID, inside.ID)
	if err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	if err := d.Write(&content); err != nil || content.String() != string(anINS) || d.Name != "inside.pdf" {
		t.Errorf("%q, %v", content.String(), err)
	}
	_, err = b.Attachment(t.Context(), b.self(), b.patient.ID, inside.ID+"0")
	wantKind(t, err, conversations.KindNotFound)
	b.settle()
	desk, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, doctor)}, thread.ID)
	if err != nil {
		t.Fatal(err)
	}
	seen := desk.Messages[0].Attachments[0]
	if id := seen.Documents[0].Embedded[0].ID; !strings.HasPrefix(string(id), string(desk.Messages[0].ID)) || id == seen.ID {
		t.Errorf("the desk names it %s in %s", id, desk.Messages[0].ID)
	}
}
