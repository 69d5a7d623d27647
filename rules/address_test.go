package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"mesbridge/rules"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // wire form
		"279035121518989@patient.mssante.fr":        "279035121518989@patient.mssante.fr",
		"279035121518989@PATIENT.MSSante.FR":        "279035121518989@patient.mssante.fr", // R18, O23
		"Jean.Dupont@ch-xyz.mssante.fr":             "Jean.Dupont@ch-xyz.mssante.fr",      // O99: case is kept for sending
		"service_urgences+lps@ch-x.aura.mssante.fr": "service_urgences+lps@ch-x.aura.mssante.fr",
		"a@mssante.apicrypt.org":                    "a@mssante.apicrypt.org", // O25
		"a!#$%&'*/=?^`{|}~-@x.fr":                   "a!#$%&'*/=?^`{|}~-@x.fr",
		"élodie@x.fr":                               "élodie@x.fr",                 // RFC 6531
		"a@hôpital.mssante.fr":                      "a@xn--hpital-ixa.mssante.fr", // O23: A-labels
		"a@x.fr.":                                   "a@x.fr",
		strings.Repeat("a", 64) + "@x.fr":           strings.Repeat("a", 64) + "@x.fr",
		"a@" + strings.Repeat("b", 63) + ".fr":      "a@" + strings.Repeat("b", 63) + ".fr",
	} {
		a, err := rules.ParseAddress(text)
		if err != nil || a.Wire() != want {
			t.Errorf("%s: %s, %v, want %s", text, a.Wire(), err, want)
		}
	}
}

// TestParseAddress_malformed: R19, RFC 5321 section 4.1.2.
func TestParseAddress_malformed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "a", "@", "a@", "@x.fr", "a@b@x.fr", "<a@x.fr>", "a@x.fr>", `"a b"@x.fr`, `"a"@x.fr`, "@h1,@h2:a@x.fr", "a b@x.fr", " a@x.fr",
		"a@x.fr ", "a@ x.fr", ".a@x.fr", "a.@x.fr", "a..b@x.fr", "a(b)@x.fr", "a,b@x.fr", "a;b@x.fr", "a:b@x.fr", `a\b@x.fr`, "a[b@x.fr",
		"a\x00b@x.fr", "a\r\nb@x.fr", "a\tb@x.fr", "a\x7f@x.fr", "a\u0085@x.fr", "a\u00a0b@x.fr", "a\u2028b@x.fr", "a\xff@x.fr",
		"a@[192.0.2.1]", "a@x_y.fr", "a@-x.fr", "a@x-.fr", "a@x..fr", "a@.x.fr", "a@x.fr..", "a@..", "a@x.fr:25", "a@x%fr", "a@xn--a.fr",
		"a@x\u3002\u3002fr", strings.Repeat("a", 65) + "@x.fr", "a@" + strings.Repeat("b", 64) + ".fr", "a@" + strings.Repeat("b.", 130) + "fr",
	} {
		if a, err := rules.ParseAddress(text); err == nil {
			t.Errorf("%q passes as %s", text, a.Wire())
		}
	}
}

// TestCanonical: professional local parts are compared in any case (O99), domains too (R18).
func TestCanonical(t *testing.T) {
	t.Parallel()
	a, errA := rules.ParseAddress("Jean.DUPONT@CH-x.mssante.fr")
	b, errB := rules.ParseAddress("jean.dupont@ch-X.mssante.fr")
	if errA != nil || errB != nil || a.Canonical() != b.Canonical() || a == b {
		t.Errorf("%s, %s", a.Canonical(), b.Canonical())
	}
	if (rules.Address{}) != (rules.Address{Local: "", Domain: ""}) || !(rules.Address{}).IsZero() || a.IsZero() {
		t.Error("the zero address")
	}
}

// TestCitizen: R12, R13, R19, O96-O98.
func TestCitizen(t *testing.T) {
	t.Parallel()
	for local, want := range map[string]rules.INS{
		"279035121518989": "279035121518989", "284052a32102552": "284052A32102552", // R18: canonical
		"postmaster": "", "abuse": "", "reponse.automatique-test": "", // O97: not citizens; the border knows them
		"279035121518989+x": "", "2790351215189": "", "2770763220829106": "", "288091234567823": "",
	} {
		a, err := rules.ParseAddress(local + "@patient.mssante.fr")
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Citizen(true)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", local, string(got), err)
		}
		if want != "" && rules.CitizenAddress(got, a.Domain).Canonical() != a.Canonical() {
			t.Errorf("%s does not come back", local)
		}
	}
}

func TestAddress_printsAsNothing(t *testing.T) {
	t.Parallel()
	a := rules.Address{Local: "279035121518989", Domain: "patient.mssante.fr"}
	for _, verb := range []string{"%v", "%s", "%+v", "%#v"} {
		if s := fmt.Sprintf(verb, a); s != "[address]" {
			t.Errorf("%s prints %s", verb, s)
		}
	}
	if _, err := rules.ParseAddress("279035121518989@@x"); err == nil || strings.Contains(err.Error(), "2790") {
		t.Errorf("the error quotes the address: %v", err)
	}
}

// FuzzParseAddress: what passes can be written and read again as itself, holds nothing that ends a
// line or a path, and compares equal to itself in any case.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"a@x.fr", "É@hôpital.fr", "a@b。fr", "\"a\"@x", "a@..", "a@x.fr.", "K@x.fr"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := rules.ParseAddress(s)
		if err != nil {
			return
		}
		again, err := rules.ParseAddress(a.Wire())
		if err != nil || again != a {
			t.Errorf("%q is %q, which is read as %q, %v", s, a.Wire(), again.Wire(), err)
		}
		if c, err := rules.ParseAddress(a.Canonical()); err != nil || c.Canonical() != a.Canonical() {
			t.Errorf("%q has the canonical form %q, which is not canonical: %v", s, a.Canonical(), err)
		}
		if !utf8.ValidString(a.Local) || strings.ContainsAny(a.Wire(), " \t\r\n\x00<>\"\\") || strings.Count(a.Wire(), "@") != 1 {
			t.Errorf("%q passes as %q", s, a.Wire())
		}
		if len(a.Local) > rules.MaxLocalPart || len(a.Domain) > rules.MaxDomain || a.Domain != strings.ToLower(a.Domain) {
			t.Errorf("%q passes as %q", s, a.Wire())
		}
	})
}
