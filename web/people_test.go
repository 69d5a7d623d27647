package web

import (
	"context"
	"crypto/x509"
	"errors"
	"sync"

	"mesbridge/conversations"
)

// The core itself is what the border asks for.
var _ Conversations = (*conversations.Service)(nil)

// Tokens, cookies and form tokens of the tests.
const (
	patientToken = "patient-token"
	proToken     = "professional-token"
	clinicToken  = "clinic-token"
	readOnly     = "read-only-token"
	twoBoxes     = "two-boxes-token"
	downToken    = "store-is-down"
	patientKey   = "patient-session"
	proKey       = "professional-session"
	csrfToken    = "form-token"
	officerToken = "officer-token"
	officerKey   = "officer-session"
)

// fakeAuthenticator knows the people of the tests.
type fakeAuthenticator struct{}

func person(name string) (Principal, error) {
	desk := []string{"thread.read", "thread.open", "thread.write", "thread.close", "webhook.manage"}
	martin := []conversations.Address{must("claire.martin@cabinet.mssante.fr")}
	switch name {
	case patientToken, patientKey:
		return Principal{
			Kind: Patient, ID: string(patientPID), Name: "Jeanne Dupont", Patient: patientPID,
			Scopes: []string{"patient.read", "patient.reply", "patient.manage", "patient.block"},
		}, nil
	case proToken, proKey:
		return Principal{Kind: Professional, ID: "899700218896", Name: "Dr Claire Martin", Mailboxes: martin, Scopes: append(desk, "admin")}, nil
	case officerToken, officerKey:
		return Principal{Kind: Professional, ID: "899900000041", Name: "Irène Chapuisat", Enrols: true, Scopes: append(desk, "patient.enrol")}, nil
	case twoBoxes:
		return Principal{Kind: Professional, ID: "899700218896", Mailboxes: append([]conversations.Address{must("autre@chu.mssante.fr")}, martin...), Scopes: desk}, nil
	case clinicToken:
		return Principal{Kind: Application, ID: "clinic", FINESS: "770816478", Mailboxes: []conversations.Address{must("app@chu.mssante.fr")}, Scopes: append(desk, "episode.close")}, nil
	case readOnly:
		return Principal{Kind: Patient, ID: string(patientPID), Patient: patientPID, Scopes: []string{"patient.read"}}, nil
	case downToken:
		return Principal{}, errors.New("redis is away")
	}
	return Principal{}, ErrUnauthenticated
}

func (fakeAuthenticator) Token(_ context.Context, bearer string, _ *x509.Certificate) (Principal, error) {
	return person(bearer)
}

func (fakeAuthenticator) Session(_ context.Context, cookie string) (Principal, string, error) {
	p, err := person(cookie)
	return p, csrfToken, err
}

func (f fakeAuthenticator) Unattended(ctx context.Context, cookie string) (Principal, string, error) {
	return f.Session(ctx, cookie)
}

func (fakeAuthenticator) Sessions(context.Context, Principal, string) ([]Session, error) {
	return []Session{{ID: "one", Device: "Firefox sur Linux", LoggedIn: now, Active: now, Here: true}}, nil
}

func (fakeAuthenticator) EndSession(context.Context, Principal, string) error { return nil }

// fakeIdempotency keeps answers in memory.
type fakeIdempotency struct {
	mu      sync.Mutex
	fail    error
	bodies  map[string][32]byte
	answers map[string][]byte
}

func (f *fakeIdempotency) Remember(_ context.Context, id string, body [32]byte, answer []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	if f.bodies == nil {
		f.bodies, f.answers = map[string][32]byte{}, map[string][]byte{}
	}
	if have, ok := f.bodies[id]; ok && have != body {
		return nil, ErrOtherBody
	}
	f.bodies[id] = body
	if answer != nil && f.answers[id] == nil {
		f.answers[id] = answer
	}
	return f.answers[id], nil
}
