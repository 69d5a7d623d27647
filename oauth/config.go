package oauth

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
)

// Production is the value of Config.Environment in which demonstration means are refused.
const Production = "production"

// Resolver turns the verified claims of an upstream provider, named by its key ("patient",
// "professional" or that of a structure), into who this is for the bridge: for
// a patient an opaque subject, for a professional the national id in SubjectNameID (I29, I30), and
// in both cases the scopes of the session. Claims hold the ID token's and, where asked for, the
// userinfo's; empty strings are left out at the top level (I45). The resolver returns
// ErrUnknownPerson to turn the person away; Kind, ACR, Provider and FINESS are overwritten with the verified ones.
type Resolver func(ctx context.Context, provider string, claims map[string]any) (Identity, error)

// Config is all that New needs. Every field without "may" in its comment is required.
type Config struct {
	// Environment is the deployment's name; only Production has a meaning here.
	Environment string

	// Issuer is the public base URL, scheme and host without a path or slash at the end. Cookies
	// are Secure and carry the __Host- prefix unless it is plain http, which is accepted on a
	// loopback address outside production only.
	Issuer string

	Redis redis.UniversalClient

	// SealKey (32 bytes) seals what is personal before it reaches Redis. With another key all
	// sessions and tokens end.
	SealKey []byte

	// GlobalSecret (at least 32 bytes, read from a file) authenticates the tokens themselves.
	// With another secret all tokens end.
	GlobalSecret []byte

	// SigningKey signs ID tokens with RS256; at least 2048 bits.
	SigningKey *rsa.PrivateKey

	// OtherKeys are published beside it and sign nothing: the next key, before clients meet it, and the
	// last one, while tokens that it signed live. There may be none.
	OtherKeys []*rsa.PublicKey

	Clients Clients
	Pages   Pages

	// MutualTLS is the listener on which clients show certificates. It may be nil: clients that authenticate
	// by one, and tokens bound to one, are then refused.
	MutualTLS *MutualTLS

	// Limits bound how often somebody may ask. They may be left out.
	Limits Limits

	// Patients and Professionals are the providers to log in through. One may be nil: its paths
	// then answer 404.
	Patients      *Upstream
	Professionals *Upstream
	Resolve       Resolver

	// Structures are providers of single structures, for their own staff (D26). There may be none.
	Structures []Structure

	// Vouched reports whether a structure's provider may still vouch for a person: whether he stands on its list
	// now. It is asked at every use of a session or token of such a person, and answers from memory. It is needed
	// with Structures alone.
	Vouched func(ctx context.Context, who Identity) (bool, error)

	// Linking is the path on this host where a person links a login that leads nowhere yet (ErrUnlinked). It may be
	// empty: such a person is then turned away.
	Linking string

	// LoggedOut is told of each person whose session ended by a logout. It may be nil.
	LoggedOut func(ctx context.Context, who Identity)

	// ShortCuts allows IssueToken. New refuses it in Production.
	ShortCuts bool

	// Log receives the reasons of failed logins, without anything personal. It may be nil.
	Log *slog.Logger

	Now func() time.Time
}

// check reports all faults of the configuration at once.
func (c Config) check() error {
	var faults []error
	need := func(ok bool, text string) {
		if !ok {
			faults = append(faults, errors.New(text))
		}
	}
	need(c.Redis != nil, "Redis is missing")
	need(len(c.SealKey) == sealKeyBytes, "the sealing key must have 32 bytes")
	need(len(c.GlobalSecret) >= 32, "the token secret must have at least 32 bytes")
	need(c.SigningKey != nil && c.SigningKey.N.BitLen() >= 2048, "the signing key must be RSA of at least 2048 bits")
	need(c.Clients != nil, "the list of clients is missing")
	need(c.Pages != nil, "the pages are missing")
	need(c.Now != nil, "the clock is missing")
	need(c.Vouched != nil || len(c.Structures) == 0, "the lists of the structures' users are missing")
	need(!c.ShortCuts || c.Environment != Production, "short-cut tokens are not allowed in production")
	need(c.Resolve != nil || c.Patients == nil && c.Professionals == nil && len(c.Structures) == 0, "the resolver of persons is missing")
	production := c.Environment == Production
	if u, err := checkURL(c.Issuer, production); err != nil {
		faults = append(faults, fmt.Errorf("issuer: %w", err))
	} else if u.Path != "" || u.RawQuery != "" {
		faults = append(faults, errors.New("issuer: a path or a slash at the end is not allowed"))
	}
	faults = append(faults, c.MutualTLS.check(production))
	faults = append(faults, c.Patients.check(Patient, production), c.Professionals.check(Professional, production))
	faults = append(faults, c.structureFaults(production)...)
	return errors.Join(faults...)
}

// checkURL accepts absolute https URLs and, outside production, plain http on a loopback address.
func checkURL(raw string, production bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return nil, errors.New("not an absolute URL")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && !production && isLoopback(u.Hostname()):
		return u, nil
	}
	return nil, errors.New("only https is allowed (plain http: loopback, outside production)")
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
