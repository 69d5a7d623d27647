package conversations_test

import (
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// TestActor_words: how an actor is told of.
func TestActor_words(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]conversations.Actor{
		"":                                  {Exercise: "Médecin"},
		"Ada":                               {Name: "Ada"},
		"Ada (CHU)":                         {Name: "Ada", Exercise: "CHU"},
		"Zoé, sous la responsabilité d’Ada": {Name: "Zoé", Under: "Ada"},
		"Zoé, sous la responsabilité d’Élodie": {Name: "Zoé", Under: "Élodie"},
		"Zoé, sous la responsabilité d’Hélène": {Name: "Zoé", Under: "Hélène"},
		"Zoé, sous la responsabilité d’Yves":   {Name: "Zoé", Under: "Yves"},
		"Zoé, sous la responsabilité de Yann":  {Name: "Zoé", Under: "Yann"},
		"Zoé, sous la responsabilité de Luc":   {Name: "Zoé", Under: "Luc"},
	} {
		if got := a.Words(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestTrace_saysUnderWhoseResponsibility covers D27 and I46: an act of a person without an exercise for a shared mailbox is
// traced, and told to the patient, under the responsible person; one of a professional, with the exercise he chose.
func TestTrace_saysUnderWhoseResponsibility(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tables.add(doctor, conversations.Mailbox{Kind: rules.Personal, Person: "899900000017"})
	for want, c := range map[string]struct {
		actor   conversations.Actor
		mailbox string
	}{
		"Sophie Amblardet, sous la responsabilité d’Irène Chapuisat a demandé": {
			conversations.Actor{Kind: conversations.ActorProfessional, ID: secretary, Name: "Sophie Amblardet"}, clinic,
		},
		"Luc Martin (Médecin, CHU) a demandé": {
			conversations.Actor{Kind: conversations.ActorProfessional, ID: "899900000058", Name: "Luc Martin", Exercise: "Médecin, CHU"}, clinic,
		},
		"Claire Vasserot a demandé": { // the directory knows that she exercises
			conversations.Actor{Kind: conversations.ActorProfessional, ID: "899900000017", Name: "Claire Vasserot"}, clinic,
		},
		"Paul Secretaire a demandé": { // nobody keeps a list of that mailbox
			conversations.Actor{Kind: conversations.ActorProfessional, ID: "899900000099", Name: "Paul Secretaire"}, doctor,
		},
	} {
		if _, err := b.Ask(t.Context(), c.actor, address(t, c.mailbox), b.patient.INS); err != nil {
			t.Fatal(err)
		}
		page, err := b.History(t.Context(), b.patient.ID, "", 1)
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("%d lines, %v", len(page.Items), err)
		}
		if got := page.Items[0].Actor + " a demandé"; got != want {
			t.Errorf("traced as %q, want %q", got, want)
		}
	}
}

// TestMandatesOf covers D26, I40 and I117: what a login says narrows what a person may act for.
func TestMandatesOf(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tables.add(clinic, conversations.Mailbox{Kind: rules.Organisational, Structure: "1990000010"})
	b.tables.add(doctor, conversations.Mailbox{Kind: rules.Personal, Person: secretary})
	b.tables.add("interne@chu.test", conversations.Mailbox{Kind: rules.Personal, Person: "899900000066", Category: "E", Function: "FON-48"})
	b.tables.add("externe@chu.test", conversations.Mailbox{Kind: rules.Personal, Person: "899900000074", Category: "E"})
	b.admit(time.Time{})
	for name, c := range map[string]struct {
		person string
		as     conversations.Vouched
		want   string
	}{
		"national login":              {secretary, conversations.Vouched{}, clinic + " " + doctor},
		"without exercise":            {secretary, conversations.Vouched{NoExercise: true}, clinic},
		"the structure's own login":   {secretary, conversations.Vouched{FINESS: "990000010"}, clinic},
		"another structure's login":   {secretary, conversations.Vouched{FINESS: "990000028"}, ""},
		"administering as well":       {manager, conversations.Vouched{FINESS: "990000028"}, ""},
		"administering at its own":    {manager, conversations.Vouched{FINESS: "990000010", NoExercise: true}, clinic},
		"intern":                      {"899900000066", conversations.Vouched{}, "interne@chu.test"},
		"student of another function": {"899900000074", conversations.Vouched{}, ""},
	} {
		list, err := b.MandatesOf(t.Context(), c.person, c.as)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list {
			got = append(got, m.Mailbox.Address.Wire())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
	}
}
