package clientfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mesbridge/oauth"
)

// fileVersion is the version of the stored form. A field may be added without touching it.
const fileVersion = 1

// Record is one client as the file keeps it.
type Record struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"` // shown on the consent page
	Kind         oauth.Kind `json:"kind"`
	RedirectURIs []string   `json:"redirectUris,omitempty"`
	Scopes       []string   `json:"scopes"`
	FINESS       string     `json:"finess,omitempty"`    // structure of an application (I247)
	Mailboxes    []string   `json:"mailboxes,omitempty"` // that an application may act for (I119)
	// TLSSubject and Certificates: mutual TLS; at most one of the two. See oauth.Client.
	TLSSubject     string              `json:"tlsSubject,omitempty"`
	Certificates   []Certificate       `json:"certificates,omitempty"`
	BoundTokens    bool                `json:"boundTokens,omitempty"`
	ExchangesFor   []string            `json:"exchangesFor,omitempty"` // clients at the professionals' provider
	PostLogoutURIs []string            `json:"postLogoutUris,omitempty"`
	Introspects    bool                `json:"introspects,omitempty"`
	Secrets        []Secret            `json:"secrets,omitempty"` // the newest first
	Keys           *jose.JSONWebKeySet `json:"jwks,omitempty"`    // public keys for private_key_jwt
	CreatedAt      time.Time           `json:"createdAt"`
	RotatedAt      time.Time           `json:"rotatedAt,omitzero"`
}

// Secret is what is kept of a client secret.
type Secret struct {
	SHA256 string    `json:"sha256"`
	Until  time.Time `json:"until,omitzero"` // first instant at which it no longer counts; zero: no end
}

// Certificate is what is kept of a certificate that a client is known by (RFC 8705 section 2.2).
type Certificate struct {
	SHA256 string    `json:"sha256"`
	Until  time.Time `json:"until"` // end of its validity, for whoever reads the list
}

// Authentication names how the client proves who it is, as in the discovery document.
func (r Record) Authentication() string {
	switch {
	case r.TLSSubject != "":
		return "tls_client_auth"
	case len(r.Certificates) > 0:
		return "self_signed_tls_client_auth"
	case r.Keys != nil:
		return "private_key_jwt"
	case len(r.Secrets) > 0:
		return "client_secret_basic"
	}
	return "none"
}

// stored is the whole file.
type stored struct {
	Version int      `json:"version"`
	Clients []Record `json:"clients"`
}

// decode reads a file and checks all its clients as oauth will.
func decode(text []byte) (stored, error) {
	var s stored
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return stored{}, fmt.Errorf("read clients: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return stored{}, errors.New("read clients: something stands after the end of the list")
	}
	if s.Version != fileVersion {
		return stored{}, fmt.Errorf("read clients: version %d of the file is not known to this program", s.Version)
	}
	return s, s.check(time.Time{})
}

// check asks of all clients what oauth asks, with the secrets that count at an instant.
func (s stored) check(at time.Time) error {
	all := make([]oauth.Client, 0, len(s.Clients))
	for _, r := range s.Clients {
		c, err := r.client(at)
		if err != nil {
			return fmt.Errorf("client %q: %w", r.ID, err)
		}
		all = append(all, c)
	}
	_, err := oauth.NewStaticClients(all...)
	return err
}

// client is the client with the secrets that count at an instant.
func (r Record) client(at time.Time) (oauth.Client, error) {
	c := oauth.Client{
		ID: r.ID, Name: r.Name, Kind: r.Kind, RedirectURIs: r.RedirectURIs, Scopes: r.Scopes, FINESS: r.FINESS,
		Introspects: r.Introspects, TLSSubject: r.TLSSubject, BoundTokens: r.BoundTokens, ExchangesFor: r.ExchangesFor,
		PostLogoutURIs: r.PostLogoutURIs,
	}
	for _, known := range r.Certificates {
		sum, err := hex.DecodeString(known.SHA256)
		if err != nil || len(sum) != sha256.Size {
			return c, errors.New("a certificate is not named by its SHA-256")
		}
		c.TLSCertificates = append(c.TLSCertificates, sum)
	}
	for i, s := range r.Secrets {
		hash, err := hex.DecodeString(s.SHA256)
		if err != nil || len(hash) != sha256.Size {
			return c, errors.New("a secret is not kept as a SHA-256")
		}
		switch {
		case i == 0:
			c.SecretHash = hash
		case s.Until.IsZero() || at.Before(s.Until):
			c.OldSecretHashes = append(c.OldSecretHashes, hash)
		}
	}
	if r.Keys == nil {
		return c, nil
	}
	for _, k := range r.Keys.Keys {
		if !k.Valid() || !k.IsPublic() {
			return c, errors.New("a key is not a public key of RFC 7517")
		}
		c.Keys = append(c.Keys, oauth.PublicKey{ID: k.KeyID, Key: k.Key})
	}
	return c, nil
}
