package app

import (
	"context"
	"crypto"
	"crypto/hkdf"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations"
	"mesbridge/oauth"
	"mesbridge/rules"
	"mesbridge/web"
)

// PatientScopes are those of a patient's login (I247).
func PatientScopes() []string {
	return []string{"patient.read", "patient.reply", "patient.manage", "patient.block"}
}

// ProfessionalScopes are those of a professional, who then still needs a right on the mailbox: to act for it,
// or, with admin, to list its users; or, with patient.enrol, to be listed among those who enrol (D26).
func ProfessionalScopes() []string { return append(deskScopes(), "admin", "patient.enrol") }

// deskScopes are those of whoever acts for a mailbox.
func deskScopes() []string {
	return []string{"thread.read", "thread.open", "thread.write", "thread.close", "webhook.manage"}
}

// ClinicScopes are those of a structure's application.
func ClinicScopes() []string { return append(deskScopes(), "episode.close") }

// openLogin makes the authorization server.
func (a *App) openLogin(context.Context) error {
	c := a.Config
	secret, err := c.OAuth.Secret.ReadKey()
	if err != nil {
		return fmt.Errorf("read the secret of oauth: %w", err)
	}
	signing, err := readRSAKey(c.OAuth.SigningKey)
	if err != nil {
		return fmt.Errorf("read the signing key of oauth: %w", err)
	}
	others, err := readPublicKeys(c.OAuth.OtherKeys)
	if err != nil {
		return SettingsError{fmt.Errorf("read the other keys of oauth: %w", err)}
	}
	tokens, err := derive(secret, "tokens")
	if err != nil {
		return err
	}
	seal, err := derive(secret, "seal")
	if err != nil {
		return err
	}
	patients, err := upstream(c.Patients)
	if err != nil {
		return SettingsError{fmt.Errorf("patients: %w", err)}
	}
	professionals, err := upstream(c.Professionals)
	if err != nil {
		return SettingsError{fmt.Errorf("professionals: %w", err)}
	}
	structures, err := a.openStructures()
	if err != nil {
		return err
	}
	clients, err := a.openClients()
	if err != nil {
		return err
	}
	pages, err := a.pages()
	if err != nil {
		return err
	}
	mutual, err := a.mutualTLS()
	if err != nil {
		return err
	}
	a.OAuth, err = oauth.New(oauth.Config{
		MutualTLS: mutual,
		Limits: oauth.Limits{
			LoginsPerMinute: c.Limits.LoginsPerMinute, TokensPerMinute: c.Limits.TokensPerMinute, Count: a.store.Count,
		},
		Environment: string(c.Environment), Issuer: c.PublicURL, Redis: a.client, SealKey: seal, GlobalSecret: tokens,
		SigningKey: signing, OtherKeys: others, Clients: clients, Pages: pages, Patients: patients, Professionals: professionals,
		Structures: structures, Vouched: a.vouched,
		Resolve: a.resolveTraced, Linking: web.LinkPath, LoggedOut: a.loggedOut, ShortCuts: a.Demonstration != nil, Log: a.Log.With("part", "oauth"), Now: time.Now,
	})
	return err
}

// derive makes a key for one use from a secret.
func derive(secret []byte, use string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "mesbridge "+use, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of %s: %w", use, err)
	}
	return key, nil
}

// readRSAKey reads a PEM key in either form that openssl writes.
func readRSAKey(f config.SecretFile) (*rsa.PrivateKey, error) {
	key, err := readPrivateKey(f)
	if err != nil {
		return nil, err
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is not an RSA key; make one with: openssl genrsa -out FILE 3072", f)
	}
	return rsaKey, nil
}

// readPrivateKey reads a PEM key in any form that openssl writes.
func readPrivateKey(f config.SecretFile) (crypto.PrivateKey, error) {
	text, err := f.Read()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is not PEM; make a key with: openssl genrsa -out FILE 3072", f)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s holds no key that can be read: %w", f, err)
	}
	return key, nil
}

// readPublicKeys reads PEM keys as "openssl rsa -pubout" writes them.
func readPublicKeys(files []config.File) ([]*rsa.PublicKey, error) {
	var all []*rsa.PublicKey
	for _, f := range files {
		text, err := os.ReadFile(string(f))
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%s is not PEM; make it with: openssl rsa -in KEY -pubout -out FILE", f)
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s holds no public key: %w", f, err)
		}
		rsaKey, ok := key.(*rsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("%s is not an RSA key", f)
		}
		all = append(all, rsaKey)
	}
	return all, nil
}

// resolveTraced is resolve, with a trace of a login that came to nothing (I188). One that succeeds is in the
// person's own journal.
func (a *App) resolveTraced(ctx context.Context, provider string, claims map[string]any) (oauth.Identity, error) {
	who, err := a.resolve(ctx, provider, claims)
	if err == nil {
		return who, nil
	}
	e := conversations.Event{Kind: conversations.TraceLogin, Actor: conversations.ActorProfessional, Outcome: conversations.OutcomeFailed}
	if provider == string(oauth.Patient) {
		e.Actor = conversations.ActorPatient
	}
	if errors.Is(err, oauth.ErrUnknownPerson) || errors.Is(err, oauth.ErrUnlinked) {
		e.Outcome = conversations.OutcomeRefused
	}
	a.Conversations.Trace(ctx, e)
	return who, err
}

// resolve tells who a login is. A patient is known by the matricule that the provider vouches for, or by the login that
// he bound to his account (D26), never by traits (I76); a professional by SubjectNameID (I30), or by the list of the
// structure that vouches for him (D26).
func (a *App) resolve(ctx context.Context, provider string, claims map[string]any) (oauth.Identity, error) {
	if provider == string(oauth.Patient) {
		return a.resolvePatient(ctx, claims)
	}
	who, err := a.resolveProfessional(ctx, provider, claims)
	if err != nil {
		return who, err
	}
	if err := a.Conversations.Note(ctx, signatory(who), conversations.TraceLogin); err != nil {
		return oauth.Identity{}, errors.Join(oauth.ErrUnavailable, err)
	}
	return who, nil
}

// resolvePatient admits those who have an account to read, to open or to look after, and activates it at the
// first login (D16). What they may do there is decided with each request.
func (a *App) resolvePatient(ctx context.Context, claims map[string]any) (oauth.Identity, error) {
	p, err := a.patientOf(ctx, claims)
	switch {
	case errors.Is(err, oauth.ErrUnlinked):
		return oauth.Identity{}, err
	case conversations.KindOf(err) == conversations.KindMailboxUnknown && err != nil, errors.Is(err, rules.ErrNotINS):
		return oauth.Identity{}, oauth.ErrUnknownPerson
	case err != nil:
		return oauth.Identity{}, errors.Join(oauth.ErrUnavailable, err)
	case !admitted(p.State):
		return oauth.Identity{}, oauth.ErrUnknownPerson
	}
	actor := conversations.Actor{Kind: conversations.ActorPatient, ID: string(p.ID), Name: p.Name}
	if err := a.Conversations.LoggedIn(ctx, actor, p.ID); err != nil {
		return oauth.Identity{}, errors.Join(oauth.ErrUnavailable, err)
	}
	return oauth.Identity{Subject: string(p.ID), Name: p.Name, Scopes: PatientScopes()}, nil
}

// admitted reports whether the holder of an account may log in: to read (table 8.2 of operator.md), to open
// what he closed or opposed (O115, R141), or to be told why he cannot (O116).
func admitted(s rules.AccountState) bool {
	switch s {
	case rules.NotActivated, rules.Active, rules.MessagingClosed, rules.Opposed, rules.Suspended, rules.Closed:
		return true
	case rules.Absent, rules.Purged:
		return false
	}
	return false
}
