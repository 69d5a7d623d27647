package app

import (
	"context"
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
	mandates     func(ctx context.Context, person string) ([]conversations.Mandate, error)
	applications func(client string) []rules.Address
	enrols       func(person string) bool
}

// Token returns who holds a bearer token.
func (c callers) Token(ctx context.Context, bearer string) (web.Principal, error) {
	who, err := c.oauth.Introspect(ctx, bearer)
	if err != nil {
		return web.Principal{}, unauthenticated(err)
	}
	return c.principal(ctx, who)
}

// Session returns who holds the session of a cookie. To look at a page counts as activity.
func (c callers) Session(ctx context.Context, cookie string) (web.Principal, string, error) {
	who, csrf, err := c.oauth.Sessions().Load(ctx, cookie)
	if err != nil {
		return web.Principal{}, "", unauthenticated(err)
	}
	if err := c.oauth.Sessions().Touch(ctx, cookie); err != nil {
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
	p := web.Principal{ID: who.Subject, Name: who.Name, FINESS: who.FINESS, ACR: who.ACR, Scopes: who.Scopes}
	switch who.Kind {
	case oauth.Patient:
		p.Kind, p.Patient = web.Patient, conversations.PatientID(who.Subject)
	case oauth.Professional:
		p.Kind, p.Enrols = web.Professional, c.enrols(who.Subject)
		mandates, err := c.mandates(ctx, who.Subject)
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
