package page

import (
	"testing"
	"time"
)

// D24, wording.md: the announcement tells the instant as the page does, and none to who cannot reply already.
func TestClosingNotice_tellsTheInstant(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	const next = "\n\nEnsuite, pour joindre ce professionnel\u00a0: "
	for name, c := range map[string]struct {
		until         time.Time
		contact, want string
	}{
		"a time of day": {
			time.Date(2026, 5, 12, 16, 0, 0, 0, time.UTC), "le 01",
			"Votre prise en charge par A se termine. Vous pouvez répondre dans cette conversation jusqu’au mardi 12\u00a0mai\u00a02026 à 18\u00a0h (heure de Paris)." + next + "le 01.",
		},
		"midnight": {
			time.Date(2026, 5, 11, 22, 0, 0, 0, time.UTC), "",
			"Votre prise en charge par A se termine. Vous pouvez répondre dans cette conversation jusqu’au lundi 11\u00a0mai\u00a02026 inclus." + next + "téléphone du cabinet ou du service.",
		},
		"no reply": {time.Time{}, "le 01", "Votre prise en charge par A se termine." + next + "le 01."},
	} {
		if got := ClosingNotice(paris)("A", c.until, c.contact); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// D24: with an end that nothing announced, whom to contact next is told with the last message, or by itself.
func TestLastWords_tellWhomToContact(t *testing.T) {
	t.Parallel()
	const next = "\n\nEnsuite, pour joindre ce professionnel\u00a0: le 01."
	for _, c := range []struct{ text, contact, want string }{
		{"", "", ""}, {"Bon retour.", "", "Bon retour."}, {"Bon retour.", "le 01.", "Bon retour." + next}, {"", "le 01", "Votre prise en charge est terminée." + next},
	} {
		if got := LastWords(c.text, c.contact); got != c.want {
			t.Errorf("%q, %q: %q", c.text, c.contact, got)
		}
	}
}
