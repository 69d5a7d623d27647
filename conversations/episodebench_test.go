package conversations_test

import (
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// The clinic of the tests: an application mailbox and a service of one structure.
const (
	finess    = "990000010"
	otherINS  = rules.INS("284052A32102552")
	appBox    = "dpi@clinique.test"
	visitText = "V-0815-4711"
)

func aVisit() conversations.Visit { return conversations.Visit{FINESS: finess, Number: visitText} }

func theClinic() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorClinic, ID: "clinic", Name: "Clinique"}
}

// admitted returns a bench whose clinic opened the visit and wrote two conversations: one about the visit,
// one that is not.
func admitted(t *testing.T, wrap ...func(conversations.Store) conversations.Store) (b *bench, tagged, other conversations.ID) {
	t.Helper()
	b = newBench(t, wrap...)
	for _, m := range []string{appBox, clinic} {
		b.tables.add(m, conversations.Mailbox{Name: "Service " + m[:3], Kind: rules.Organisational, Structure: "1" + finess})
	}
	b.event("e1", rules.EpisodeOpen)
	v := aVisit()
	return b, b.write("Votre opération", &v), b.write("Autre sujet", nil)
}

// event tells the clinic's event of the visit.
func (b *bench) event(id string, to rules.EpisodeState, change ...func(*conversations.EpisodeInput)) conversations.EpisodeLine {
	b.t.Helper()
	line, err := b.tell(id, to, change...)
	if err != nil {
		b.t.Fatalf("event %s: %v", id, err)
	}
	return line
}

func (b *bench) tell(id string, to rules.EpisodeState, change ...func(*conversations.EpisodeInput)) (conversations.EpisodeLine, error) {
	in := conversations.EpisodeInput{Visit: aVisit(), To: to, EventID: id, Source: rules.ByHand}
	if to == rules.EpisodeOpen {
		in.INS = anINS
	}
	for _, c := range change {
		c(&in)
	}
	return b.ChangeEpisode(b.t.Context(), theClinic(), []conversations.Address{address(b.t, appBox)}, in)
}

// write opens a conversation from the clinic's application.
func (b *bench) write(subject string, v *conversations.Visit) conversations.ID {
	b.t.Helper()
	t, err := b.OpenThread(b.t.Context(), theClinic(), conversations.ThreadInput{
		Mailbox: address(b.t, appBox), INS: anINS, Subject: subject, Text: "Bonjour", Visit: v,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return t.ID
}

func grace(d time.Duration) func(*conversations.EpisodeInput) {
	return func(in *conversations.EpisodeInput) { in.Grace = d }
}

func from(s rules.EpisodeSource) func(*conversations.EpisodeInput) {
	return func(in *conversations.EpisodeInput) { in.Source = s }
}

func idsOf(e conversations.EpisodeLine) (ids []conversations.ID) {
	for _, t := range e.Threads {
		ids = append(ids, t.ID)
	}
	return ids
}

func (b *bench) states(ids ...conversations.ID) string {
	var s []string
	for _, id := range ids {
		s = append(s, b.read(id).State)
	}
	return strings.Join(s, " ")
}
