package trust

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// List is one verified white list. It does not change and is safe for concurrent use.
type List struct {
	generated time.Time
	entries   int
	skipped   int
	domains   map[string][]DN // one name may have many certificates, of many operators (O21, O22)
	holders   map[DN][]string // domains that a certificate serves
}

// Generated returns the DateDeGeneration.
func (l *List) Generated() time.Time { return l.generated }

// Entries returns how many entries serve, one for each pair of domain and certificate (O21).
func (l *List) Entries() int { return l.entries }

// Skipped returns how many entries were left out because their name or subject could not be read. They
// give nobody any right.
func (l *List) Skipped() int { return l.skipped }

// Listed reports whether the list holds exactly this domain: no wildcard, no parent (O24).
func (l *List) Listed(domain string) bool {
	name, err := domainName(domain)
	return err == nil && len(l.domains[name]) > 0
}

// Allows reports whether cert is one of the domain's certificates (O65). It says nothing about who
// issued cert: see [Identity].
func (l *List) Allows(domain string, cert *x509.Certificate) bool {
	dn, err := CertificateDN(cert)
	return err == nil && l.AllowsDN(domain, dn)
}

// AllowsDN is Allows for a subject that was read before.
func (l *List) AllowsDN(domain string, dn DN) bool {
	name, err := domainName(domain)
	return err == nil && slices.Contains(l.domains[name], dn)
}

// Knows reports whether cert serves any domain at all (O68).
func (l *List) Knows(cert *x509.Certificate) bool { return len(l.Domains(cert)) > 0 }

// KnowsDN is Knows for a subject that was read before.
func (l *List) KnowsDN(dn DN) bool { return len(l.holders[dn]) > 0 }

// Domains lists the domains that cert serves, in the order of the list.
func (l *List) Domains(cert *x509.Certificate) []string {
	dn, err := CertificateDN(cert)
	if err != nil {
		return nil
	}
	return slices.Clone(l.holders[dn])
}

// add takes one entry. The same pair twice counts once.
func (l *List) add(domain string, dn DN) {
	if slices.Contains(l.domains[domain], dn) {
		return
	}
	l.entries++
	l.domains[domain] = append(l.domains[domain], dn)
	l.holders[dn] = append(l.holders[dn], domain)
}

// domainName returns the form in which domains are compared: A-labels, lower case (O23).
func domainName(s string) (string, error) {
	name, err := idna.Lookup.ToASCII(strings.TrimSuffix(strings.TrimSpace(s), "."))
	if err != nil {
		return "", err
	}
	return strings.ToLower(name), nil
}
