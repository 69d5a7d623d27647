package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// TestWriteToMinor covers D28: the desk says that a first message to a known minor is not confidential; mail,
// further messages and everybody else are not asked.
func TestWriteToMinor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	majority := b.clock.Now().Add(24 * time.Hour)
	if err := b.NoteMinority(t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, b.patient.ID, majority); err != nil {
		t.Fatal(err)
	}
	open := func(answer rules.Confidential) error {
		_, err := b.OpenThread(t.Context(), conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896"}, conversations.ThreadInput{
			Mailbox: address(t, doctor), INS: anINS, Subject: "Fil " + string(answer), Text: "Bonjour", Confidential: answer,
		})
		return err
	}
	wantKind(t, open(""), conversations.KindMinorConfidential)
	wantKind(t, open(rules.ConfidentialYes), conversations.KindMinorConfidential)
	if err := open(rules.ConfidentialNo); err != nil {
		t.Errorf("said not to be confidential: %v", err)
	}
	b.taken(mail{from: doctor, subject: "Courrier", text: "1"})
	b.clock.advance(24 * time.Hour)
	if err := open(""); err != nil {
		t.Errorf("of age: %v", err)
	}
}
