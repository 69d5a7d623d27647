package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Ways in which the bridge proves itself to a provider (I20).
const (
	AuthBasic       = "basic"
	AuthPost        = "post"
	AuthCertificate = "certificate"
)

// formerHosts are names of the sandbox of Pro Santé Connect that old samples still show (I16).
var formerHosts = []string{"//auth.bas.esw.", "//wallet.bas.esw."}

// faults asks for https in every environment: the demonstration's provider has none (D26).
func (p Provider) faults(name string) []error {
	var errs []error
	for setting, url := range map[string]string{
		"issuer": p.Issuer, "discovery": p.Discovery, "endpoints.authorize": p.Endpoints.Authorize, "endpoints.token": p.Endpoints.Token,
		"endpoints.userInfo": p.Endpoints.UserInfo, "endpoints.keys": p.Endpoints.Keys, "endpoints.endSession": p.Endpoints.EndSession,
	} {
		errs = append(errs, urlFault(name+"."+setting, url, Production))
		if slices.ContainsFunc(formerHosts, func(host string) bool { return strings.Contains(url, host) }) {
			errs = append(errs, fmt.Errorf("%s.%s: the sandbox of Pro Santé Connect has left this host; write auth.bas.psc.esante.gouv.fr, or wallet.bas.psc.esante.gouv.fr (I16)", name, setting))
		}
	}
	switch byCertificate := p.ClientAuth == AuthCertificate; {
	case byCertificate && (p.Certificate == "" || p.Key == ""):
		errs = append(errs, fmt.Errorf("%s: clientAuth certificate needs certificate and key (I20)", name))
	case byCertificate && p.ClientSecret != "":
		errs = append(errs, fmt.Errorf("%s.clientSecret: a client known by its certificate has none; leave it empty", name))
	case !byCertificate && p.ClientSecret == "":
		errs = append(errs, fmt.Errorf("%s.clientSecret is missing: the bridge's client secret there", name))
	case !byCertificate && (p.Certificate != "" || p.Key != ""):
		errs = append(errs, fmt.Errorf("%s.certificate, key: write clientAuth: certificate, or leave them out", name))
	}
	if len(p.Scopes) > 0 && !slices.Contains(p.Scopes, "openid") {
		errs = append(errs, fmt.Errorf("%s.scopes: openid is missing", name))
	}
	return errs
}

// structureNames are the keys that structures may have; those of the national providers are taken.
var structureNames = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// structureFaults tells what is wrong with the structures' providers, which the walk through the settings does not see.
func (c Config) structureFaults() []error {
	var errs []error
	seen := map[string]bool{"patient": true, "professional": true, "application": true}
	for i, s := range c.Structures {
		name := fmt.Sprintf("structures[%d]", i)
		fault := func(what string) { errs = append(errs, fmt.Errorf("%s.%s (D26)", name, what)) }
		if !structureNames.MatchString(s.Key) || seen[s.Key] {
			fault("key: write a name of its own in small letters, digits and hyphens, such as ch-exemple")
		}
		seen[s.Key] = true
		if !isFINESS(s.FINESS) {
			fault("finess: write the nine characters of the structure's FINESS")
		}
		if s.Name == "" {
			fault("name: write how people know the structure; it stands on the page where they log in")
		}
		if s.Users == "" {
			fault("users: name the list of its users; make one with: mesbridge users add")
		}
		if s.Provider.ClientID == "" || s.Provider.Issuer == "" {
			fault("provider: issuer and clientID are needed")
		}
		errs = append(errs, s.Provider.faults(name+".provider")...)
		errs = append(errs, closedFaults(name+".provider.", reflect.ValueOf(s.Provider.withDefaults()))...)
	}
	return errs
}

// withDefaults fills in what the settings of a structure's provider leave out; those of the national ones have defaults
// from the beginning.
func (p Provider) withDefaults() Provider {
	if p.Level == "" {
		p.Level = "eidas1"
	}
	if p.ClientAuth == "" {
		p.ClientAuth = AuthBasic
	}
	return p
}

// Whole is the structure with what its settings leave out.
func (s Structure) Whole() Structure {
	s.Provider = s.Provider.withDefaults()
	if s.SubjectClaim == "" {
		s.SubjectClaim = "sub"
	}
	return s
}

// isFINESS reports whether a text has the form of a FINESS (I111): nine characters, two of them the département.
func isFINESS(text string) bool { return finess.MatchString(text) }

var finess = regexp.MustCompile(`^[0-9][0-9AB][0-9]{7}$`)
