package page

import (
	"strings"
	"testing"
)

func TestMasked(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"genevieve.n@courriel.exemple.fr": "g…n@courriel.exemple.fr", "émilie@exemple.fr": "é…e@exemple.fr", "ab@exemple.fr": "a…@exemple.fr",
		"a@exemple.fr": "a…@exemple.fr", `"a@b"@exemple.fr`: `"…"@exemple.fr`, "@exemple.fr": "…", "nobody": "…",
	} {
		if got := masked(address); got != strings.ReplaceAll(want, "…", elided) {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
