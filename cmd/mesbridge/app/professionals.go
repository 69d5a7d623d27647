package app

import (
	"context"
	"errors"
	"strings"

	"mesbridge/oauth"
	"mesbridge/oauth/psc"
)

// resolveProfessional tells who a professional is: by what Pro Santé Connect says (I30–I46), or by the list of the
// structure whose provider it is.
func (a *App) resolveProfessional(ctx context.Context, provider string, claims map[string]any) (oauth.Identity, error) {
	if provider != string(oauth.Professional) {
		return a.resolveUser(provider, claims)
	}
	p, err := psc.Read(claims)
	if err != nil {
		return oauth.Identity{}, errors.Join(oauth.ErrUnknownPerson, err)
	}
	who := oauth.Identity{Subject: p.ID, Name: p.Name, Scopes: ProfessionalScopes(), NoExercise: len(p.Exercises) == 0}
	for _, e := range p.Exercises {
		who.Exercises = append(who.Exercises, oauth.Exercise{Key: e.Key, Name: e.Label()})
		if who.Name == "" {
			who.Name = e.Name()
		}
	}
	if who.Name == "" {
		who.Name = otherName(claims)
	}
	a.Log.InfoContext(ctx, "professional identified", "authMode", p.AuthMode, "exercises", len(p.Exercises))
	return who, nil
}

// personName is the name that a provider gives.
func personName(claims map[string]any) string {
	given, _ := claims["given_name"].(string)
	family, _ := claims["family_name"].(string)
	if name := strings.TrimSpace(given + " " + family); name != "" {
		return name
	}
	return otherName(claims)
}

func otherName(claims map[string]any) string {
	name, _ := claims["name"].(string)
	return name
}
