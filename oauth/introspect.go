package oauth

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/ory/fosite"
)

// Introspect tells who stands behind an access token of ours that came over a connection without a
// certificate. It fails with ErrUnauthenticated for anything that is not a living access token (refresh tokens
// included) or is bound to a certificate, and with ErrUnavailable when that could not be found out.
func (s *Server) Introspect(ctx context.Context, accessToken string) (Identity, error) {
	return s.IntrospectOver(ctx, accessToken, nil)
}

// IntrospectOver is Introspect for a connection whose other side proved that it holds the key of a certificate:
// a token that is bound to one counts over that connection alone (RFC 8705 section 3). nil: it showed none.
func (s *Server) IntrospectOver(ctx context.Context, accessToken string, peer *x509.Certificate) (Identity, error) {
	request, err := s.lookUp(ctx, accessToken)
	if err != nil {
		return Identity{}, err
	}
	if !boundTo(request, peer) {
		return Identity{}, ErrUnauthenticated
	}
	return identityOf(request), nil
}

func (s *Server) lookUp(ctx context.Context, accessToken string) (fosite.AccessRequester, error) {
	_, request, err := s.provider.IntrospectToken(ctx, accessToken, fosite.AccessToken, &grantSession{})
	switch {
	case errors.Is(err, ErrUnavailable):
		return nil, unavailable("introspect", err)
	case err != nil:
		return nil, ErrUnauthenticated
	}
	if err := s.vouched.check(ctx, personOf(request)); err != nil {
		return nil, err
	}
	return request, nil
}

// identityOf reads the identity of a grant; its scopes are those granted, and no others.
func identityOf(request fosite.Requester) Identity {
	session, ok := request.GetSession().(*grantSession)
	if !ok {
		return Identity{}
	}
	who := session.Identity
	who.Scopes = slices.DeleteFunc(slices.Clone([]string(request.GetGrantedScopes())), func(scope string) bool {
		return !isAPIScope(scope)
	})
	return who
}

// introspection is the answer of RFC 7662 section 2.2, with the members a resource server needs to
// bind the token to a structure and to the strength of the login (I247).
type introspection struct {
	Active   bool   `json:"active"`
	Scope    string `json:"scope,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	Type     string `json:"token_type,omitempty"`
	Expires  int64  `json:"exp,omitempty"`
	Issued   int64  `json:"iat,omitempty"`
	Issuer   string `json:"iss,omitempty"`
	Subject  string `json:"sub,omitempty"`
	ACR      string `json:"acr,omitempty"`
	Kind     Kind   `json:"kind,omitempty"`
	FINESS   string `json:"finess,omitempty"`
	Exercise string `json:"exercise,omitempty"`

	Confirmation *confirmation `json:"cnf,omitempty"` // RFC 8705 section 3.2
	Actor        *actor        `json:"act,omitempty"` // RFC 8693 section 4.1: of an exchanged token
}

type confirmation struct {
	Thumbprint string `json:"x5t#S256"`
}

// actor is the client that exchanged a token and what it said of its software (I55).
type actor struct {
	Subject string `json:"sub"`
	Software
}

// introspect is made by hand: fosite's own request takes no private_key_jwt and does not ask
// whether this client may know this token. A token of another client looks inactive unless the
// client is registered as a resource server.
func (s *Server) introspect(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if err := r.ParseForm(); err != nil {
		s.refuse(ctx, w, nil, fosite.ErrInvalidRequest)
		return
	}
	client, err := s.provider.AuthenticateClient(ctx, r, r.PostForm)
	if err == nil && client.IsPublic() {
		err = fosite.ErrInvalidClient
	}
	if err != nil {
		s.refuse(ctx, w, nil, err)
		return
	}
	request, err := s.lookUp(ctx, r.PostForm.Get("token"))
	if errors.Is(err, ErrUnavailable) {
		s.refuse(ctx, w, nil, err)
		return
	}
	caller, known := client.(fositeClient)
	if err != nil || !known || caller.GetID() != request.GetClient().GetID() && !caller.client.Introspects {
		writeJSON(w, introspection{})
		return
	}
	writeJSON(w, s.describe(request))
}

// describe is the answer about a living token.
func (s *Server) describe(request fosite.Requester) introspection {
	who := identityOf(request)
	about := introspection{
		Active: true, Scope: strings.Join(request.GetGrantedScopes(), " "), ClientID: request.GetClient().GetID(),
		Type: "Bearer", Expires: request.GetSession().GetExpiresAt(fosite.AccessToken).Unix(),
		Issued: request.GetRequestedAt().Unix(), Issuer: s.issuer, Subject: who.Subject, ACR: who.ACR,
		Kind: who.Kind, FINESS: who.FINESS, Exercise: who.Exercise,
	}
	session, ok := request.GetSession().(*grantSession)
	if !ok {
		return about
	}
	if session.Thumbprint != "" {
		about.Confirmation = &confirmation{session.Thumbprint}
	}
	if session.Exchanged {
		about.Actor = &actor{Subject: request.GetClient().GetID()}
		if session.Software != nil {
			about.Actor.Software = *session.Software
		}
	}
	return about
}

// revoke ends the grant that a token belongs to (RFC 7009). fosite's own answer to a store that is
// away is 200, as if the token were gone; here it is 503, so that the client tries again.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if err := s.provider.NewRevocationRequest(ctx, r); err != nil {
		s.refuse(ctx, w, nil, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}
