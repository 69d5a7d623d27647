package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/oauth"
	"mesbridge/oauth/psc"
	"mesbridge/oauth/userfile"
)

// structure is a structure with its list of users.
type structure struct {
	config.Structure
	users *userfile.Register
}

// openStructures opens the lists of the structures' users, and gives their providers (D26).
func (a *App) openStructures() ([]oauth.Structure, error) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, fmt.Errorf("load Paris time: %w", err)
	}
	a.structures = map[string]structure{}
	var all []oauth.Structure
	for _, s := range a.Config.Structures {
		s = s.Whole()
		users, err := userfile.Open(string(s.Users), paris, time.Now, a.Log.With("part", "users", "structure", s.Key))
		if err != nil {
			return nil, SettingsError{fmt.Errorf("structures: %s: %s: %w", s.Key, s.Users, err)}
		}
		up, err := upstream(s.Provider)
		if err != nil {
			return nil, SettingsError{fmt.Errorf("structures: %s: %w", s.Key, err)}
		}
		a.structures[s.Key] = structure{s, users}
		all = append(all, oauth.Structure{Key: s.Key, FINESS: s.FINESS, Name: s.Name, Upstream: *up})
	}
	return all, nil
}

// resolveUser finds the user of a structure whom its provider vouches for: the provider says who logged in, the list
// who that is and whether he may.
func (a *App) resolveUser(provider string, claims map[string]any) (oauth.Identity, error) {
	s, known := a.structures[provider]
	if !known {
		return oauth.Identity{}, oauth.ErrUnknownPerson
	}
	subject, _ := claims[s.SubjectClaim].(string)
	u, listed, err := s.users.Find(subject)
	switch {
	case err != nil:
		return oauth.Identity{}, errors.Join(oauth.ErrUnavailable, err)
	case !listed:
		return oauth.Identity{}, oauth.ErrUnknownPerson
	}
	who := oauth.Identity{Subject: u.ID, Name: u.Name, Scopes: ProfessionalScopes(), NoExercise: u.Profession == ""}
	if u.Profession != "" {
		e := psc.Exercise{Profession: u.Profession, Structure: s.Name, FINESS: s.FINESS}
		who.Exercises = []oauth.Exercise{{Key: u.Profession + "/" + s.FINESS, Name: e.Label()}}
	}
	return who, nil
}

// vouched reports whether a structure's list still holds somebody whom its provider vouched for.
func (a *App) vouched(_ context.Context, who oauth.Identity) (bool, error) {
	s, known := a.structures[who.Provider]
	if !known || s.FINESS != who.FINESS {
		return false, nil
	}
	return s.users.Holds(who.Subject)
}
