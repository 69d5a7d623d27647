package provider

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// Kind says in which realm a person can be picked.
type Kind string

// The kinds of persons, each with a realm of its own.
const (
	Patient      Kind = "patient"
	Professional Kind = "professional"
	Staff        Kind = "staff" // of one structure, whose own provider the realm plays (D26)
)

// Person is somebody to pick on the page.
type Person struct {
	Sub    string // the sub claim, unique in the realm
	Name   string // shown on the page, and the name claim
	Kind   Kind
	Claims map[string]any // further claims of the userinfo; "acr" goes to the ID token instead
}

// Client is a client of a realm. It authenticates with its secret (Basic or form).
type Client struct {
	ID, Secret     string
	RedirectURIs   []string // compared letter by letter
	PostLogoutURIs []string // likewise
	// KeySet is where the client publishes the key that patients' tokens are encrypted for, as FranceConnect+ asks (I73);
	// empty: they are only signed.
	KeySet string
}

// Config is all that New needs.
type Config struct {
	// BaseURL is where the handler is mounted, without a slash at the end; the issuers are the
	// realms' paths under it.
	BaseURL string
	Client  Client
	// Editor is a client of the professionals' realm alone: the software of an editor that logs people in by
	// itself and exchanges their tokens at the bridge (I52). It may be left out.
	Editor Client
	People []Person
	Now    func() time.Time
}

// The paths of the realms under Config.BaseURL.
const (
	patientsPath      = "/patients"
	professionalsPath = "/professionnels"
	staffPath         = "/etablissement"
)

// Provider serves the realms. Its state is in memory and gone at the end; it is safe for parallel
// use.
type Provider struct {
	patients, professionals, staff *realm
	mux                            *http.ServeMux
}

// New makes the provider with fresh signing keys: ES256 for patients, as FranceConnect+ signs
// (I73), and RS256 for professionals, as Pro Santé Connect does (I21).
func New(c Config) (*Provider, error) {
	if c.BaseURL == "" || strings.HasSuffix(c.BaseURL, "/") {
		return nil, errors.New("the base URL is empty or ends in a slash")
	}
	if c.Client.ID == "" || c.Client.Secret == "" || len(c.Client.RedirectURIs) == 0 {
		return nil, errors.New("the client needs an id, a secret and a redirect URI")
	}
	if c.Now == nil {
		return nil, errors.New("the clock is missing")
	}
	patients, err := newRealm(c, Patient, patientsPath)
	if err != nil {
		return nil, err
	}
	professionals, err := newRealm(c, Professional, professionalsPath)
	if err != nil {
		return nil, err
	}
	staff, err := newRealm(c, Staff, staffPath)
	if err != nil {
		return nil, err
	}
	p := &Provider{patients: patients, professionals: professionals, staff: staff, mux: http.NewServeMux()}
	patients.register(p.mux, patientsPath)
	professionals.register(p.mux, professionalsPath)
	staff.register(p.mux, staffPath)
	return p, nil
}

// ServeHTTP serves the paths under /patients, /professionnels and /etablissement.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// PatientsIssuer is the issuer to configure for patients; its discovery document is at the
// standard path.
func (p *Provider) PatientsIssuer() string { return p.patients.issuer }

// ProfessionalsIssuer is the issuer to configure for professionals.
func (p *Provider) ProfessionalsIssuer() string { return p.professionals.issuer }

// StaffIssuer is the issuer to configure for the structure.
func (p *Provider) StaffIssuer() string { return p.staff.issuer }

// ProfessionalsDiscovery is where the professionals' discovery document also is: at the path that
// Pro Santé Connect uses instead of the standard one (I14).
func (p *Provider) ProfessionalsDiscovery() string {
	return p.professionals.issuer + walletDiscoveryPath
}
