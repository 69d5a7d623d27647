package storetest

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func attendContracts() []contract {
	return []contract{
		{"Attend/whoCame_isThereUntilItLasted", attendLasts},
		{"Attend/places_areApart", attendApart},
	}
}

func attendLasts(t *testing.T, s conversations.Store) {
	const lasting = 5 * time.Minute
	for _, step := range []struct {
		who  string
		at   time.Time
		want string // who is there, the latest first
	}{
		{"", minutes(0), ""},
		{"a", minutes(0), "a"},
		{"b", minutes(2), "ba"},
		{"", minutes(4), "ba"},
		{"", minutes(5), "b"}, // an instant that is lasting ago counts no more
		{"b", minutes(6), "b"},
		{"", minutes(10), "b"}, // b came again
		{"", minutes(11), ""},
	} {
		wantHere(t, s, "place", step.who, step.at, lasting, step.want)
	}
	if _, err := s.Attend(t.Context(), surgery, "place", "a", noon(), 0); err == nil {
		t.Error("a presence that lasts no time was taken")
	}
}

func attendApart(t *testing.T, s conversations.Store) {
	wantHere(t, s, "one", "a", noon(), time.Minute, "a")
	wantHere(t, s, "other", "", noon(), time.Minute, "")
	if here, err := s.Attend(t.Context(), clinic, "one", "", noon(), time.Minute); err != nil || len(here) != 0 {
		t.Errorf("another mailbox: %v, %v", here, err)
	}
	wantHere(t, s, "one", "a", minutes(0).Add(time.Second), time.Minute, "a") // again is once
}

// wantHere notes a person, nobody when there is none, and holds who is there against want: one letter each.
func wantHere(t *testing.T, s conversations.Store, place, who string, at time.Time, lasting time.Duration, want string) {
	t.Helper()
	here, err := s.Attend(t.Context(), surgery, place, rules.PersonID(who), at, lasting)
	if err != nil {
		t.Fatalf("Attend: %v", err)
	}
	got := ""
	for _, a := range here {
		got += string(a.Who)
	}
	wantEqual(t, "who is there at "+at.Format(time.TimeOnly), got, want)
}
