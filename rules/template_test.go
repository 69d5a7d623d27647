package rules

import (
	"slices"
	"strings"
	"testing"
)

// TestSaveTemplate covers the limits of templates, and R71: nothing is left open that nobody fills in.
func TestSaveTemplate(t *testing.T) {
	t.Parallel()
	ok := func(change func(*TemplateFacts)) TemplateFacts {
		f := TemplateFacts{Box: teamOf(Organisational), By: person("ann"), Name: "Consignes", Text: "Bonjour,\n\n{boite}\n{signature}"}
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		f    TemplateFacts
		want Refusal
	}{
		"good":                {ok(func(*TemplateFacts) {}), Refusal{}},
		"braces in a text":    {ok(func(f *TemplateFacts) { f.Text = "{ {} {A1} {x y} }" }), Refusal{}},
		"unknown placeholder": {ok(func(f *TemplateFacts) { f.Text = "Bonjour {nom}" }), Refusal{EmptyMessage, "R71"}},
		"no name":             {ok(func(f *TemplateFacts) { f.Name = " " }), Refusal{EmptyMessage, "D27"}},
		"two lines of name":   {ok(func(f *TemplateFacts) { f.Name = "a\nb" }), Refusal{EmptyMessage, "D27"}},
		"no text":             {ok(func(f *TemplateFacts) { f.Text = "" }), Refusal{EmptyMessage, "D27"}},
		"long name":           {ok(func(f *TemplateFacts) { f.Name = strings.Repeat("x", MaxTemplateNameRunes+1) }), Refusal{TooLarge, "D27"}},
		"long text":           {ok(func(f *TemplateFacts) { f.Text = strings.Repeat("x", MaxTemplateTextRunes+1) }), Refusal{TooLarge, "D27"}},
		"one too many":        {ok(func(f *TemplateFacts) { f.Count = MaxTemplates }), Refusal{TooLarge, "D27"}},
		"rewritten":           {ok(func(f *TemplateFacts) { f.Count, f.Known = MaxTemplates, true }), Refusal{}},
		"stranger":            {ok(func(f *TemplateFacts) { f.By = person("chief") }), Refusal{NotHabilitated, "I120"}},
		"personal, holder":    {ok(func(f *TemplateFacts) { f.Box, f.By = teamOf(Personal), person("holder") }), Refusal{}},
	} {
		if got := SaveTemplate(c.f, tuesday); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestFillTemplate_onceAndInOrder(t *testing.T) {
	t.Parallel()
	got := FillTemplate("{signature}, {boite}, {autre}", "le service {signature}", "Ann {boite}")
	if want := "Ann {boite}, le service {signature}, {autre}"; got != want {
		t.Errorf("%q, want %q: what is filled in is not looked at again", got, want)
	}
	if got := UnknownPlaceholders("{{nom}} {boite} {date} {"); !slices.Equal(got, []string{"nom", "date"}) {
		t.Errorf("%v", got)
	}
}

// FuzzUnknownPlaceholders: a text without unknown placeholders and with both filled in has none left.
func FuzzUnknownPlaceholders(f *testing.F) {
	for _, s := range []string{"", "{boite}", "{nom}", "{{", "}{a}", "{boite}{signature}{x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		unknown := UnknownPlaceholders(s)
		for _, u := range unknown {
			if !strings.Contains(s, "{"+u+"}") || u == string(PlaceMailbox) || u == string(PlaceSignature) {
				t.Errorf("%q is not in the text, or known", u)
			}
		}
		filled := FillTemplate(s, "", "")
		if len(unknown) == 0 && len(filled) == len(s) && (strings.Contains(s, PlaceMailbox.Written()) || strings.Contains(s, PlaceSignature.Written())) {
			t.Errorf("%q was left as it was", s)
		}
	})
}
