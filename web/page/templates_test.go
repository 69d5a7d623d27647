package page

import (
	"regexp"
	"testing"
)

// French sets a no-break space (U+00A0, as it is) before : ; ? ! » and after «. After an ordinary one
// browsers begin a line with the mark.
func TestTemplates_noBreakBeforePunctuation(t *testing.T) {
	t.Parallel()
	action, loose := regexp.MustCompile(`(?s){{.*?}}`), regexp.MustCompile(`.{0,20}( [:;?!»]|« ).{0,20}`)
	files, err := templates.ReadDir("templates")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d templates: %v", len(files), err)
	}
	for _, f := range files {
		b, err := templates.ReadFile("templates/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range loose.FindAll(action.ReplaceAll(b, []byte("x")), -1) {
			t.Errorf("%s: %s", f.Name(), found)
		}
	}
}
