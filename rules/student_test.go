package rules

import "testing"

// TestMayHold covers I44 and I117: of the students only three functions hold a mailbox, by what the directory says; who
// is no student needs no function.
func TestMayHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		category, function string
		want               bool
	}{
		{"E", "FON-47", true}, // replacement or assistant
		{"E", "FON-48", true}, // intern
		{"E", "FON-57", true}, // junior doctor
		{"E", "FON-01", false},
		{"E", "fon-48", false},
		{"E", "", false}, // the directory does not tell
		{"C", "", true},
		{"M", "", true},
		{"C", "FON-01", true},
		{"", "", true},
	} {
		got := Exercise{c.category, c.function}.MayHold()
		if got.Refused() == c.want || got.Refused() && got != (Refusal{NotHabilitated, "I117"}) {
			t.Errorf("category %q, function %q: %+v", c.category, c.function, got)
		}
	}
}

// TestMayUse_student covers I117 with D27: a student without one of the functions uses no mailbox of his own, and still
// acts for one on whose list he stands.
func TestMayUse_student(t *testing.T) {
	t.Parallel()
	const student = PersonID("ss")
	other := Exercise{Category: "E", Function: "FON-01"}
	for name, c := range map[string]struct {
		h    Habilitation
		want Refusal
	}{
		"intern, personal":    {Habilitation{Kind: Personal, Holder: student, Exercise: Exercise{"E", "FON-48"}}, Refusal{}},
		"other, personal":     {Habilitation{Kind: Personal, Holder: student, Exercise: other}, Refusal{NotHabilitated, "I117"}},
		"other, practice":     {Habilitation{Kind: Practice, Holder: student, Exercise: other}, Refusal{NotHabilitated, "I117"}},
		"other, listed":       {Habilitation{Kind: Practice, Holder: student, Exercise: other, Users: []MailboxUser{{Person: student}}}, Refusal{}},
		"listed for a clinic": {Habilitation{Kind: Organisational, Exercise: other, Users: []MailboxUser{{Person: student}}}, Refusal{}},
		"holder of a clinic":  {Habilitation{Kind: Organisational, Holder: student, Exercise: Exercise{"E", "FON-48"}}, Refusal{NotHabilitated, "I120"}},
	} {
		if got := c.h.MayUse(student, tuesday); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestVouches covers D26: a structure's provider vouches at its own mailboxes alone, and at none whose structure nobody
// knows.
func TestVouches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		finess, structure string
		want              bool
	}{
		{"", "", true},
		{"", "1990000010", true},
		{"990000010", "1990000010", true},
		{"990000010", "1990000028", false},
		{"990000010", "3990000010", false},
		{"990000010", "990000010", false},
		{"990000010", "", false},
	} {
		if got := Vouches(c.finess, c.structure); got != c.want {
			t.Errorf("%q at %q: %t", c.finess, c.structure, got)
		}
	}
}
