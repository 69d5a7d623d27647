package trust

import (
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// FuzzEntries holds the laws of the reader behind the signature: whatever was signed, it ends, and what it
// takes is a name in the form in which names are compared, bound to a subject that can be compared.
func FuzzEntries(f *testing.F) {
	const head = `<ListeBlancheMSSante xmlns="https://listeblanche.mssante.fr/schema"><DateDeGeneration>2025-01-15T10:00:00Z</DateDeGeneration><ListeDomaines>`
	const tail = `</ListeDomaines></ListeBlancheMSSante>`
	for _, entry := range []string{
		"", "<Domaine></Domaine>", "<Autre/>", "x<!-- y --><![CDATA[z]]>",
		`<Domaine><Nom>A.fr</Nom><DNCertificatOperateur>CN=a,O="C  H",C=FR</DNCertificatOperateur></Domaine>`,
		`<Domaine><Nom>é.fr</Nom><Nom>b.fr</Nom><DNCertificatOperateur>CN=a</DNCertificatOperateur><Neuf><a/></Neuf></Domaine>`,
	} {
		f.Add(head+entry+tail, true)
	}
	f.Add(head, true)
	f.Add("<a xmlns='"+nsList+"'/>", false)
	f.Fuzz(func(t *testing.T, document string, whole bool) {
		if !whole {
			document = head + document + tail
		}
		if checkForm([]byte(document)) == nil { // what passes must also be a tree
			if err := etree.NewDocument().ReadFromString(document); err != nil {
				t.Errorf("etree refuses what was found well-formed: %v", err)
			}
		}
		list, err := readEntries([]byte(document))
		if (list == nil) != (err != nil) {
			t.Fatalf("%v, %v", list, err)
		}
		if list == nil {
			return
		}
		pairs := 0
		for name, dns := range list.domains {
			if again, err := domainName(name); err != nil || again != name || name == "" || strings.ToLower(name) != name {
				t.Errorf("%q is listed but compared as %q, %v", name, again, err)
			}
			pairs += len(dns)
			for _, dn := range dns {
				if dn == "" || !list.AllowsDN(name, dn) || !list.KnowsDN(dn) {
					t.Errorf("%q is bound to %q but not found again", name, dn)
				}
			}
		}
		if pairs != list.Entries() {
			t.Errorf("%d pairs, %d entries", pairs, list.Entries())
		}
	})
}
