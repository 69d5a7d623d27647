package psc

import (
	"cmp"
	"strconv"
	"strings"
)

// Student is the category of students among the professionals (I42, I116).
const Student = "E"

// Exercise is one exercise situation: what the person does, and where (I41–I44, I46). Codes are those of the
// nomenclatures; any field may be empty.
type Exercise struct {
	// Key names the situation among those of its person: the code of the profession, and after a stroke the identifier of
	// the place; a number after a dot where that would name two.
	Key        string
	Profession string // TRE_G15
	Category   string // C civil, M military, E student (I42)
	Title      string // exercise title, such as DR
	GivenName  string
	FamilyName string
	Skill      string // code of the know-how (I43)

	Mode       string // L liberal, S employed
	Sector     string // TRE_R02, such as SA07
	Role       string // TRE_R21 or R85: a function is never believed from a login (I44, I117)
	Structure  string // name of the place: trade name, else legal name
	FINESS     string // of the place
	LegalBody  string // FINESS of the legal body of the place
	SIRET      string
	Technical  string // technical identifier of the structure
	PostalCode string // of the place
}

// maxExercises bounds what a page may offer; nobody has so many.
const maxExercises = 50

// exercises reads SubjectRefPro: one situation for each activity, and one for an exercise without any.
func exercises(refPro any) []Exercise {
	var list []Exercise
	seen, named := map[Exercise]bool{}, map[string]int{}
	keep := func(e Exercise) {
		if e == (Exercise{}) || seen[e] || len(list) == maxExercises {
			return
		}
		seen[e] = true
		e.Key = e.base()
		if named[e.Key]++; named[e.Key] > 1 {
			e.Key += "." + strconv.Itoa(named[e.Key])
		}
		list = append(list, e)
	}
	for _, ref := range objects(refPro) {
		for _, x := range objects(ref["exercices"]) {
			e := Exercise{
				Profession: text(x["codeProfession"]), Category: text(x["codeCategorieProfessionnelle"]),
				Title: text(x["codeCiviliteDexercice"]), GivenName: text(x["prenomDexercice"]), FamilyName: text(x["nomDexercice"]),
				Skill: text(x["codeSavoirFaire"]),
			}
			places := append(objects(x["activities"]), objects(x["activites"])...)
			if len(places) == 0 {
				keep(e)
			}
			for _, a := range places {
				keep(e.at(a))
			}
		}
	}
	return list
}

// at is the exercise in one place of activity (I44); the names are spelled as published.
func (e Exercise) at(a map[string]any) Exercise {
	e.Mode, e.Sector, e.Role = text(a["codeModeExercice"]), text(a["codeSecteurDactivite"]), text(a["codeRole"])
	e.FINESS, e.LegalBody = text(a["numeroFinessSite"]), text(a["numeroFinessetablissementJuridique"])
	e.SIRET, e.Technical, e.PostalCode = text(a["numeroSiretSite"]), text(a["identifiantTechniqueDeLaStructure"]), text(a["codePostal"])
	if e.Structure = text(a["enseigneCommercialeSite"]); e.Structure == "" {
		e.Structure = text(a["raisonSocialeSite"])
	}
	return e
}

// base is the key without a number. Of the identifiers of a place the best one is taken (I44).
func (e Exercise) base() string {
	if place := cmp.Or(e.Technical, e.FINESS, e.LegalBody, e.SIRET); place != "" {
		return e.Profession + "/" + place
	}
	return e.Profession
}

// Name is the name under which the person exercises (I43, I113); empty when the register gives none.
func (e Exercise) Name() string {
	return strings.Join(strings.Fields(e.GivenName+" "+e.FamilyName), " ")
}

// Label is the situation in words, as pages and traces tell it.
func (e Exercise) Label() string {
	who := ProfessionName(e.Profession)
	if e.Category == Student {
		who = "Étudiant, " + strings.ToLower(who)
	}
	place := e.Structure
	switch {
	case e.FINESS != "":
		place = strings.TrimSpace(place + " (FINESS " + e.FINESS + ")")
	case e.SIRET != "":
		place = strings.TrimSpace(place + " (SIRET " + e.SIRET + ")")
	}
	if mode := modeName(e.Mode); mode != "" {
		who += ", " + mode
	}
	if place == "" {
		return who
	}
	return who + ", " + place
}

// modeName says how somebody exercises in a place (I44).
func modeName(code string) string {
	switch code {
	case "L":
		return "en libéral"
	case "S":
		return "en salariat"
	case "B":
		return "à titre bénévole"
	}
	return ""
}
