package directory

import (
	"bytes"
	"fmt"
	"strings"
)

// Columns of the extraction that are read; the other columns are the postal address of the
// structure, which nobody here needs.
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
	columnTradeName      = "Enseigne commerciale structure BAL"
)

// columnFunction is no column of the official file. A list that was completed from the register may have it; without it
// no function is known, and no student holds a mailbox (I117).
const columnFunction = "Code rôle"

// header lists the 31 columns in the order of the official file (O138, I123). The reader looks
// columns up by name and does not depend on this order.
func header() []string {
	return []string{
		columnKind, columnAddress, "Type Identifiant PP", "Identifiant PP", columnPerson,
		columnStructureType, columnStructure, columnService, columnTitle, columnFamilyName,
		columnGivenName, columnCategory, "Libellé de catégorie profession",
		columnProfessionCode, columnProfession, "Code savoir-faire", columnSkill, "Dématérialisation",
		columnStructureName, columnTradeName, "L2COMPLEMENTLOCALISATION structure BAL",
		"L3COMPLEMENTDISTRIBUTION structure BAL", "L4NUMEROVOIE structure BAL",
		"L4COMPLEMENTNUMEROVOIE structure BAL", "NL4TYPEVOIE structure BAL",
		"L4LIBELLEVOIE structure BAL", "L5LIEUDITMENTION structure BAL",
		"L6LIGNEACHEMINEMENT structure BAL", "Code postal structure BAL",
		"Département structure BAL", "Pays structure BAL",
	}
}

// layout tells at which place of a row each column that is read stands.
type layout struct {
	width int // columns of a row
	kind, address, person, structureType, structure, service, title, familyName, givenName,
	professionCode, profession, skill, structureName, tradeName int
	category, function int // -1: there is no such column
}

// parseHeader reads the first line. Columns are found by name, whatever their order and however many
// there are; a missing one is an error, because every row would be misread.
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
		name  string
		place *int
	}{
		{columnKind, &l.kind},
		{columnAddress, &l.address},
		{columnPerson, &l.person},
		{columnStructureType, &l.structureType},
		{columnStructure, &l.structure},
		{columnService, &l.service},
		{columnTitle, &l.title},
		{columnFamilyName, &l.familyName},
		{columnGivenName, &l.givenName},
		{columnProfessionCode, &l.professionCode},
		{columnProfession, &l.profession},
		{columnSkill, &l.skill},
		{columnStructureName, &l.structureName},
		{columnTradeName, &l.tradeName},
	} {
		place, ok := places[normalName(c.name)]
		if !ok {
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
