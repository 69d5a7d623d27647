package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
)

const assistant = "899900000066"

func theSecretary() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorProfessional, ID: secretary, Name: "Sophie Amblardet"}
}

func theAssistant() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorProfessional, ID: assistant, Name: "Paul Roy"}
}

// teamBench is a bench with two users of the clinic's mailbox, and a conversation of it that the doctor shares.
type teamBench struct {
	*bench
	id conversations.ID
}

func newTeamBench(t *testing.T) teamBench {
	t.Helper()
	b := newBench(t)
	b.admit(time.Time{})
	if _, err := b.AdmitUser(t.Context(), theManager(), address(t, clinic), conversations.Person{ID: assistant, Name: "Paul Roy"}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: clinic, id: "one@clinique.test", subject: "Suites", text: "1"})
	b.taken(mail{from: doctor, subject: "Re: Suites", text: "2", refs: []string{"one@clinique.test"}})
	return teamBench{bench: b, id: b.thread("Suites").ID}
}

func (b teamBench) boxes() []conversations.Address {
	return []conversations.Address{address(b.t, clinic)}
}

// team is what an actor sees for the clinic's mailbox.
func (b teamBench) team(by conversations.Actor) conversations.Team {
	b.t.Helper()
	found, err := b.Team(b.t.Context(), by, b.boxes(), b.id)
	if err != nil || len(found) != 1 {
		b.t.Fatalf("%d teams, %v", len(found), err)
	}
	return found[0]
}

func (b teamBench) take(by conversations.Actor) conversations.Care {
	b.t.Helper()
	c, err := b.TakeCare(b.t.Context(), by, address(b.t, clinic), b.id)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}
