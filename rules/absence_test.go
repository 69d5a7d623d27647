package rules

import (
	"strings"
	"testing"
	"time"
)

// TestDeclareAbsence covers I119, I120 and R71: who declares an absence, how long, and who may stand in.
func TestDeclareAbsence(t *testing.T) {
	t.Parallel()
	known := Cover{Given: true, Named: true, Trusted: true, Person: "eve"}
	week := Absence{From: tuesday, Until: tuesday.Add(7 * 24 * time.Hour)}
	base := AbsenceFacts{Box: teamOf(Organisational), By: "chief", Absence: week, Text: "Appelez le secrétariat.", Cover: known}
	for name, c := range map[string]struct {
		change func(*AbsenceFacts)
		want   Refusal
	}{
		"responsible":             {func(*AbsenceFacts) {}, Refusal{}},
		"responsible admits":      {func(f *AbsenceFacts) { f.Admit = true }, Refusal{}},
		"user":                    {func(f *AbsenceFacts) { f.By = "ann" }, Refusal{NotFound, "I119"}},
		"holder of a personal":    {func(f *AbsenceFacts) { f.Box, f.By = teamOf(Personal), "holder" }, Refusal{}},
		"nobody else's personal":  {func(f *AbsenceFacts) { f.Box = teamOf(Personal) }, Refusal{NotFound, "I119"}},
		"personal is not shared":  {func(f *AbsenceFacts) { f.Box, f.By, f.Admit = teamOf(Personal), "holder", true }, Refusal{NotHabilitated, "I119"}},
		"practice's holder":       {func(f *AbsenceFacts) { f.Box, f.By = teamOf(Practice), "holder" }, Refusal{}},
		"who keeps no list":       {func(f *AbsenceFacts) { f.Box, f.By, f.Admit = teamOf(Practice), "holder", true }, Refusal{NotHabilitated, "I119"}},
		"over":                    {func(f *AbsenceFacts) { f.Absence = Absence{From: tuesday.Add(-2), Until: tuesday} }, Refusal{EmptyMessage, "I119"}},
		"ends before it begins":   {func(f *AbsenceFacts) { f.Absence = Absence{From: tuesday.Add(2), Until: tuesday.Add(1)} }, Refusal{EmptyMessage, "I119"}},
		"longest":                 {func(f *AbsenceFacts) { f.Absence.Until = tuesday.Add(MaxAbsence) }, Refusal{}},
		"too long":                {func(f *AbsenceFacts) { f.Absence.Until = tuesday.Add(MaxAbsence + 1) }, Refusal{EmptyMessage, "I119"}},
		"no text, no cover":       {func(f *AbsenceFacts) { f.Text, f.Cover = "", Cover{} }, Refusal{}},
		"long text":               {func(f *AbsenceFacts) { f.Text = strings.Repeat("x", MaxAbsenceTextRunes+1) }, Refusal{EmptyMessage, "D27"}},
		"control character":       {func(f *AbsenceFacts) { f.Text = "\x00x" }, Refusal{EmptyMessage, "D27"}},
		"cover without a name":    {func(f *AbsenceFacts) { f.Cover.Named = false }, Refusal{EmptyMessage, "R71"}},
		"cover outside the space": {func(f *AbsenceFacts) { f.Cover.Trusted = false }, Refusal{EmptyMessage, "R71"}},
		"own cover":               {func(f *AbsenceFacts) { f.Cover.Own = true }, Refusal{EmptyMessage, "R71"}},
		"admit a mailbox":         {func(f *AbsenceFacts) { f.Cover.Person, f.Admit = "", true }, Refusal{EmptyMessage, "I120"}},
		"admit nobody":            {func(f *AbsenceFacts) { f.Cover, f.Admit = Cover{}, true }, Refusal{EmptyMessage, "I120"}},
	} {
		f := base
		c.change(&f)
		if got := DeclareAbsence(f, tuesday); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestAbsence_atItsInstants: the first refused instant is the end (docs/design.md).
func TestAbsence_atItsInstants(t *testing.T) {
	t.Parallel()
	a := Absence{From: tuesday, Until: tuesday.Add(time.Hour)}
	for at, want := range map[time.Duration][2]bool{-1: {false, false}, 0: {true, false}, time.Hour - 1: {true, false}, time.Hour: {false, true}} {
		if now := tuesday.Add(at); a.Covers(now) != want[0] || a.Over(now) != want[1] {
			t.Errorf("%v: covers %v, over %v", at, a.Covers(now), a.Over(now))
		}
	}
	if !(Absence{}).Over(tuesday) {
		t.Error("no absence is not over")
	}
}
