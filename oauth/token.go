package oauth

import (
	"errors"
	"net/http"

	"github.com/ory/fosite"
)

// token exchanges a code, a refresh token or the client's own credentials (RFC 6749 section 3.2).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	request, err := s.provider.NewAccessRequest(ctx, r, &grantSession{})
	if request == nil {
		// No handler took it, which fosite calls invalid_request.
		s.provider.WriteAccessError(ctx, w, nil, fosite.ErrUnsupportedGrantType)
		return
	}
	if err != nil {
		s.provider.WriteAccessError(ctx, w, request, clientError(err))
		return
	}
	if err = s.complete(request); err == nil {
		var answer fosite.AccessResponder
		if answer, err = s.provider.NewAccessResponse(ctx, request); err == nil {
			s.provider.WriteAccessResponse(ctx, w, request, answer)
			return
		}
	}
	s.provider.WriteAccessError(ctx, w, request, clientError(err))
}

// complete adds what fosite leaves to us: who an application is, and the end of a family of
// refresh tokens grantLife after the login they come from.
func (s *Server) complete(request fosite.AccessRequester) error {
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
	return nil
}

// clientError turns what our store reports into what RFC 6749 lets a client see: the loser of a
// race holds an invalid grant, not a server error, and an absent store is temporary.
func clientError(err error) error {
	switch {
	case errors.Is(err, ErrUnavailable):
		return fosite.ErrTemporarilyUnavailable.WithWrap(err)
	case errors.Is(err, errSpent):
		return fosite.ErrInvalidGrant.WithWrap(err)
	}
	return err
}
