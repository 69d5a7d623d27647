package rules

import (
	"strings"
	"testing"
	"time"
)

func teamOf(kind MailboxKind) Habilitation {
	return Habilitation{Kind: kind, Holder: "holder", Responsible: []PersonID{"chief"}, Users: []MailboxUser{
		{Person: "ann", Since: tuesday.Add(-24 * time.Hour)},
		{Person: "bob", Since: tuesday.Add(-24 * time.Hour), Until: tuesday.Add(time.Hour)},
		{Person: "eve", Since: tuesday, From: tuesday.Add(2 * time.Hour), Until: tuesday.Add(3 * time.Hour)},
	}}
}

func person(p PersonID) Member { return Member{Person: p} }

// TestMayUse_cover covers I119: who stands in has the right from the first instant to the last, and not before.
func TestMayUse_cover(t *testing.T) {
	t.Parallel()
	h := teamOf(Organisational)
	for at, want := range map[time.Duration]bool{0: false, 2*time.Hour - 1: false, 2 * time.Hour: true, 3*time.Hour - 1: true, 3 * time.Hour: false} {
		if got := !h.MayUse("eve", tuesday.Add(at)).Refused(); got != want {
			t.Errorf("after %v: may use %v", at, got)
		}
	}
}

// TestTakeCare covers I120 and D27: who may take care of a conversation, and that the first one has it.
func TestTakeCare(t *testing.T) {
	t.Parallel()
	held := Care{Holder: person("bob"), At: tuesday.Add(-time.Hour)}
	app := Member{Person: "app", Application: true}
	for name, c := range map[string]struct {
		box     Habilitation
		by      Member
		current Care
		after   time.Duration
		want    CareVerdict
	}{
		"free":               {box: teamOf(Organisational), by: person("ann"), want: CareVerdict{Care: Care{person("ann"), tuesday}, Changed: true}},
		"held by another":    {box: teamOf(Organisational), by: person("ann"), current: held, want: CareVerdict{Care: held}},
		"own already":        {box: teamOf(Organisational), by: person("bob"), current: held, want: CareVerdict{Care: held}},
		"lapsed at his end":  {box: teamOf(Organisational), by: person("ann"), current: held, after: time.Hour, want: CareVerdict{Care: Care{person("ann"), tuesday.Add(time.Hour)}, Changed: true}},
		"of before his list": {box: teamOf(Practice), by: person("ann"), current: Care{person("bob"), tuesday.Add(-48 * time.Hour)}, want: CareVerdict{Care: Care{person("ann"), tuesday}, Changed: true}},
		"practice's holder":  {box: teamOf(Practice), by: person("holder"), want: CareVerdict{Care: Care{person("holder"), tuesday}, Changed: true}},
		"responsible alone":  {box: teamOf(Organisational), by: person("chief"), want: CareVerdict{Refusal: Refusal{NotHabilitated, "I120"}}},
		"personal mailbox":   {box: teamOf(Personal), by: person("holder"), want: CareVerdict{Refusal: Refusal{NotFound, "I119"}}},
		"application":        {box: teamOf(Application), by: app, want: CareVerdict{Care: Care{app, tuesday}, Changed: true}},
		"application, ORG":   {box: teamOf(Organisational), by: app, want: CareVerdict{Refusal: Refusal{NotHabilitated, "I120"}}},
		"person, APP":        {box: teamOf(Application), by: person("holder"), want: CareVerdict{Refusal: Refusal{NotHabilitated, "I120"}}},
	} {
		if got := TakeCare(CareFacts{Box: c.box, By: c.by, Current: c.current}, tuesday.Add(c.after)); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestReleaseCare_handOver covers I120: nobody ends another's care but by handing over, and nothing is given to whoever
// may not act for the mailbox.
func TestReleaseCare_handOver(t *testing.T) {
	t.Parallel()
	held := Care{Holder: person("bob"), At: tuesday}
	f := func(by PersonID) CareFacts {
		return CareFacts{Box: teamOf(Organisational), By: person(by), Current: held}
	}
	for name, c := range map[string]struct{ got, want CareVerdict }{
		"release own":           {ReleaseCare(f("bob"), tuesday), CareVerdict{Changed: true}},
		"release another's":     {ReleaseCare(f("ann"), tuesday), CareVerdict{Care: held}},
		"release nobody's":      {ReleaseCare(f("bob"), tuesday.Add(time.Hour)), CareVerdict{Refusal: Refusal{NotHabilitated, "I120"}}},
		"release lapsed":        {ReleaseCare(f("ann"), tuesday.Add(time.Hour)), CareVerdict{}},
		"give":                  {HandOver(f("bob"), person("ann"), tuesday), CareVerdict{Care: Care{person("ann"), tuesday}, Changed: true}},
		"take over":             {HandOver(f("ann"), person("ann"), tuesday), CareVerdict{Care: Care{person("ann"), tuesday}, Changed: true}},
		"give who has it":       {HandOver(f("ann"), person("bob"), tuesday), CareVerdict{Care: held}},
		"give a stranger":       {HandOver(f("ann"), person("chief"), tuesday), CareVerdict{Refusal: Refusal{NotHabilitated, "I120"}}},
		"give one not yet here": {HandOver(f("ann"), person("eve"), tuesday), CareVerdict{Refusal: Refusal{NotHabilitated, "I120"}}},
		"by a stranger":         {HandOver(f("chief"), person("ann"), tuesday), CareVerdict{Refusal: Refusal{NotHabilitated, "I120"}}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
		}
	}
}

// TestNotes covers D27: who writes internal notes, how long, and that only their author deletes them.
func TestNotes(t *testing.T) {
	t.Parallel()
	box := teamOf(Organisational)
	for name, c := range map[string]struct {
		f    NoteFacts
		want Refusal
	}{
		"note":         {NoteFacts{Box: box, By: person("ann"), Text: "Rappeler\nlundi"}, Refusal{}},
		"longest":      {NoteFacts{Box: box, By: person("ann"), Text: strings.Repeat("é", MaxNoteRunes), Count: MaxNotes - 1}, Refusal{}},
		"too long":     {NoteFacts{Box: box, By: person("ann"), Text: strings.Repeat("é", MaxNoteRunes+1)}, Refusal{TooLarge, "D27"}},
		"too many":     {NoteFacts{Box: box, By: person("ann"), Text: "x", Count: MaxNotes}, Refusal{TooLarge, "D27"}},
		"empty":        {NoteFacts{Box: box, By: person("ann"), Text: " \n"}, Refusal{EmptyMessage, "D27"}},
		"control":      {NoteFacts{Box: box, By: person("ann"), Text: "a\x1bb"}, Refusal{EmptyMessage, "D27"}},
		"not UTF-8":    {NoteFacts{Box: box, By: person("ann"), Text: "a\xff"}, Refusal{EmptyMessage, "D27"}},
		"stranger":     {NoteFacts{Box: box, By: person("chief"), Text: "x"}, Refusal{NotHabilitated, "I120"}},
		"personal box": {NoteFacts{Box: teamOf(Personal), By: person("holder"), Text: "x"}, Refusal{NotFound, "I119"}},
	} {
		if got := AddNote(c.f, tuesday); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if r := DeleteNote(box, person("ann"), person("ann"), tuesday); r.Refused() {
		t.Errorf("own note: %+v", r)
	}
	if r := DeleteNote(box, person("bob"), person("ann"), tuesday); r != (Refusal{NotHabilitated, "D27"}) {
		t.Errorf("another's note: %+v", r)
	}
	if r := DeleteNote(box, person("bob"), person("bob"), tuesday.Add(time.Hour)); r != (Refusal{NotHabilitated, "I120"}) {
		t.Errorf("own note, without the right: %+v", r)
	}
}
