package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
)

// Structure is the OpenID provider of one structure, which vouches for its own staff alone (D26).
type Structure struct {
	// Key names the provider in URLs and records: small letters, digits and hyphens. It is never reworded.
	Key string
	// FINESS is the structure's; its users act for mailboxes of that structure alone.
	FINESS string
	// Name is shown where people choose how to log in.
	Name string
	Upstream
}

var structureKey = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// structureFaults tells what is wrong with the structures' providers.
func (c Config) structureFaults(production bool) []error {
	var faults []error
	seen := map[string]bool{string(Patient): true, string(Professional): true, string(Application): true}
	for i := range c.Structures {
		t := &c.Structures[i]
		switch {
		case !structureKey.MatchString(t.Key) || seen[t.Key]:
			faults = append(faults, fmt.Errorf("structure %d: the key is taken, or is not made of small letters, digits and hyphens", i))
		case t.FINESS == "" || t.Name == "":
			faults = append(faults, fmt.Errorf("structure %s: the FINESS or the name is missing", t.Key))
		}
		seen[t.Key] = true
		if err := t.check(Professional, production); err != nil {
			faults = append(faults, fmt.Errorf("structure %s: %w", t.Key, err))
		}
	}
	return faults
}

// errTwoWays is for a choice that names no provider.
var errTwoWays = errors.New("no such way to log in")

// viaParameter names in a login's URL which of the professionals' providers the person chose.
const viaParameter = "via"

// upstreamFor gives the provider for a login of this kind, by the choice in the URL. It gives nil when the person has
// to choose first, and errTwoWays for a choice that is none.
func (s *Server) upstreamFor(kind string, query url.Values) (*upstream, error) {
	up := s.upstreamOf(kind)
	switch via := query.Get(viaParameter); {
	case up == nil || up.key != up.kindName():
		return nil, errTwoWays // a structure's key stands in callbacks only
	case up.kind != Professional:
		return up, nil
	case via != "":
		if up = s.upstreamOf(via); up == nil || up.kind != Professional {
			return nil, errTwoWays
		}
		return up, nil
	case len(s.structures) > 0:
		return nil, nil
	}
	return up, nil
}

// offerProviders lets a professional choose between the national provider and those of structures.
func (s *Server) offerProviders(w http.ResponseWriter, r *http.Request) {
	link := func(via string) string {
		query := r.URL.Query()
		query.Set(viaParameter, via)
		return loginPath + string(Professional) + "?" + query.Encode()
	}
	d := ProvidersData{National: link(string(Professional))}
	for _, t := range s.structures {
		d.Structures = append(d.Structures, ProviderChoice{Name: t.Name, Href: link(t.Key)})
	}
	s.pages.Providers(w, r, d)
}

// LoginPath is where a login through a structure's provider begins.
func LoginPath(structure string) string {
	return loginPath + string(Professional) + "?" + url.Values{viaParameter: {structure}}.Encode()
}

// retry is where a login through the provider begins again.
func (u *upstream) retry() string {
	if u.key == u.kindName() {
		return loginPath + u.key
	}
	return LoginPath(u.key)
}

// kindName is the key of the national provider of a kind.
func (u *upstream) kindName() string { return string(u.kind) }
