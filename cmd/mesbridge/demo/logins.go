package demo

import (
	"fmt"

	"mesbridge/cmd/mesbridge/demo/provider"
)

// logins are the people who can be picked at the provider: patients whose account can be read in, professionals, and
// the staff of the first clinic. The subject is no identifier of theirs (I29).
func logins(cast Cast) []provider.Person {
	var all []provider.Person
	for i, p := range cast.Patients {
		all = append(all, provider.Person{
			Sub: fmt.Sprintf("demo-patient-%d", i), Name: p.Name, Kind: provider.Patient,
			Claims: map[string]any{insClaim: string(p.INS)},
		})
	}
	if n := cast.Newcomer; n.INS != "" { // as FranceConnect+ does, without a matricule (I75)
		all = append(all, provider.Person{
			Sub: newcomerLogin, Name: n.Name() + " (pas encore inscrite)", Kind: provider.Patient,
			Claims: map[string]any{
				"family_name": n.Traits.Family, "given_name": n.Traits.Given, "birthdate": n.Traits.Birth, "gender": "female",
				"birthplace": n.Traits.Place, "birthcountry": "99100",
			},
		})
	}
	for i, p := range append(cast.Professionals, cast.Locums...) {
		all = append(all, provider.Person{
			Sub: fmt.Sprintf("demo-professional-%d", i), Name: p.Name(), Kind: provider.Professional, Claims: p.claims(),
		})
	}
	for _, s := range cast.Staff {
		all = append(all, provider.Person{Sub: s.Subject, Name: s.Name, Kind: provider.Staff, Claims: map[string]any{"email": s.Subject + "@ch-valdoux.exemple.fr"}})
	}
	return all
}

// claims are what Pro Santé Connect would tell of a professional (I30–I44), with its habit of empty texts (I45). A person
// without exercise has no professional data (I40).
func (p Professional) claims() map[string]any {
	claims := map[string]any{
		"SubjectNameID": p.ID, "preferred_username": p.ID, "given_name": p.GivenName, "family_name": p.FamilyName, "authMode": "MOBILE",
		"SubjectOrganization": "", "SubjectOrganizationID": "", "otherIds": []any{},
	}
	if p.Code == "" {
		return claims
	}
	var activities []any
	for _, place := range p.Places {
		activities = append(activities, map[string]any{
			"codeModeExercice": place.Mode, "codeSecteurDactivite": "", "numeroFinessSite": place.FINESS, "raisonSocialeSite": place.Name,
		})
	}
	claims["SubjectRole"] = []any{p.Code + "^1.2.250.1.213.1.1.5.5"}
	claims["SubjectRefPro"] = map[string]any{"codeCivilite": "", "exercices": []any{map[string]any{
		"codeProfession": p.Code, "codeCategorieProfessionnelle": "C", "codeCiviliteDexercice": p.Title,
		"nomDexercice": p.FamilyName, "prenomDexercice": p.GivenName, "codeTypeSavoirFaire": "", "codeSavoirFaire": "", "activities": activities,
	}}}
	return claims
}
