package rules_test

import (
	"strings"
	"testing"

	"mesbridge/rules"
)

func TestSoughtName_fitsTheBeginningOfAnyPart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed, name string
		want        bool
	}{
		{"dur", "Camille Durand", true},
		{"CAMI", "Camille Durand", true},
		{"durand camille", "Camille Durand", true},
		{"c durand", "Camille Durand", true},
		{"urand", "Camille Durand", false},
		{"durand paul", "Camille Durand", false},
		{"durande", "Camille Durand", false},
		{"eloise", "Éloïse TRÉVARIN", true},
		{"ÉLOÏSE", "Eloise Trevarin", true},
		{"e\u0301lo", "Éloïse Trévarin", true}, // typed on another keyboard, as two characters
		{"paul", "Jean-Paul Martin", true},
		{"jean paul", "Jean-Paul Martin", true},
		{"jean-pa", "Jean Paul Martin", true},
		{"jeanpaul mar", "Jean-Paul Martin", true},
		{"le fevre", "Anne Lefèvre", true},
		{"lefevre", "Anne Le Fèvre", true},
		{"d'arc", "Jeanne d’Arc", true},
		{"darc", "Jeanne d’Arc", true},
		{"arcj", "Jeanne d’Arc", false}, // not around the end
		{"soeur", "Marie Sœur", true},
		{"weiss", "Karl Weiß", true},
		{"Mme Durand", "Camille Durand", true},
		{"M. Durand Paul", "Camille Durand", false},
		{"m durand", "Camille Durand", true},
		{"mr", "Ali Mrabet", true}, // a civility alone is the beginning of a name
		{"m d", "Marie Durand", true},
		{"m d", "Camille Durand", false},
		{"dup", "", false},
	} {
		n, ok := rules.ReadSoughtName(c.typed)
		if !ok || n.Fits(c.name) != c.want {
			t.Errorf("%q finds %q: %v, want %v (read: %v)", c.typed, c.name, !c.want, c.want, ok)
		}
	}
}

func TestReadSoughtName_takesTwoLettersAtLeast(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bool{
		"": false, " ": false, "d": false, " d ": false, "é": false, "-'": false, "1234": false, "d1": false, "du": true, "d u": true, "éa": true,
		strings.Repeat("a", 200): true, strings.Repeat("a", 201): false, "du\xff": false,
	} {
		if _, ok := rules.ReadSoughtName(typed); ok != want {
			t.Errorf("%q: %v, want %v", typed, ok, want)
		}
	}
	if (rules.SoughtName{}).Fits("Camille Durand") {
		t.Error("nothing finds somebody")
	}
}

// FuzzSoughtName: whatever is typed, whoever has that very name is found by it, and nothing else happens.
func FuzzSoughtName(f *testing.F) {
	for _, s := range []string{"Camille Durand", "d’Arc", "\xff", "ŒŒ ß", "é\u0301 -"} {
		f.Add(s, "Jean-Paul")
	}
	f.Fuzz(func(t *testing.T, typed, name string) {
		n, ok := rules.ReadSoughtName(typed)
		n.Fits(name)
		if ok && !n.Fits(typed) {
			t.Errorf("%q does not find itself", typed)
		}
	})
}
