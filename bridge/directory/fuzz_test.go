package directory_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"mesbridge/bridge/directory"
	"mesbridge/rules"
)

// FuzzLoad feeds arbitrary files: never a panic, counts that add up, and no name that hides anything.
func FuzzLoad(f *testing.F) {
	var official bytes.Buffer
	if err := directory.Write(&official, entries(f)); err != nil {
		f.Fatal(err)
	}
	f.Add(official.Bytes(), "sih@clinique.mssante.fr")
	f.Add([]byte(file("a.b@ch.mssante.fr|PER|FR|8100||1750000001||DR|B|Anne|10|Médecin|Gériatrie||")), "a.b@ch.mssante.fr")
	f.Add([]byte(file("a@b|ORG||||||||||||||", "||||||||||||||", "\"|\"|\"")), "a@b")
	f.Fuzz(func(t *testing.T, content []byte, at string) {
		var table directory.Table
		s, err := table.Load(bytes.NewReader(content))
		if s.Mailboxes > s.Rows-s.Skipped || err == nil && table.Len() != s.Mailboxes {
			t.Fatalf("counts do not add up: %+v, %d in the table, %v", s, table.Len(), err)
		}
		if err != nil && table.Len() != 0 {
			t.Fatal("a failed load changed the table")
		}
		a, err := rules.ParseAddress(at)
		if err != nil {
			return
		}
		if m := table.Mailbox(a); strings.ContainsFunc(m.Name, unicode.IsControl) || m.Address != a {
			t.Fatalf("mailbox %q", plain(m))
		}
	})
}

// FuzzWrite checks the law that what was written is read back, or that the entry was refused.
func FuzzWrite(f *testing.F) {
	f.Add("Anne", "LE GOFF", "Cardiologie", "1750000018")
	f.Add("\"", " ", "a|b", "75000001")
	f.Fuzz(func(t *testing.T, given, family, service, structure string) {
		a := rules.Address{Local: "a.b", Domain: "ch.mssante.fr"}
		var out bytes.Buffer
		err := directory.Write(&out, []directory.Entry{{
			Kind: rules.Organisational, Address: a, GivenName: given, FamilyName: family, Service: service, Structure: structure,
		}})
		if err != nil {
			return
		}
		var table directory.Table
		s, err := table.Load(&out)
		if s.Rows != 1 {
			t.Fatalf("%d rows for one entry", s.Rows)
		}
		if err == nil && strings.ToValidUTF8(service, "") == service && table.Mailbox(a).Name != shown(service) {
			t.Fatalf("service %q is shown as %q", service, table.Mailbox(a).Name)
		}
	})
}

// shown is what remains of a text that is shown.
func shown(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return c
	}, strings.TrimSpace(s)))
}
