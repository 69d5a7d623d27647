package page

import (
	"strings"
	"testing"
)

// I219: the title of a page says that its form is shown again, whether the page embeds the faults or its form does.
func TestTitle_tellsOfAFault(t *testing.T) {
	t.Parallel()
	faults := Faults{{Field: FieldText, Text: "Écrivez un texte."}}
	for name, c := range map[string]struct {
		page Page
		told bool
	}{
		"absence":           {Absence{Form: AbsenceForm{Faults: faults}}, true},
		"absence, in order": {Absence{}, false},
		"template":          {Template{Form: TemplateForm{Faults: faults}}, true},
		"close":             {Episode{Form: ClosingForm{Faults: faults}}, true},
		"matricule":         {Identify{Faults: faults}, true},
		"note":              {DeskThread{TeamForm: TeamForm{NoteFault: "x"}}, true},
		"page without form": {Accessibility{}, false},
	} {
		if title := titleOf(c.page); strings.HasSuffix(title, nbsp+": erreur") != c.told || !strings.HasPrefix(title, c.page.title()) {
			t.Errorf("%s: %s", name, title)
		}
	}
}
