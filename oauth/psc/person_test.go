package psc

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// sample is the union of the samples of ANS (I30–I44), with their quirks.
const sample = `{
	"sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700218896", "preferred_username": "899700218896", "SubjectNameID": "899700218896",
	"SubjectRole": ["10^1.2.250.1.213.1.1.5.5"], "PSI_Locale": "1.2.250.1.213.1.3.1.1", "Secteur_Activite": "SA07^1.2.250.1.71.4.2.4",
	"SubjectOrganization": "CABINET M SPECIALISTE0021889", "SubjectOrganizationID": "499700218896007", "Mode_Acces_Raison": "",
	"Acces_Regulation_Medicale": "FAUX", "UITVersion": "1.0", "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
	"authMode": "MOBILE", "given_name": "JEAN", "family_name": "SPECIALISTE0021889", "codeCivilite": "M", "email_verified": false,
	"otherIds": [{"identifiant": "ANS20230315171213", "origine": "EDIT", "qualite": 1}],
	"SubjectRefPro": {"codeCivilite": "M", "exercices": [
		{"codeProfession": "10", "codeCategorieProfessionnelle": "C", "codeCiviliteDexercice": "DR", "nomDexercice": "SPECIALISTE0021889",
		 "prenomDexercice": "JEAN", "codeTypeSavoirFaire": "", "codeSavoirFaire": "SM26", "activities": [
			{"codeModeExercice": "L", "codeSecteurDactivite": "SA07", "numeroFinessSite": "", "numeroSiretSite": 12345678901234,
			 "identifiantTechniqueDeLaStructure": "R100000000", "raisonSocialeSite": "CABINET", "enseigneCommercialeSite": "", "ancienIdentifiantDeLaStructure": "499700218896007"},
			{"codeModeExercice": "S", "codeSecteurDactivite": "SA01", "numeroFinessSite": "770816478",
			 "numeroFinessetablissementJuridique": "780000725", "raisonSocialeSite": "CHU", "codeRole": "FON-48"}]}]}
}`

func claimsOf(t *testing.T, text string) map[string]any {
	t.Helper()
	var claims map[string]any
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestRead goes through I30–I46, each with the quirk that it is about.
func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule   string
		change func(map[string]any)
		check  func(Person) bool
	}{
		{"I29: sub is not parsed", func(c map[string]any) { c["sub"] = "a-plain-uuid" }, func(p Person) bool { return p.ID == "899700218896" }},
		{"I30: test identities", func(c map[string]any) { c["SubjectNameID"] = "ANS20231122132732" }, func(p Person) bool { return p.ID == "ANS20231122132732" }},
		{"I30: a structure's own identifiers", func(c map[string]any) { c["SubjectNameID"] = "3990000010/12-a" }, func(p Person) bool { return p.ID == "3990000010/12-a" }},
		{"I31: preferred_username decides nothing", func(c map[string]any) { c["preferred_username"] = "somebody" }, func(p Person) bool { return p.ID == "899700218896" }},
		{"I32: SubjectRole gives no exercise", func(c map[string]any) { delete(c, "SubjectRefPro") }, func(p Person) bool { return len(p.Exercises) == 0 }},
		{"I33–I36: the rest decides nothing", func(c map[string]any) {
			for _, name := range []string{"PSI_Locale", "Secteur_Activite", "SubjectOrganization", "SubjectOrganizationID", "Mode_Acces_Raison", "Acces_Regulation_Medicale", "UITVersion", "Palier_Authentification"} {
				c[name] = []any{1.0, nil}
			}
		}, func(p Person) bool { return len(p.Exercises) == 2 }},
		{"I37: authMode", nil, func(p Person) bool { return p.AuthMode == "MOBILE" }},
		{"I38: civil name", nil, func(p Person) bool { return p.Name == "JEAN SPECIALISTE0021889" }},
		{"I38: no name", func(c map[string]any) { delete(c, "given_name"); c["family_name"] = "" }, func(p Person) bool { return p.Name == "" }},
		{"I39: otherIds", nil, func(p Person) bool {
			return reflect.DeepEqual(p.OtherIDs, []OtherID{{"ANS20230315171213", "EDIT", "1"}})
		}},
		{"I39: otherIDs", func(c map[string]any) { c["otherIDs"] = c["otherIds"]; delete(c, "otherIds") }, func(p Person) bool { return len(p.OtherIDs) == 1 }},
		{"I40: SubjectRefPro is null", func(c map[string]any) { c["SubjectRefPro"] = nil }, func(p Person) bool { return len(p.Exercises) == 0 }},
		{"I40: SubjectRefPro is a list", func(c map[string]any) { c["SubjectRefPro"] = []any{c["SubjectRefPro"]} }, func(p Person) bool { return len(p.Exercises) == 2 }},
		{"I41: profession", nil, func(p Person) bool { return p.Exercises[0].Profession == "10" }},
		{"I41: a code that is a number", func(c map[string]any) { exercise(c)["codeProfession"] = 60.0 }, func(p Person) bool { return p.Exercises[0].Profession == "60" }},
		{"I42: student", func(c map[string]any) { exercise(c)["codeCategorieProfessionnelle"] = "E" }, func(p Person) bool {
			return p.Exercises[0].Category == Student && strings.HasPrefix(p.Exercises[0].Label(), "Étudiant, médecin")
		}},
		{"I43: exercise name", nil, func(p Person) bool {
			return p.Exercises[0].Name() == "JEAN SPECIALISTE0021889" && p.Exercises[0].Skill == "SM26"
		}},
		{"I44: places", nil, func(p Person) bool {
			a, b := p.Exercises[0], p.Exercises[1]
			return a.Mode == "L" && a.SIRET == "12345678901234" && a.Structure == "CABINET" && a.Key == "10/R100000000" &&
				b.FINESS == "770816478" && b.LegalBody == "780000725" && b.Role == "FON-48" && b.Key == "10/770816478"
		}},
		{"I44: one activity that is no list", func(c map[string]any) {
			exercise(c)["activities"] = exercise(c)["activities"].([]any)[1]
		}, func(p Person) bool { return len(p.Exercises) == 1 && p.Exercises[0].FINESS == "770816478" }},
		{"I44: none", func(c map[string]any) { exercise(c)["activities"] = []any{} }, func(p Person) bool { return len(p.Exercises) == 1 && p.Exercises[0].Key == "10" }},
		{"I44: the same place twice", func(c map[string]any) {
			places := exercise(c)["activities"].([]any)
			exercise(c)["activities"] = append(places, places[0], map[string]any{"identifiantTechniqueDeLaStructure": "R100000000", "codeModeExercice": "S"})
		}, func(p Person) bool { return len(p.Exercises) == 3 && p.Exercises[2].Key == "10/R100000000.2" }},
		{"I45: empty text is absent", nil, func(p Person) bool { return p.Exercises[0].FINESS == "" }},
		{"I45: unknown claims", func(c map[string]any) { c["new"] = map[string]any{"x": 1.0} }, func(p Person) bool { return p.ID != "" }},
		{"I46: in words", nil, func(p Person) bool {
			return p.Exercises[1].Label() == "Médecin, en salariat, CHU (FINESS 770816478)" && p.Exercises[0].Label() == "Médecin, en libéral, CABINET (SIRET 12345678901234)"
		}},
		{"I47: no right comes of it", nil, func(p Person) bool { return reflect.TypeOf(p).NumField() == 5 }},
	} {
		claims := claimsOf(t, sample)
		if c.change != nil {
			c.change(claims)
		}
		p, err := Read(claims)
		if err != nil || !c.check(p) {
			t.Errorf("%s: %v", c.rule, err)
		}
	}
}

// exercise is the one exercise of the sample.
func exercise(claims map[string]any) map[string]any {
	return claims["SubjectRefPro"].(map[string]any)["exercices"].([]any)[0].(map[string]any)
}

// TestRead_identifier covers I29, I30 and I112: what is no key of an account.
func TestRead_identifier(t *testing.T) {
	t.Parallel()
	for id, want := range map[any]error{
		"":                      ErrNoIdentifier,
		"   ":                   ErrNoIdentifier,
		nil:                     ErrNoIdentifier,
		"0012345678":            ErrIdentifier, // ADELI
		"8997 00218896":         ErrIdentifier,
		"<b>":                   ErrIdentifier,
		strings.Repeat("8", 65): ErrIdentifier,
		"899700218896":          nil,
		"810003461033":          nil, // an RPPS with a wrong key is accepted (I108)
	} {
		if _, err := Read(map[string]any{"SubjectNameID": id, "preferred_username": "899700218896"}); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", id, err, want)
		}
	}
}

// FuzzRead: whatever a provider says is read without a fault, and gives keys that differ and texts that can be shown.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{sample, `{"SubjectNameID":8}`, `{"SubjectNameID":"8","SubjectRefPro":{"exercices":{"activities":[[]]}}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var claims map[string]any
		if json.Unmarshal([]byte(raw), &claims) != nil {
			return
		}
		p, err := Read(claims)
		if err != nil {
			return
		}
		keys := map[string]bool{}
		for _, e := range p.Exercises {
			if keys[e.Key] {
				t.Fatalf("two exercises with the key %q", e.Key)
			}
			keys[e.Key] = true
			if e.Label() == "" || strings.ContainsAny(e.Label(), "\r\n\u202e") {
				t.Fatalf("label %q", e.Label())
			}
		}
		if len(p.Exercises) > maxExercises {
			t.Fatal("too many exercises")
		}
	})
}
