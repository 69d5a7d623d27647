package oauth

import (
	"slices"

	"github.com/ory/fosite"
)

// situations lists the exercise situations of a professional as Pro Santé Connect tells them (I40–I44): the code
// of the profession, and where the person has places of activity, a stroke and the national identifier of the
// structure. A person without an exercise has none.
func situations(claims map[string]any) []string {
	var all []string
	about, _ := claims["SubjectRefPro"].(map[string]any)
	for _, e := range objects(about["exercices"]) {
		profession, _ := e["codeProfession"].(string)
		if profession == "" {
			continue
		}
		places := 0
		for _, a := range objects(e["activities"]) {
			if structure := structureOf(a); structure != "" {
				places++
				all = append(all, profession+"/"+structure)
			}
		}
		if places == 0 {
			all = append(all, profession)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// structureOf is the identifier of a place of activity, by the members that name it, the best one first (I44).
func structureOf(activity map[string]any) string {
	for _, name := range []string{"identifiantTechniqueDeLaStructure", "numeroFinessSite", "numeroFinessetablissementJuridique", "numeroSiretSite"} {
		if id, _ := activity[name].(string); id != "" {
			return id
		}
	}
	return ""
}

// objects are the objects of a decoded JSON array; anything else in it is left out.
func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var all []map[string]any
	for _, item := range list {
		if o, ok := item.(map[string]any); ok {
			all = append(all, o)
		}
	}
	return all
}

// chosenSituation is the exercise situation of an exchanged token (I46): the one that the software names,
// which the provider must know, else the one that the resolver chose, else the only one there is. Several without
// a choice are refused, for nobody may choose in the person's place.
func chosenSituation(who Identity, claims map[string]any, tool *Software) (string, error) {
	all := situations(claims)
	switch {
	case tool != nil && tool.Situation != "":
		if !slices.Contains(all, tool.Situation) {
			return "", fosite.ErrInvalidRequest.WithHint("The 'situation_exercice' of the 'actor_token' is none of the person's.")
		}
		return tool.Situation, nil
	case who.Exercise != "":
		return who.Exercise, nil
	case len(all) > 1:
		return "", fosite.ErrInvalidRequest.WithHint("The person has several exercise situations; name the chosen one as 'situation_exercice' in an 'actor_token' (I46, I55).")
	case len(all) == 1:
		return all[0], nil
	}
	return "", nil
}
