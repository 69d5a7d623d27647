package directory_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mesbridge/bridge/directory"
	"mesbridge/conversations"
	"mesbridge/rules"
)

func address(t testing.TB, s string) rules.Address {
	t.Helper()
	a, err := rules.ParseAddress(s)
	if err != nil {
		t.Fatalf("parse %q: %v", s, err)
	}
	return a
}

// file is an extraction with the columns that matter, in another order than the official one.
func file(rows ...string) string {
	const header = "Adresse BAL|Type de BAL|Pays structure BAL|Identification nationale PP|" +
		"Type identifiant structure|Identification Structure|Service de rattachement|Civilité d’exercice|" +
		"Nom d'exercice|Prénom d'exercice|Code Profession|Libellé Profession|Libellé savoir-faire|" +
		"Raison Sociale structure BAL|Enseigne commerciale structure BAL"
	return "\ufeff" + header + "\r\n" + strings.Join(rows, "\r\n")
}

func load(t testing.TB, content string) *directory.Table {
	t.Helper()
	var table directory.Table
	if _, err := table.Load(strings.NewReader(content)); err != nil {
		t.Fatalf("load: %v", err)
	}
	return &table
}

// O138, I113, I123: columns by name; names by kind of mailbox.
func TestTable_byKind(t *testing.T) {
	t.Parallel()
	table := load(t, file(
		"Marie.Martin@cabinet.mssante.fr|PER|FR|810001234567||||DR|Martin|MARIE-ANNE|10|Médecin|Cardiologie||",
		"j.dupuis@ch.mssante.fr|PER|FR|810007654321|1|750000001||MME|DUPUIS|Jeanne|60|Infirmier||CH de Ville|",
		"cardio@ch.mssante.fr|ORG|FR||1|1750000001|Cardiologie|||||||CH DE VILLE|Hôpital de Ville",
		"sih@ch.mssante.fr|APP|FR||3|26750000100011||||||||CH DE VILLE|",
		"cabinet@lilas.mssante.fr|CAB|FR|810001111111||||||||||Cabinet des \"Lilas\"|",
	))
	for _, c := range []struct {
		at   string
		want conversations.Mailbox
	}{
		{"marie.martin@CABINET.mssante.fr", conversations.Mailbox{
			Kind: rules.Personal, Name: "Dr Marie-Anne MARTIN", Person: "810001234567", Profession: "10", Speciality: "Cardiologie",
			ProfessionName: "Médecin",
		}},
		{"j.dupuis@ch.mssante.fr", conversations.Mailbox{
			Kind: rules.Personal, Name: "Mme Jeanne DUPUIS", Person: "810007654321", Structure: "1750000001",
			Profession: "60", Speciality: "Infirmier", ProfessionName: "Infirmier", StructureName: "CH de Ville",
		}},
		{"cardio@ch.mssante.fr", conversations.Mailbox{
			Kind: rules.Organisational, Name: "Cardiologie", Structure: "1750000001", Speciality: "Hôpital de Ville",
			StructureName: "Hôpital de Ville",
		}},
		{"sih@ch.mssante.fr", conversations.Mailbox{
			Kind: rules.Application, Name: "CH DE VILLE", Structure: "326750000100011", StructureName: "CH DE VILLE",
		}},
		{"cabinet@lilas.mssante.fr", conversations.Mailbox{
			Kind: rules.Practice, Name: `Cabinet des "Lilas"`, Person: "810001111111", StructureName: `Cabinet des "Lilas"`,
		}},
	} {
		c.want.Address = address(t, c.at)
		if got := table.Mailbox(c.want.Address); got != c.want {
			t.Errorf("%s: got %q, want %q", c.at, plain(got), plain(c.want))
		}
	}
	if table.Len() != 5 {
		t.Errorf("Len = %d, want 5", table.Len())
	}
}

// plain shows a mailbox with its address, which otherwise prints as nothing.
func plain(m conversations.Mailbox) []string {
	return []string{
		m.Address.Wire(), string(m.Kind), m.Name, m.Person, m.Structure, m.Profession, m.Speciality, m.ProfessionName, m.StructureName, m.Place,
		m.Category, m.Function, fmt.Sprint(m.ZeroPaper),
	}
}

// I105, O75: an unknown mailbox is answered with its address alone, also by an empty table.
func TestTable_unknown(t *testing.T) {
	t.Parallel()
	a := address(t, "Rouge@ch.mssante.fr")
	var empty directory.Table
	for name, table := range map[string]*directory.Table{
		"empty":  &empty,
		"loaded": load(t, file("cardio@ch.mssante.fr|ORG|FR||||Cardiologie||||||||")),
	} {
		if got := table.Mailbox(a); got != (conversations.Mailbox{Address: a}) {
			t.Errorf("%s: got %q", name, plain(got))
		}
	}
}

// I124: one address on several rows is one mailbox; its first row stands.
func TestTable_severalActivities(t *testing.T) {
	t.Parallel()
	table := load(t, file(
		"a.b@ch.mssante.fr|PER|FR|8100||1750000001||DR|B|Anne|10|Médecin|Gériatrie||",
		"A.B@ch.mssante.fr|PER|FR|8100||1750000002||DR|B|Anne|10|Médecin|||",
	))
	got := table.Mailbox(address(t, "a.b@ch.mssante.fr"))
	if table.Len() != 1 || got.Structure != "1750000001" || got.Speciality != "Gériatrie" {
		t.Errorf("Len %d, got %q", table.Len(), plain(got))
	}
}

// Rows that are no mailbox are passed over and counted, without touching their neighbours.
func TestTable_skipsUnusableRows(t *testing.T) {
	t.Parallel()
	good := make([]string, 200)
	for i := range good {
		good[i] = "s" + strings.Repeat("x", i%50) + string(rune('a'+i/50)) + "@ch.mssante.fr|ORG|FR||||Service||||||||"
	}
	rows := append([]string{
		"no-at-sign|ORG|FR||||Service||||||||",
		"x@ch.mssante.fr|CIT|FR||||Service||||||||",
		"x@ch.mssante.fr|ORG",
		"x@ch.mssante.fr|ORG|FR||||\xff\xfe||||||||",
		"x@ch.mssante.fr|ORG|FR||||" + strings.Repeat("long ", directory.MaxLine) + "||||||||",
	}, good...)
	var table directory.Table
	s, err := table.Load(strings.NewReader(file(rows...)))
	if err != nil {
		t.Fatal(err)
	}
	if want := (directory.Summary{Rows: 205, Mailboxes: 200, Skipped: 5}); s != want {
		t.Errorf("summary %+v, want %+v", s, want)
	}
	if got := table.Mailbox(address(t, "sxxa@ch.mssante.fr")); got.Name != "Service" {
		t.Errorf("got %q", plain(got))
	}
}

// O139: a load that does not succeed leaves the table in service.
func TestTable_keepsPrevious(t *testing.T) {
	t.Parallel()
	const row = "cardio@ch.mssante.fr|ORG|FR||||Cardiologie||||||||"
	for name, c := range map[string]struct {
		content string
		want    error
	}{
		"no header":      {"", nil},
		"column missing": {strings.Replace(file(row), "Identification nationale PP", "PP", 1), nil},
		"no rows":        {file(), directory.ErrEmpty},
		"damaged":        {file(row, "broken", "broken"), directory.ErrDamaged},
	} {
		table := load(t, file(row))
		_, err := table.Load(strings.NewReader(c.content))
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		if got := table.Mailbox(address(t, "cardio@ch.mssante.fr")); got.Name != "Cardiologie" {
			t.Errorf("%s: the table is gone", name)
		}
	}
}

// A name is shown to patients: nothing in it may hide or turn around what follows.
func TestTable_namesHoldNoHiddenCharacters(t *testing.T) {
	t.Parallel()
	table := load(t, file("s@ch.mssante.fr|ORG|FR||||Car\u202edio\u0000logie\u200b ||||||||"))
	if got := table.Mailbox(address(t, "s@ch.mssante.fr")).Name; got != "Cardiologie" {
		t.Errorf("name %q", got)
	}
}

func entries(t testing.TB) []directory.Entry {
	return []directory.Entry{
		{
			Kind: rules.Personal, Address: address(t, "Anne.Le-Goff@cabinet.mssante.fr"), Person: "810009999999", Title: "DR",
			GivenName: "Anne", FamilyName: "Le Goff", ProfessionCode: "10", Profession: "Médecin", Skill: "Pédiatrie",
		},
		{
			Kind: rules.Application, Address: address(t, "sih@clinique.mssante.fr"), Structure: "1750000018",
			StructureName: "Clinique des Lilas", Service: "Sorties",
		},
	}
}

// What is written is read back, and stands in the official 31 columns.
func TestWriteFile_readsBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory.txt")
	if err := directory.WriteFile(path, entries(t)); err != nil {
		t.Fatal(err)
	}
	var table directory.Table
	if s, err := table.LoadFile(path); err != nil || s.Mailboxes != 2 || s.Skipped != 0 {
		t.Fatalf("load: %+v, %v", s, err)
	}
	got := table.Mailbox(address(t, "anne.le-goff@cabinet.mssante.fr"))
	if got.Name != "Dr Anne LE GOFF" || got.Person != "810009999999" || got.Speciality != "Pédiatrie" {
		t.Errorf("person: %q", plain(got))
	}
	got = table.Mailbox(address(t, "sih@clinique.mssante.fr"))
	if got.Name != "Sorties" || got.Structure != "1750000018" || got.Speciality != "Clinique des Lilas" {
		t.Errorf("application: %q", plain(got))
	}
	var out bytes.Buffer
	if err := directory.Write(&out, entries(t)); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := strings.Count(line, "|") + 1; n != 31 {
			t.Errorf("a row has %d columns, want 31", n)
		}
	}
}

func TestWrite_refusesSeparators(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"a|b", "a\nb", "a\rb"} {
		err := directory.Write(&bytes.Buffer{}, []directory.Entry{{Kind: rules.Personal, FamilyName: bad}})
		if !errors.Is(err, directory.ErrField) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestHeld covers I120: every mailbox of a holder is found by his identifier, over several activities and
// kinds, and nobody else's.
func TestHeld(t *testing.T) {
	t.Parallel()
	const person = "899900000017"
	address := func(local string) rules.Address { return rules.Address{Local: local, Domain: "ch.mssante.fr"} }
	list := []directory.Entry{
		{Kind: rules.Personal, Address: address("a"), Person: person, GivenName: "Anne", FamilyName: "LE GOFF"},
		{Kind: rules.Organisational, Address: address("b"), Service: "Urgences"},
		{Kind: rules.Personal, Address: address("c"), Person: "899900000025", GivenName: "Marc", FamilyName: "ROY"},
		{Kind: rules.Practice, Address: address("d"), Person: person, Service: "Cabinet"},
		{Kind: rules.Personal, Address: address("a"), Person: person, GivenName: "Anne", FamilyName: "LE GOFF"},
	}
	var file bytes.Buffer
	if err := directory.Write(&file, list); err != nil {
		t.Fatal(err)
	}
	var table directory.Table
	if held := table.Held(person); held != nil {
		t.Errorf("an empty table: %d mailboxes", len(held))
	}
	if _, err := table.Load(&file); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string][]string{person: {"a", "d"}, "899900000025": {"c"}, "": nil, "899900000099": nil} {
		var got []string
		for _, m := range table.Held(who) {
			got = append(got, m.Address.Local)
			if m.Person != who || m.Kind == "" {
				t.Errorf("person %q: a mailbox of another, or half of one", who)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("person %q: %v, want %v", who, got, want)
		}
	}
}
