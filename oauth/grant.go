package oauth

import (
	"net/url"
	"slices"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/openid"
)

// grantSession is what fosite carries from an authorization to its tokens.
type grantSession struct {
	openid.DefaultSession
	Identity Identity `json:"identity"`
	// Thumbprint is that of the certificate without which the tokens are worth nothing; empty: none (RFC 8705).
	Thumbprint string `json:"x5t,omitempty"`
	// Exchanged tells that the token came of a token of the professionals' provider (RFC 8693).
	Exchanged bool `json:"exchanged,omitempty"`
	// Software is what an exchange said of the software that asked; nil: nothing (I55).
	Software *Software `json:"software,omitempty"`
}

var _ openid.Session = (*grantSession)(nil)

// newGrantSession starts the session of one authorization: who it is for, when that person logged
// in, and when the client asked.
func newGrantSession(who Identity, loggedIn, asked time.Time) *grantSession {
	who.Exercises = nil // a grant is for the one that was chosen
	s := &grantSession{Identity: who}
	s.Subject = who.Subject
	claims := s.IDTokenClaims()
	claims.Subject = who.Subject
	claims.AuthTime = loggedIn.UTC().Truncate(time.Second)
	claims.RequestedAt = asked.UTC()
	// The claim has a field of its own; fosite drops it from the extra claims.
	claims.AuthenticationContextClassReference = who.ACR
	return s
}

// Clone returns an independent copy, as fosite demands of its sessions.
func (s *grantSession) Clone() fosite.Session {
	if s == nil {
		return nil
	}
	c := &grantSession{Identity: s.Identity, Thumbprint: s.Thumbprint, Exchanged: s.Exchanged}
	c.Identity.Scopes = slices.Clone(s.Identity.Scopes)
	if s.Software != nil {
		software := *s.Software
		c.Software = &software
	}
	if inner, ok := s.DefaultSession.Clone().(*openid.DefaultSession); ok {
		c.DefaultSession = *inner
	}
	return c
}

// recordVersion is the version of the stored form of a grant. A record of another version counts
// as absent: the longest lives half a day, so nothing is migrated and people log in again.
const recordVersion = 1

// grantRecord is the stored form of a fosite.Requester. The client is kept by id and read again at
// each use.
type grantRecord struct {
	Version     int           `json:"v"`
	ID          string        `json:"id"`
	Client      string        `json:"client"`
	RequestedAt time.Time     `json:"requestedAt"`
	Scopes      []string      `json:"scopes"`
	Granted     []string      `json:"granted"`
	Form        url.Values    `json:"form"`
	Session     *grantSession `json:"session"`
}

func recordOf(r fosite.Requester) grantRecord {
	session, _ := r.GetSession().(*grantSession) // every request of this package carries one
	return grantRecord{
		Version: recordVersion, ID: r.GetID(), Client: r.GetClient().GetID(), RequestedAt: r.GetRequestedAt(),
		Scopes: r.GetRequestedScopes(), Granted: r.GetGrantedScopes(), Form: r.GetRequestForm(), Session: session,
	}
}

// personOf is who a request is for.
func personOf(r fosite.Requester) Identity {
	session, ok := r.GetSession().(*grantSession)
	if !ok {
		return Identity{}
	}
	return session.Identity
}

func (g grantRecord) request(client fosite.Client) *fosite.Request {
	return &fosite.Request{
		ID: g.ID, RequestedAt: g.RequestedAt, Client: client, RequestedScope: g.Scopes, GrantedScope: g.Granted,
		Form: g.Form, Session: g.Session,
	}
}
