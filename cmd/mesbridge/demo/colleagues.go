package demo

import (
	"strings"

	"mesbridge/bridge/directory"
	"mesbridge/rules"
)

// colleagues are professionals whom nobody plays, so that a search of the directory finds somebody and a message can
// be copied to them: their mailboxes are of the cast's operators, which take mail for anybody.
func colleagues() []directory.Entry {
	type place struct{ structure, name, postal, town, district string }
	valdoux := place{"1990000010", "Centre hospitalier du Valdoux", "39000", "39000 VALDOUX", "Jura"}
	surgery := place{"", "Cabinet des Tilleuls", "21000", "21000 DIJON", "Côte-d'Or"}
	pharmacy := place{"", "Pharmacie de la Fontaine", "29200", "29200 BREST", "Finistère"}
	people := []struct {
		id, title, given, family, code, profession, skill, domain string
		at                                                        place
		zeroPaper                                                 bool
	}{
		{"899900000108", "DR", "ÉLOÏSE", "TRÉVARIN", "10", "Médecin", "Pédiatrie", "opaline.mssante.fr", surgery, true},
		{"899900000116", "DR", "BASTIEN", "OEUVRARD", "10", "Médecin", "Médecine générale", "bruyere.mssante.fr", surgery, false},
		{"899900000124", "MME", "MAËLLE", "GUÉRANDEL", "50", "Sage-femme", "", "ch-valdoux.mssante.fr", valdoux, true},
		{"899900000132", "M", "LOUIS", "PASSEMARD", "21", "Pharmacien", "", "bruyere.mssante.fr", pharmacy, true},
		{"899900000140", "MME", "NOÉMIE", "CASTANIER", "60", "Infirmier", "", "opaline.mssante.fr", surgery, false},
		{"899900000157", "M", "ÉTIENNE", "VAUQUELIN", "70", "Masseur-kinésithérapeute", "", "bruyere.mssante.fr", pharmacy, false},
		{"899900000165", "PR", "SOLANGE", "D'AUBERIVE", "10", "Médecin", "Neurologie", "ch-valdoux.mssante.fr", valdoux, false},
	}
	plain := strings.NewReplacer("É", "e", "È", "e", "Ë", "e", "Ï", "i", "'", "", " ", "-")
	list := make([]directory.Entry, len(people))
	for i, p := range people {
		list[i] = directory.Entry{
			Kind: rules.Personal, Address: rules.Address{Local: strings.ToLower(plain.Replace(p.given + "." + p.family)), Domain: p.domain},
			Person: p.id, Title: p.title, GivenName: p.given, FamilyName: p.family, Category: "C",
			ProfessionCode: p.code, Profession: p.profession, Skill: p.skill, Structure: p.at.structure, StructureName: p.at.name,
			Town: p.at.town, PostalCode: p.at.postal, District: p.at.district, ZeroPaper: p.zeroPaper,
		}
	}
	return list
}
