package app

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"

	"mesbridge/conversations"
	"mesbridge/oauth"
	"mesbridge/rules"
	"mesbridge/web"
)

// callers is the web.Authenticator of a bridge: oauth says who holds a token or a session, the register
// which mailboxes that person or application may act for.
type callers struct {
	oauth        *oauth.Server
	mandates     func(ctx context.Context, person string, as conversations.Vouched) ([]conversations.Mandate, error)
	applications func(client string) []rules.Address
	enrols       func(person string) bool
}

// Token returns who holds a bearer token, over a connection with this certificate.
func (c callers) Token(ctx context.Context, bearer string, peer *x509.Certificate) (web.Principal, error) {
	who, err := c.oauth.IntrospectOver(ctx, bearer, peer)
	if err != nil {
		return web.Principal{}, unauthenticated(err)
	}
	return c.principal(ctx, who)
}

// Session returns who holds the session of a cookie. To look at a page counts as activity.
func (c callers) Session(ctx context.Context, cookie string) (web.Principal, string, error) {
	v, err := c.oauth.Visit(ctx, cookie)
	if err != nil {
		return web.Principal{}, "", unauthenticated(err)
	}
	p, err := c.principal(ctx, v.Identity)
	p.Until, p.End = v.Until, v.End
	return p, v.CSRF, err
}

// Sessions lists the live sessions of a person.
func (c callers) Sessions(ctx context.Context, who web.Principal, cookie string) ([]web.Session, error) {
	kind, person := kindOf(who.Kind)
	if !person {
		return nil, nil
	}
	found, err := c.oauth.Live(ctx, oauth.Identity{Kind: kind, Subject: who.ID, FINESS: who.FINESS}, cookie)
	list := make([]web.Session, len(found))
	for i, s := range found {
		list[i] = web.Session(s)
	}
	return list, err
}

// EndSession ends one of them.
func (c callers) EndSession(ctx context.Context, who web.Principal, id string) error {
	kind, person := kindOf(who.Kind)
	if !person {
		return nil
	}
	return c.oauth.EndSession(ctx, oauth.Identity{Kind: kind, Subject: who.ID, FINESS: who.FINESS}, id)
}

// kindOf is a kind of person as oauth has it; an application has no session.
func kindOf(k web.PrincipalKind) (oauth.Kind, bool) {
	switch k {
	case web.Patient:
		return oauth.Patient, true
	case web.Professional:
		return oauth.Professional, true
	case web.Application:
	}
	return "", false
}

// Unattended returns who holds the session of a cookie, and lets it grow idle.
func (c callers) Unattended(ctx context.Context, cookie string) (web.Principal, string, error) {
	who, csrf, err := c.oauth.Sessions().Load(ctx, cookie)
	if err != nil {
		return web.Principal{}, "", unauthenticated(err)
	}
	p, err := c.principal(ctx, who)
	return p, csrf, err
}

// unauthenticated translates "nobody" and leaves every other failure as it is: not knowing is not no.
func unauthenticated(err error) error {
	if errors.Is(err, oauth.ErrUnauthenticated) {
		return web.ErrUnauthenticated
	}
	return err
}

// principal is an identity as web knows it. What a person may act for is looked up each time, so that a right
// that was taken away is gone at once (D27).
func (c callers) principal(ctx context.Context, who oauth.Identity) (web.Principal, error) {
	p := web.Principal{
		ID: who.Subject, Name: who.Name, FINESS: who.FINESS, ACR: who.ACR, Scopes: who.Scopes,
		Exercise: cmp.Or(who.ExerciseName, who.Exercise), NoExercise: who.NoExercise, Exercises: len(who.Exercises),
	}
	switch who.Kind {
	case oauth.Patient:
		p.Kind, p.Patient = web.Patient, conversations.PatientID(who.Subject)
	case oauth.Professional:
		// A structure's provider vouches for its mailboxes alone: nobody enrols by it (D26).
		p.Kind, p.Enrols = web.Professional, who.FINESS == "" && c.enrols(who.Subject)
		mandates, err := c.mandates(ctx, who.Subject, conversations.Vouched{FINESS: who.FINESS, NoExercise: who.NoExercise})
		if err != nil {
			return web.Principal{}, err
		}
		for _, m := range mandates {
			if m.Use {
				p.Mailboxes = append(p.Mailboxes, m.Mailbox.Address)
			}
		}
	case oauth.Application:
		p.Kind, p.Mailboxes = web.Application, c.applications(who.Subject)
	}
	return p, nil
}
