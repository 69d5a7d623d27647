package fhir

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/directory/fhir/fhirtest"
	"mesbridge/rules"
)

func readOne(t testing.TB, r fhirtest.Resource) row {
	t.Helper()
	text, err := json.Marshal(map[string]any{"resourceType": "Bundle", "entry": []any{map[string]any{"resource": r}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePage(text)
	if err != nil || len(p.rows) != 1 {
		t.Fatalf("%d rows, %v", len(p.rows), err)
	}
	return p.rows[0]
}

// O132-O134, O125, I99-I102: every spelling of a mailbox, and what looks like one and is none.
func TestBoxesOf_spellings(t *testing.T) {
	t.Parallel()
	with := func(system, value string, extensions ...any) fhirtest.Resource {
		return fhirtest.Resource{"system": system, "value": value, "extension": extensions}
	}
	meta := func(sub ...any) fhirtest.Resource {
		return fhirtest.Resource{"url": "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-mailbox-mss-metadata", "extension": sub}
	}
	kind := func(member string, value any) fhirtest.Resource {
		return fhirtest.Resource{"url": "type", member: value}
	}
	ours := fhirtest.EmailType("MSSANTE")
	old := func(sub ...any) fhirtest.Resource {
		return fhirtest.Resource{"resourceType": "Practitioner", "id": "x", "extension": []any{
			fhirtest.Resource{"url": "https://annuaire.sante.gouv.fr/fhir/StructureDefinition/MailboxMSS", "extension": sub},
		}}
	}
	value := fhirtest.Resource{"url": "value", "valueString": "a@b.mssante.fr"}
	yes, no := true, false
	for name, c := range map[string]struct {
		contact  fhirtest.Resource
		resource fhirtest.Resource
		want     []box
	}{
		"no metadata":       {contact: with("email", "a@b.mssante.fr", ours), want: []box{{Address: "a@b.mssante.fr", Kind: rules.Personal}}},
		"R257":              {contact: fhirtest.Box("a@b.mssante.fr", "CAB"), want: []box{{Address: "a@b.mssante.fr", Kind: rules.Practice}}},
		"R256 as system":    {contact: with("email", "a@b.mssante.fr", ours, meta(kind("valueCodeableConcept", fhirtest.Concept("TRE_R256-TypeMessagerie", "PER", "")))), want: []box{{Address: "a@b.mssante.fr", Kind: rules.Personal}}},
		"a code":            {contact: with("email", "a@b.mssante.fr", ours, meta(kind("valueCode", "APP"))), want: []box{{Address: "a@b.mssante.fr", Kind: rules.Application}}},
		"a coding":          {contact: with("email", "a@b.mssante.fr", ours, meta(kind("valueCoding", fhirtest.Resource{"code": "ORG"}))), want: []box{{Address: "a@b.mssante.fr", Kind: rules.Organisational}}},
		"zero paper":        {contact: fhirtest.Box("a@b.mssante.fr", "PER", fhirtest.Resource{"url": "digitization", "valueBoolean": yes}), want: []box{{Address: "a@b.mssante.fr", Kind: rules.Personal, ZeroPaper: true}}},
		"red list":          {contact: fhirtest.Box("a@b.mssante.fr", "PER", fhirtest.Resource{"url": "listeRouge", "valueBoolean": yes})},
		"not red":           {contact: fhirtest.Box("a@b.mssante.fr", "PER", fhirtest.Resource{"url": "listeRouge", "valueBoolean": no}), want: []box{{Address: "a@b.mssante.fr", Kind: rules.Personal}}},
		"a citizen":         {contact: fhirtest.Box("a@b.mssante.fr", "CIT")},
		"another messaging": {contact: with("email", "a@b.apicrypt.org", fhirtest.EmailType("APICRYPT"))},
		"ordinary":          {contact: with("email", "a@exemple.fr")},
		"metadata alone":    {contact: with("email", "a@exemple.fr", meta(kind("valueCode", "ORG")))},
		"a telephone":       {contact: with("phone", "a@b.mssante.fr", ours)},
		"no address":        {contact: with("email", "not an address", ours)},
		"obsolete":          {resource: old(value, kind("valueCodeableConcept", fhirtest.Concept("TRE_R257-TypeBAL", "PER", "")), fhirtest.Resource{"url": "digitization", "valueBoolean": yes}), want: []box{{Address: "a@b.mssante.fr", Kind: rules.Personal, ZeroPaper: true}}},
		"obsolete and red":  {resource: old(value, fhirtest.Resource{"url": "publication", "valueBoolean": no})},
	} {
		if c.resource == nil {
			c.resource = fhirtest.Resource{"resourceType": "Practitioner", "id": "x", "telecom": []any{c.contact}}
		}
		if got := readOne(t, c.resource); !reflect.DeepEqual(got.Boxes, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got.Boxes, c.want)
		}
	}
}

// O136, I109: identifiers under all their systems.
func TestBusiness_systems(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]fhirtest.Resource{
		"810000001916":    {"resourceType": "Practitioner", "identifier": []any{fhirtest.Resource{"system": "http://rpps.fr", "value": "10000001916"}}},
		"899700218896":    {"resourceType": "Practitioner", "identifier": []any{fhirtest.Resource{"type": fhirtest.Resource{"coding": []any{fhirtest.Resource{"code": "IDNPS"}}}, "value": "899700218896"}}},
		"1754567860":      {"resourceType": "Organization", "identifier": []any{fhirtest.Resource{"system": "urn:oid:1.2.250.1.71.4.2.2", "value": "1754567860"}}},
		"1620026161":      {"resourceType": "Organization", "identifier": []any{fhirtest.Resource{"system": "http://finess.sante.gouv.fr", "value": "620026161"}}},
		"1620026162":      {"resourceType": "Organization", "identifier": []any{fhirtest.Resource{"system": "https://finess.esante.gouv.fr", "value": "620026162"}}},
		"326750000100011": {"resourceType": "Organization", "identifier": []any{fhirtest.Resource{"system": "http://sirene.fr", "value": "26750000100011"}}},
		"#tech":           {"resourceType": "Organization", "id": "tech"},
	} {
		if got := readOne(t, r); got.Key != want {
			t.Errorf("key %q, want %q", got.Key, want)
		}
	}
}

// Codes without words are worded by us (I114).
func TestPersonOf_professionWithoutDisplay(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"10": "médecin", "50": "sage-femme", "40": "chirurgien-dentiste", "32": "physicien médical", "86": "technicien de laboratoire", "99": ""} {
		r := readOne(t, fhirtest.Resource{"resourceType": "Practitioner", "id": "x", "qualification": []any{fhirtest.Resource{"code": fhirtest.Concept("TRE_G15-ProfessionSante", code, "")}}})
		if r.Person.ProfessionName != want {
			t.Errorf("%s: %q, want %q", code, r.Person.ProfessionName, want)
		}
	}
}

// FuzzParsePage feeds arbitrary answers: never a panic, bounds that hold, and rows that can be kept and read again.
func FuzzParsePage(f *testing.F) {
	for _, r := range []fhirtest.Resource{
		fhirtest.Practitioner("p1", "10000001916", "LE GOFF", "ANNE", fhirtest.Box("anne@medecin.mssante.fr", "PER")),
		fhirtest.Role("r1", "p1", "o1", "FON-48", fhirtest.Box("b@ch.mssante.fr", "PER")),
		fhirtest.Organization("o1", "210000001", "CH", fhirtest.Box("c@ch.mssante.fr", "ORG")),
	} {
		text, err := json.Marshal(map[string]any{"resourceType": "Bundle", "entry": []any{map[string]any{"resource": r}}, "link": []any{map[string]any{"relation": "next", "url": "x"}}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parsePage(data)
		if err != nil {
			return
		}
		if len(p.rows)+p.skipped > p.read || p.read > maxEntries {
			t.Fatalf("%d rows, %d skipped of %d", len(p.rows), p.skipped, p.read)
		}
		for i := range p.rows {
			r := &p.rows[i]
			text, err := json.Marshal(r)
			if err != nil || len(text) > maxRow {
				t.Fatalf("a row of %d octets, %v", len(text), err)
			}
			var again row
			if err := json.Unmarshal(text, &again); err != nil || again.key() != r.key() {
				t.Fatalf("a row is not read again: %v", err)
			}
			r.entries(func(e directory.Entry) bool {
				if !e.Address.IsZero() && strings.EqualFold(string(e.Kind), "CIT") {
					t.Fatal("a citizen's mailbox")
				}
				return true
			})
		}
	})
}
