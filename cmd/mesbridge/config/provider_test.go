package config

import (
	"errors"
	"strings"
	"testing"
)

// TestProvider_faults covers I2, I14, I16 and I20: what of a provider's settings is refused, each by name.
func TestProvider_faults(t *testing.T) {
	t.Parallel()
	good := Provider{Issuer: "https://auth.exemple.fr/realms/a", ClientID: "c", ClientSecret: "/s", Level: "eidas1", ClientAuth: AuthBasic}
	for name, c := range map[string]struct {
		change func(*Provider)
		want   string // empty: accepted
	}{
		"as it is":       {func(*Provider) {}, ""},
		"sandbox":        {func(p *Provider) { p.Issuer = "https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet" }, ""},
		"former sandbox": {func(p *Provider) { p.Issuer = "https://auth.bas.esw.esante.gouv.fr/auth/realms/esante-wallet" }, "x.issuer: the sandbox"},
		"former wallet":  {func(p *Provider) { p.Endpoints.Authorize = "https://wallet.bas.esw.esante.gouv.fr/auth" }, "x.endpoints.authorize: the sandbox"},
		"plain http":     {func(p *Provider) { p.Endpoints.Token = "http://auth.exemple.fr/token" }, "x.endpoints.token: write an https"},
		"no secret":      {func(p *Provider) { p.ClientSecret = "" }, "x.clientSecret is missing"},
		"certificate": {func(p *Provider) {
			p.ClientAuth, p.ClientSecret, p.Certificate, p.Key = AuthCertificate, "", "/c", "/k"
		}, ""},
		"certificate without a key":      {func(p *Provider) { p.ClientAuth, p.ClientSecret, p.Certificate = AuthCertificate, "", "/c" }, "needs certificate and key"},
		"certificate beside a secret":    {func(p *Provider) { p.ClientAuth, p.Certificate, p.Key = AuthCertificate, "/c", "/k" }, "leave it empty"},
		"a certificate that is not used": {func(p *Provider) { p.Certificate, p.Key = "/c", "/k" }, "write clientAuth: certificate"},
		"scopes without openid":          {func(p *Provider) { p.Scopes = []string{"profile"} }, "openid is missing"},
	} {
		p := good
		c.change(&p)
		err := errors.Join(p.faults("x")...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStructures_faults covers D26: each fault of a structure is told by its place.
func TestStructures_faults(t *testing.T) {
	t.Parallel()
	good := Structure{
		Key: "ch", FINESS: "990000010", Name: "CH", Users: "/u",
		Provider: Provider{Issuer: "https://id.ch.fr", ClientID: "c", ClientSecret: "/s"},
	}
	for name, c := range map[string]struct {
		change func(*Structure)
		want   string
	}{
		"as it is":     {func(*Structure) {}, ""},
		"Corsica":      {func(s *Structure) { s.FINESS = "2A0000014" }, ""},
		"reserved key": {func(s *Structure) { s.Key = "patient" }, "structures[0].key"},
		"odd key":      {func(s *Structure) { s.Key = "CH Valdoux" }, "structures[0].key"},
		"no FINESS":    {func(s *Structure) { s.FINESS = "12" }, "structures[0].finess"},
		"no name":      {func(s *Structure) { s.Name = "" }, "structures[0].name"},
		"no list":      {func(s *Structure) { s.Users = "" }, "structures[0].users"},
		"no client":    {func(s *Structure) { s.Provider.ClientID = "" }, "structures[0].provider"},
		"odd level":    {func(s *Structure) { s.Provider.Level = "high" }, "structures[0].provider.level"},
		"plain http":   {func(s *Structure) { s.Provider.Issuer = "http://id.ch.fr" }, "structures[0].provider.issuer"},
	} {
		s := good
		c.change(&s)
		err := errors.Join(Config{Structures: []Structure{s}}.structureFaults()...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := errors.Join(Config{Structures: []Structure{good, good}}.structureFaults()...); err == nil {
		t.Error("two structures with one key are accepted")
	}
}
