package rules

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var tuesday = time.Date(2026, time.May, 12, 10, 0, 0, 0, time.UTC)

// TestMayUse covers I119, I120 and D27: who reads and writes for each kind of mailbox.
func TestMayUse(t *testing.T) {
	t.Parallel()
	const holder, secretary, manager, stranger = PersonID("aa"), PersonID("bb"), PersonID("cc"), PersonID("dd")
	of := func(k MailboxKind) Habilitation {
		return Habilitation{
			Kind: k, Holder: holder, Responsible: []PersonID{manager},
			Users: []MailboxUser{{Person: secretary, Until: tuesday.Add(time.Hour)}},
		}
	}
	for _, c := range []struct {
		kind   MailboxKind
		person PersonID
		at     time.Time
		want   bool
	}{
		{Personal, holder, tuesday, true},
		{Personal, secretary, tuesday, false}, // a personal mailbox is its holder's alone
		{Personal, manager, tuesday, false},
		{Practice, holder, tuesday, true},
		{Practice, secretary, tuesday, true},
		{Practice, manager, tuesday, false},
		{Organisational, holder, tuesday, false}, // attached to him, not his to read
		{Organisational, secretary, tuesday, true},
		{Organisational, secretary, tuesday.Add(time.Hour - 1), true},
		{Organisational, secretary, tuesday.Add(time.Hour), false}, // the end is the first instant without the right
		{Organisational, manager, tuesday, false},                  // administering is not reading
		{Organisational, stranger, tuesday, false},
		{Organisational, "", tuesday, false},
		{Application, holder, tuesday, false},
		{Application, secretary, tuesday, false},
		{"", secretary, tuesday, false},
	} {
		got := of(c.kind).MayUse(c.person, c.at)
		if got.Refused() == c.want || got.Refused() && got != (Refusal{NotHabilitated, "I120"}) {
			t.Errorf("%s, person %q at %v: %+v", c.kind, c.person, c.at, got)
		}
	}
	if r := (Habilitation{Kind: Personal}).MayUse("", tuesday); !r.Refused() {
		t.Error("a mailbox without a known holder is used by a person without an identifier")
	}
}

// TestAdmitUser covers I119 and D27: who keeps the list, and whom he may put on it.
func TestAdmitUser(t *testing.T) {
	t.Parallel()
	const manager, other, secretary = PersonID("cc"), PersonID("ee"), PersonID("bb")
	h := Habilitation{Kind: Organisational, Responsible: []PersonID{manager}}
	for name, c := range map[string]struct {
		kind      MailboxKind
		by        PersonID
		user      MailboxUser
		exercises bool
		want      Refusal
	}{
		"a secretary":               {Organisational, manager, MailboxUser{Person: secretary}, false, Refusal{}},
		"for a time":                {Organisational, manager, MailboxUser{Person: secretary, Until: tuesday.Add(1)}, false, Refusal{}},
		"for a time that is past":   {Organisational, manager, MailboxUser{Person: secretary, Until: tuesday}, false, Refusal{EmptyMessage, "I119"}},
		"nobody":                    {Organisational, manager, MailboxUser{}, false, Refusal{EmptyMessage, "I119"}},
		"by another":                {Organisational, other, MailboxUser{Person: secretary}, true, Refusal{NotFound, "I119"}},
		"by nobody":                 {Organisational, "", MailboxUser{Person: secretary}, true, Refusal{NotFound, "I119"}},
		"oneself, habilitated":      {Organisational, manager, MailboxUser{Person: manager}, true, Refusal{}},
		"oneself, without exercise": {Organisational, manager, MailboxUser{Person: manager}, false, Refusal{NotHabilitated, "I119"}},
		"of a practice":             {Practice, manager, MailboxUser{Person: secretary}, false, Refusal{}},
		"of a personal mailbox":     {Personal, manager, MailboxUser{Person: secretary}, false, Refusal{NotFound, "I119"}},
		"of an application":         {Application, manager, MailboxUser{Person: secretary}, false, Refusal{NotFound, "I119"}},
	} {
		h.Kind = c.kind
		if got := AdmitUser(h, c.by, c.user, c.exercises, tuesday); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestHabilitation_administeringIsNotReading covers D27 for any register: a person who is no holder and on no
// list reads nothing, whatever he administers.
func TestHabilitation_administeringIsNotReading(t *testing.T) {
	t.Parallel()
	person := rapid.SampledFrom([]PersonID{"", "aa", "bb", "cc"})
	rapid.Check(t, func(t *rapid.T) {
		h := Habilitation{
			Kind:   rapid.SampledFrom([]MailboxKind{Personal, Organisational, Application, Practice, ""}).Draw(t, "kind"),
			Holder: person.Draw(t, "holder"), Responsible: rapid.SliceOfN(person, 0, 3).Draw(t, "responsible"),
		}
		for _, p := range rapid.SliceOfN(person, 0, 3).Draw(t, "users") {
			h.Users = append(h.Users, MailboxUser{Person: p})
		}
		const who = PersonID("dd")
		h.Responsible = append(h.Responsible, who)
		if !h.MayUse(who, tuesday).Refused() {
			t.Fatal("administering gave the right to read")
		}
	})
}
