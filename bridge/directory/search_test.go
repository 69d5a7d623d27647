package directory_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"mesbridge/bridge/directory"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// town is an extraction with persons and services of two towns.
func town(t testing.TB) *directory.Table {
	t.Helper()
	box := func(kind rules.MailboxKind, local string, e directory.Entry) directory.Entry {
		e.Kind, e.Address = kind, rules.Address{Local: local, Domain: "ch.mssante.fr"}
		return e
	}
	dijon := directory.Entry{Structure: "1210000001", StructureName: "CH de l'Étang", Town: "21000 DIJON", PostalCode: "21000", District: "Côte-d'Or"}
	person := func(given, family, profession, skill string, at directory.Entry) directory.Entry {
		at.GivenName, at.FamilyName, at.Skill, at.Title = given, family, skill, "DR"
		at.ProfessionCode, at.Profession = profession, map[string]string{"10": "Médecin", "60": "Infirmier"}[profession]
		return at
	}
	anne := person("Anne", "LE GOFF", "10", "Pédiatrie", dijon)
	anne.Person, anne.ZeroPaper, anne.Category = "810009999999", true, "C"
	service := dijon
	service.Service = "Cardiologie"
	return load(t, written(t,
		box(rules.Personal, "anne.le-goff", anne),
		box(rules.Personal, "zoe.goffin", person("Zoé", "GOFFIN", "10", "Cardiologie et maladies vasculaires", directory.Entry{Town: "69003 LYON", PostalCode: "69003"})),
		box(rules.Personal, "eric.oeuvre", person("Éric", "ŒUVRÉ", "60", "", dijon)),
		box(rules.Organisational, "cardio", service),
	))
}

func written(t testing.TB, entries ...directory.Entry) string {
	t.Helper()
	var out bytes.Buffer
	if err := directory.Write(&out, entries); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func locals(list []conversations.Mailbox) []string {
	names := make([]string, len(list))
	for i, m := range list {
		names[i] = m.Address.Local
	}
	return names
}

// I208: by name, profession, speciality and place; case and accents do not matter, beginnings of words do.
func TestSearch_words(t *testing.T) {
	t.Parallel()
	table := town(t)
	for name, c := range map[string]struct {
		q    conversations.MailboxQuery
		want []string
	}{
		"name, sorted by family name":    {conversations.MailboxQuery{Name: "goff"}, []string{"zoe.goffin", "anne.le-goff"}},
		"first name":                     {conversations.MailboxQuery{Name: "ZOE"}, []string{"zoe.goffin"}},
		"both names in any order":        {conversations.MailboxQuery{Name: "goff Anne"}, []string{"anne.le-goff"}},
		"middle of a word":               {conversations.MailboxQuery{Name: "offin"}, nil},
		"ligature and accent":            {conversations.MailboxQuery{Name: "oeuvre"}, []string{"eric.oeuvre"}},
		"structure":                      {conversations.MailboxQuery{Name: "etang"}, []string{"cardio", "anne.le-goff", "eric.oeuvre"}},
		"structure and name":             {conversations.MailboxQuery{Name: "l'étang cardio"}, []string{"cardio"}},
		"RPPS":                           {conversations.MailboxQuery{Name: "100 0999 9999"}, []string{"anne.le-goff"}},
		"national identifier":            {conversations.MailboxQuery{Name: "810009999999"}, []string{"anne.le-goff"}},
		"unknown RPPS":                   {conversations.MailboxQuery{Name: "10009999998"}, nil},
		"profession by label":            {conversations.MailboxQuery{Profession: "medecin"}, []string{"zoe.goffin", "anne.le-goff"}},
		"profession by code":             {conversations.MailboxQuery{Profession: "60"}, []string{"eric.oeuvre"}},
		"speciality of people, services": {conversations.MailboxQuery{Speciality: "cardiologie"}, []string{"cardio", "zoe.goffin"}},
		"profession and speciality":      {conversations.MailboxQuery{Profession: "médecin", Speciality: "cardio"}, []string{"zoe.goffin"}},
		"postal code":                    {conversations.MailboxQuery{Place: "210"}, []string{"cardio", "anne.le-goff", "eric.oeuvre"}},
		"town":                           {conversations.MailboxQuery{Place: "lyon"}, []string{"zoe.goffin"}},
		"département":                    {conversations.MailboxQuery{Place: "Côte d’Or", Profession: "médecin"}, []string{"anne.le-goff"}},
		"nothing fits":                   {conversations.MailboxQuery{Name: "goff", Place: "Brest"}, nil},
		"punctuation alone":              {conversations.MailboxQuery{Name: "'-'", Place: "lyon"}, []string{"zoe.goffin"}},
	} {
		found, next, err := table.Search(c.q, "", 10)
		if err != nil || next != "" || !slices.Equal(locals(found), c.want) && len(found)+len(c.want) > 0 {
			t.Errorf("%s: %q, next %q, %v; want %q", name, locals(found), next, err, c.want)
		}
	}
}

// What is found is told whole (I208, O122).
func TestSearch_tellsAll(t *testing.T) {
	t.Parallel()
	found, _, err := town(t).Search(conversations.MailboxQuery{Name: "le goff"}, "", 10)
	want := conversations.Mailbox{
		Address: address(t, "anne.le-goff@ch.mssante.fr"), Kind: rules.Personal, Name: "Dr Anne LE GOFF", Person: "810009999999",
		Structure: "1210000001", StructureName: "CH de l'Étang", Place: "21000 DIJON", Profession: "10", ProfessionName: "Médecin",
		Speciality: "Pédiatrie", Category: "C", ZeroPaper: true,
	}
	if err != nil || len(found) != 1 || found[0] != want {
		t.Errorf("%v, %v", found, err)
	}
}

// Pages follow each other without a gap or a repeat, whatever their size.
func TestSearch_pages(t *testing.T) {
	t.Parallel()
	var all []directory.Entry
	for i := range 57 {
		all = append(all, directory.Entry{Kind: rules.Organisational, Address: rules.Address{Local: fmt.Sprintf("s%02d", 56-i), Domain: "ch.mssante.fr"}, Service: fmt.Sprintf("Service %02d", 56-i)})
	}
	table := load(t, written(t, all...))
	for _, size := range []int{1, 7, 56, 57, 200} {
		var got []string
		cursor := ""
		for {
			found, next, err := table.Search(conversations.MailboxQuery{Name: "service"}, cursor, size)
			if err != nil || len(found) > size {
				t.Fatalf("size %d: %d found, %v", size, len(found), err)
			}
			got = append(got, locals(found)...)
			if cursor = next; next == "" {
				break
			}
		}
		if len(got) != 57 || !slices.IsSorted(got) {
			t.Errorf("size %d: %d mailboxes, %q", size, len(got), got)
		}
	}
	for _, bad := range []string{"x", "-1", "99999999999999"} {
		if _, _, err := table.Search(conversations.MailboxQuery{Name: "service"}, bad, 5); !errors.Is(err, directory.ErrCursor) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
	if found, next, err := table.Search(conversations.MailboxQuery{Name: "service"}, "1000", 5); len(found) != 0 || next != "" || err != nil {
		t.Errorf("beyond the end: %d, %q, %v", len(found), next, err)
	}
	var empty directory.Table
	if found, _, err := empty.Search(conversations.MailboxQuery{Name: "a"}, "", 5); len(found) != 0 || err != nil {
		t.Errorf("empty table: %d, %v", len(found), err)
	}
}

// I117: the function of an activity is kept where an extraction tells it.
func TestTable_function(t *testing.T) {
	t.Parallel()
	table := load(t, written(t, directory.Entry{
		Kind: rules.Personal, Address: address(t, "interne@ch.mssante.fr"), Person: "810001234567", FamilyName: "X", Category: "E", Function: "FON-48",
	}))
	if m := table.Held("810001234567"); len(m) != 1 || m[0].Category != "E" || m[0].Function != "FON-48" {
		t.Errorf("%v", m)
	}
}

// O139, P17: entries of another source tell which mailboxes there are; an extraction completes them.
func TestReplace_completedByFile(t *testing.T) {
	t.Parallel()
	at := func(local string) rules.Address { return rules.Address{Local: local, Domain: "ch.mssante.fr"} }
	const anne = "810009999999"
	source := func(yield func(directory.Entry, error) bool) {
		_ = yield(directory.Entry{Kind: rules.Personal, Address: at("anne"), Person: anne, FamilyName: "LE GOFF", ProfessionCode: "10"}, nil) &&
			yield(directory.Entry{Person: anne, Function: "FON-57"}, nil)
	}
	file := written(t,
		directory.Entry{Kind: rules.Personal, Address: at("anne"), FamilyName: "OLD", ProfessionCode: "10", Profession: "Médecin", Skill: "Pédiatrie", Town: "21000 DIJON", ZeroPaper: true},
		directory.Entry{Kind: rules.Personal, Address: at("gone"), FamilyName: "GONE"},
	)
	table := load(t, file)
	if s, err := table.Replace(source, bytes.NewReader([]byte(file))); err != nil || s.Mailboxes != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	got := table.Mailbox(at("anne"))
	if got.Name != "LE GOFF" || got.Speciality != "Pédiatrie" || got.Place != "21000 DIJON" || !got.ZeroPaper || got.Function != "FON-57" {
		t.Errorf("%q", plain(got))
	}
	if m := table.Mailbox(at("gone")); m.Kind != "" {
		t.Errorf("a mailbox of the file alone: %q", plain(m))
	}
	broken := errors.New("broken")
	_, err := table.Replace(func(yield func(directory.Entry, error) bool) { yield(directory.Entry{}, broken) }, nil)
	if !errors.Is(err, broken) || table.Len() != 1 {
		t.Errorf("%v, %d mailboxes", err, table.Len())
	}
}
