package demo

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/trust"
	"mesbridge/rules"
)

// ServerName is the bridge's own host: the CN of its certificate (O32).
const ServerName = "smtp1.mesbridge.exemple.fr"

// Space is the synthetic trust space of one data directory, as files.
type Space struct {
	CA        string   // root and issuing authority, PEM; validates everything but the foreign one
	CRL       string   // its revocation list
	WhiteList string   // signed
	Directory string   // extraction of mailboxes
	Bridge    Pair     // our own certificate
	Editor    Pair     // of an editor's software: a client of the token endpoint, no operator
	Operators []Member // in the order of the cast
	Bad       []Member // certificates that must be refused, each for the reason in its name
}

// Member is one certificate of the space, good or bad.
type Member struct {
	Name    string
	Domains []string
	Host    string
	Pair
}

// Names of the bad certificates, from section 20 of operator.md.
const (
	Expired   = "expired"
	Revoked   = "revoked"
	ForeignCA = "foreign-ca" // another authority, the same DN as listed
	NoMatch   = "no-match"   // good, but the domain is listed with another DN
	Unlisted  = "unlisted"   // good, but the domain is not in the list
)

// OpenSpace makes what is missing of the trust space in dir and returns it. Certificates are made once;
// the white list, the revocation list and the directory are written anew, so that they are fresh.
func OpenSpace(dir string, cast Cast, now time.Time) (*Space, error) {
	now = now.UTC().Truncate(time.Second)
	home, err := openAuthority(dir, "DEMONSTRATION", now)
	if err != nil {
		return nil, err
	}
	foreign, err := openAuthority(filepath.Join(dir, "foreign"), "ETRANGERE", now)
	if err != nil {
		return nil, err
	}
	s := &Space{
		CA:        home.chainPair().Cert,
		CRL:       filepath.Join(dir, "revoked.crl"),
		WhiteList: filepath.Join(dir, "listeblanchemssante.xml"),
		Directory: filepath.Join(dir, "annuaire.txt"),
	}
	own := subject{CN: ServerName, OU: "399990000000016", O: "MESBRIDGE DEMONSTRATION", ST: "Paris (75)"}
	if s.Bridge, err = home.server("bridge", own); err != nil {
		return nil, err
	}
	tool := subject{CN: "lps.editeur.exemple.fr", OU: "399990000300036", O: "EDITEUR DE DEMONSTRATION", ST: "Rhône (69)"}
	if s.Editor, err = home.server("editor", tool); err != nil {
		return nil, err
	}
	if err = s.addOperators(home, cast.Operators); err != nil {
		return nil, err
	}
	if err = s.addBad(home, foreign); err != nil {
		return nil, err
	}
	if err = home.revoke(s.CRL, s.bad(Revoked).Pair); err != nil {
		return nil, err
	}
	if err = s.writeList(home, now); err != nil {
		return nil, err
	}
	entries, err := directoryEntries(cast)
	if err != nil {
		return nil, err
	}
	return s, directory.WriteFile(s.Directory, entries)
}

func (s *Space) addOperators(home *authority, all []Operator) error {
	for _, o := range all {
		p, err := home.server(o.Host, subject{CN: o.Host, OU: o.Structure, O: o.Legal, ST: o.District})
		if err != nil {
			return err
		}
		s.Operators = append(s.Operators, Member{Name: o.Name, Domains: o.Domains, Host: o.Host, Pair: p})
	}
	return nil
}

// addBad makes one certificate for each way to be refused, each for a domain of its own.
func (s *Space) addBad(home, foreign *authority) error {
	for _, b := range []struct {
		name string
		make func(string, subject) (Pair, error)
	}{
		{Expired, home.expired},
		{Revoked, home.server},
		{ForeignCA, foreign.server},
		{NoMatch, home.server},
		{Unlisted, home.server},
	} {
		host := "cert-" + b.name + ".audit.exemple.fr"
		p, err := b.make("bad-"+b.name, subject{CN: host, OU: "399990000900017", O: "AUDIT", ST: "Paris (75)"})
		if err != nil {
			return err
		}
		domain := "cert-" + b.name + "-audit.demonstration.mssante.fr"
		s.Bad = append(s.Bad, Member{Name: b.name, Domains: []string{domain}, Host: host, Pair: p})
	}
	return nil
}

// bad returns one of the bad certificates.
func (s *Space) bad(name string) Member {
	for _, m := range s.Bad {
		if m.Name == name {
			return m
		}
	}
	return Member{}
}

// writeList signs the white list: our domain, the operators', and those of the bad certificates that
// are listed. The domain of no-match is listed with an operator's DN.
func (s *Space) writeList(home *authority, now time.Time) error {
	members := append([]Member{{Name: "Mon espace santé (démonstration)", Domains: []string{CitizenDomain}, Pair: s.Bridge}}, s.Operators...)
	for _, name := range []string{Expired, Revoked, ForeignCA} {
		members = append(members, s.bad(name))
	}
	mismatch := s.bad(NoMatch)
	mismatch.Pair = s.Operators[0].Pair
	members = append(members, mismatch)
	var entries []trust.Entry
	for _, m := range members {
		certs, _, err := readPair(m.Pair)
		if err != nil {
			return fmt.Errorf("read certificate of the list: %w", err)
		}
		dn, err := trust.FormatDN(certs[0])
		if err != nil {
			return fmt.Errorf("write subject: %w", err)
		}
		for _, d := range m.Domains {
			entries = append(entries, trust.Entry{
				Domain: d, Description: m.Name, DN: dn,
				Responsible: "responsable@exemple.fr", Support: "assistance@exemple.fr", Updated: now,
			})
		}
	}
	signer, err := home.signer("white-list-signer", subject{CN: trust.SignerName, OU: "399990000800013", O: "LISTE BLANCHE DE DEMONSTRATION", ST: "Paris (75)"})
	if err != nil {
		return err
	}
	certs, private, err := readPair(signer)
	if err != nil {
		return fmt.Errorf("read signer of the list: %w", err)
	}
	key, ok := private.(crypto.Signer)
	if !ok {
		return errors.New("read signer of the list: its key cannot sign")
	}
	return s.signList(entries, now, key, certs[0])
}

func (s *Space) signList(entries []trust.Entry, now time.Time, key crypto.Signer, cert *x509.Certificate) error {
	list, err := trust.Sign(entries, now, key, cert)
	if err != nil {
		return fmt.Errorf("sign white list: %w", err)
	}
	return writeFile(s.WhiteList, list)
}

// directoryEntries is the extraction that knows the cast's mailboxes, and colleagues to be found.
func directoryEntries(cast Cast) ([]directory.Entry, error) {
	var all []directory.Entry
	for _, c := range cast.Clinics {
		for _, m := range c.Mailboxes {
			a, err := rules.ParseAddress(m.Address)
			if err != nil {
				return nil, fmt.Errorf("mailbox of %s: %w", c.Name, err)
			}
			all = append(all, directory.Entry{
				Kind: m.Kind, Address: a, Structure: "1" + c.FINESS, StructureName: c.Name, Service: m.Service,
				Town: c.Town, PostalCode: c.PostalCode, District: c.District, ZeroPaper: m.Kind == rules.Organisational,
			})
		}
	}
	for _, p := range slices.Concat(cast.Professionals, cast.Locums) {
		for _, m := range p.Mailboxes {
			if !personal(cast, m) {
				continue
			}
			a, err := rules.ParseAddress(m)
			if err != nil {
				return nil, fmt.Errorf("mailbox of a professional: %w", err)
			}
			all = append(all, directory.Entry{
				Kind: rules.Personal, Address: a, Person: p.ID, Title: p.Title, GivenName: p.GivenName, FamilyName: p.FamilyName,
				ProfessionCode: p.Code, Profession: p.Profession, Skill: p.Skill, Category: "C", ZeroPaper: true,
			})
		}
	}
	return append(all, colleagues()...), nil
}

// personal reports whether a mailbox is no structure's.
func personal(cast Cast, mailbox string) bool {
	for _, c := range cast.Clinics {
		for _, m := range c.Mailboxes {
			if strings.EqualFold(m.Address, mailbox) {
				return false
			}
		}
	}
	return true
}
