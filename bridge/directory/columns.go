package directory

import (
	"bytes"
	"fmt"
	"strings"
)

// Columns of the extraction that are read. The street of the structure is not: a town tells two of one name
// apart.
const (
	columnKind           = "Type de BAL"
	columnAddress        = "Adresse BAL"
	columnPerson         = "Identification nationale PP"
	columnStructureType  = "Type identifiant structure"
	columnStructure      = "Identification Structure"
	columnService        = "Service de rattachement"
	columnTitle          = "Civilité d'exercice"
	columnFamilyName     = "Nom d'exercice"
	columnGivenName      = "Prénom d'exercice"
	columnCategory       = "Catégorie profession"
	columnProfessionCode = "Code Profession"
	columnProfession     = "Libellé Profession"
	columnSkill          = "Libellé savoir-faire"
	columnStructureName  = "Raison Sociale structure BAL"
	columnZeroPaper      = "Dématérialisation"
	columnTradeName      = "Enseigne commerciale structure BAL"
	columnTown           = "L6LIGNEACHEMINEMENT structure BAL"
	columnPostalCode     = "Code postal structure BAL"
	columnDistrict       = "Département structure BAL"
)

// columnFunction is the function of an activity, a code of TRE_R21. The extraction of mailboxes has no such column
// (I123); it is read where an extraction has it, as those of activities do (I125), for students need it (I117).
const columnFunction = "Code fonction"

// header lists the 31 columns in the order of the official file (O138, I123). The reader looks
// columns up by name and does not depend on this order.
func header() []string {
	return []string{
		columnKind, columnAddress, "Type Identifiant PP", "Identifiant PP", columnPerson,
		columnStructureType, columnStructure, columnService, columnTitle, columnFamilyName,
		columnGivenName, columnCategory, "Libellé de catégorie profession",
		columnProfessionCode, columnProfession, "Code savoir-faire", columnSkill, columnZeroPaper,
		columnStructureName, columnTradeName, "L2COMPLEMENTLOCALISATION structure BAL",
		"L3COMPLEMENTDISTRIBUTION structure BAL", "L4NUMEROVOIE structure BAL",
		"L4COMPLEMENTNUMEROVOIE structure BAL", "NL4TYPEVOIE structure BAL",
		"L4LIBELLEVOIE structure BAL", "L5LIEUDITMENTION structure BAL",
		columnTown, columnPostalCode, columnDistrict, "Pays structure BAL",
	}
}

// layout tells at which place of a row each column that is read stands; absent stands for a column that a file
// need not have.
type layout struct {
	width int // columns of a row
	kind, address, person, structureType, structure, service, title, familyName, givenName, category,
	professionCode, profession, skill, zeroPaper, structureName, tradeName, town, postalCode, district, function int
}

const absent = -1

// parseHeader reads the first line. Columns are found by name, whatever their order and however many
// there are. A missing one of those that name a mailbox is an error, because every row would be misread; the others
// only make the table poorer.
func parseHeader(line []byte) (layout, error) {
	names := strings.Split(string(bytes.TrimPrefix(line, []byte("\ufeff"))), "|")
	places := make(map[string]int, len(names))
	for i, name := range names {
		places[normalName(name)] = i
	}
	l := layout{width: len(names), category: -1, function: -1}
	for name, place := range map[string]*int{columnCategory: &l.category, columnFunction: &l.function} {
		if at, ok := places[normalName(name)]; ok {
			*place = at
		}
	}
	for _, c := range []struct {
		name     string
		place    *int
		optional bool
	}{
		{name: columnKind, place: &l.kind},
		{name: columnAddress, place: &l.address},
		{name: columnPerson, place: &l.person},
		{name: columnStructureType, place: &l.structureType},
		{name: columnStructure, place: &l.structure},
		{name: columnService, place: &l.service},
		{name: columnTitle, place: &l.title},
		{name: columnFamilyName, place: &l.familyName},
		{name: columnGivenName, place: &l.givenName},
		{name: columnProfessionCode, place: &l.professionCode},
		{name: columnProfession, place: &l.profession},
		{name: columnSkill, place: &l.skill},
		{name: columnStructureName, place: &l.structureName},
		{name: columnTradeName, place: &l.tradeName},
		{columnCategory, &l.category, true},
		{columnZeroPaper, &l.zeroPaper, true},
		{columnTown, &l.town, true},
		{columnPostalCode, &l.postalCode, true},
		{columnDistrict, &l.district, true},
		{columnFunction, &l.function, true},
	} {
		place, ok := places[normalName(c.name)]
		if !ok && c.optional {
			place = absent
		} else if !ok {
			return layout{}, fmt.Errorf("column %q is missing", c.name)
		}
		*c.place = place
	}
	return l, nil
}

// normalName makes column names comparable: case, outer space and the kind of apostrophe differ
// between readers of the file.
func normalName(s string) string {
	return strings.ToLower(strings.TrimSpace(strings.ReplaceAll(s, "’", "'")))
}
