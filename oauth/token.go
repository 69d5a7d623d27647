package oauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/ory/fosite"
)

// token exchanges a code, a refresh token or the client's own credentials (RFC 6749 section 3.2).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if err := s.within(ctx, useSource, s.limits.TokensPerMinute, sourceOf(r)); err != nil {
		s.refuse(ctx, w, nil, err)
		return
	}
	request, err := s.provider.NewAccessRequest(ctx, r, &grantSession{})
	if request == nil {
		// No handler took it, which fosite calls invalid_request.
		s.refuse(ctx, w, nil, fosite.ErrUnsupportedGrantType)
		return
	}
	if err != nil {
		s.refuse(ctx, w, request, err)
		return
	}
	if err = s.complete(ctx, r, request); err == nil {
		var answer fosite.AccessResponder
		if answer, err = s.provider.NewAccessResponse(ctx, request); err == nil {
			s.provider.WriteAccessResponse(ctx, w, request, answer)
			return
		}
	}
	s.refuse(ctx, w, request, err)
}

// complete adds what fosite leaves to us: who an application is, the end of a family of refresh tokens
// grantLife after the login they come from, and the certificate that tokens are bound to.
func (s *Server) complete(ctx context.Context, r *http.Request, request fosite.AccessRequester) error {
	session, ok := request.GetSession().(*grantSession)
	client, known := request.GetClient().(fositeClient)
	if !ok || !known {
		return fosite.ErrServerError
	}
	switch {
	case request.GetGrantTypes().ExactOne("client_credentials"):
		for _, scope := range request.GetRequestedScopes() {
			request.GrantScope(scope)
		}
		session.Identity = Identity{
			Kind: Application, Subject: client.client.ID, Name: client.client.Name, FINESS: client.client.FINESS,
		}
		session.Subject = client.client.ID
	case request.GetGrantTypes().ExactOne("refresh_token"):
		if !s.now().Before(session.IDTokenClaims().AuthTime.Add(grantLife)) {
			return fosite.ErrInvalidGrant.WithHint("The person must log in again.")
		}
	}
	if err := s.vouched.check(ctx, session.Identity); errors.Is(err, ErrUnauthenticated) {
		return fosite.ErrInvalidGrant.WithHint("The person must log in again.")
	} else if err != nil {
		return err
	}
	return bind(r, session, client.client)
}

// clientChallenge names how a client authenticates at the endpoints that are not for browsers.
const clientChallenge = `Basic realm="mesbridge", charset="UTF-8"`

// refuse answers a client with an error, and a 401 with the challenge that RFC 6749 section 5.2 demands
// and fosite leaves out.
func (s *Server) refuse(ctx context.Context, w http.ResponseWriter, request fosite.AccessRequester, err error) {
	var above tooMany
	if errors.As(err, &above) {
		w.Header().Set("Retry-After", above.retryAfter())
	}
	err = clientError(err)
	if fosite.ErrorToRFC6749Error(err).StatusCode() == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", clientChallenge)
	}
	s.provider.WriteAccessError(ctx, w, request, err)
}

// clientError turns what our store reports into what RFC 6749 lets a client see: the loser of a
// race holds an invalid grant, not a server error, and an absent store is temporary.
func clientError(err error) error {
	switch {
	case errors.As(err, &tooMany{}):
		return errTooMany.WithWrap(err)
	case errors.Is(err, fosite.ErrInvalidState): // a code of fosite's own
		return fosite.ErrInvalidRequest.WithHint("The parameter 'state' must have at least 8 characters.")
	case errors.Is(err, ErrUnavailable):
		return fosite.ErrTemporarilyUnavailable.WithWrap(err)
	case errors.Is(err, errSpent):
		return fosite.ErrInvalidGrant.WithWrap(err)
	}
	return err
}
