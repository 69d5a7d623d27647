package oauth

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
)

// exchangeGrant is the grant type of RFC 8693, by which the software of an editor that is logged in with Pro
// Santé Connect gets a token of ours without sending the person through our own login (I52).
const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"

// The types of tokens in an exchange (RFC 8693 section 3). One page of ANS's guide says jwt of an access
// token, so both are taken for one (I52).
const (
	typeAccessToken = "urn:ietf:params:oauth:token-type:access_token" //nolint:gosec // a name, not a secret
	typeJWT         = "urn:ietf:params:oauth:token-type:jwt"          //nolint:gosec // a name, not a secret
	typeIDToken     = "urn:ietf:params:oauth:token-type:id_token"     //nolint:gosec // a name, not a secret
)

// exchangeParameters may come once each (RFC 6749 section 3.2).
var exchangeParameters = []string{
	"grant_type", "subject_token", "subject_token_type", "actor_token", "actor_token_type", "requested_token_type",
	"scope", "audience", "resource", "client_id",
}

// errTarget is invalid_target of RFC 8693 section 2.2.2.
var errTarget = &fosite.RFC6749Error{
	ErrorField: "invalid_target", DescriptionField: "The token would be for another server than this one.", CodeField: 400,
}

// exchange is fosite's handler of the grant. It gives an access token alone, which ends no later than the
// token that it was exchanged for: what renews it is the login at the provider.
type exchange struct {
	server *Server
	oauth2.HandleHelper
}

var _ fosite.TokenEndpointHandler = (*exchange)(nil)

// CanSkipClientAuth is false: without its certificate a client is nobody (I54).
func (x *exchange) CanSkipClientAuth(context.Context, fosite.AccessRequester) bool { return false }

// CanHandleTokenEndpointRequest takes this one grant.
func (x *exchange) CanHandleTokenEndpointRequest(_ context.Context, request fosite.AccessRequester) bool {
	return request.GetGrantTypes().ExactOne(exchangeGrant)
}

// HandleTokenEndpointRequest checks everything and writes who the new token is for into its session. Whatever
// is wrong with the token that is brought is invalid_request, as RFC 8693 section 2.2.2 asks; the hint says what.
func (x *exchange) HandleTokenEndpointRequest(ctx context.Context, request fosite.AccessRequester) error {
	client, known := request.GetClient().(fositeClient)
	session, ok := request.GetSession().(*grantSession)
	if !known || !ok {
		return fosite.ErrServerError
	}
	s, form := x.server, request.GetRequestForm()
	professionals := s.upstreamOf(string(Professional))
	if professionals == nil || len(client.client.ExchangesFor) == 0 {
		return fosite.ErrUnauthorizedClient.WithHint("The client is not registered to exchange tokens.")
	}
	if err := s.checkExchange(form, request, client.client); err != nil {
		return err
	}
	tool, err := s.readActor(form, client.client)
	if err != nil {
		return err
	}
	subject, err := professionals.subjectOf(ctx, form.Get("subject_token_type"), form.Get("subject_token"), client.client.ExchangesFor)
	if err != nil {
		return exchangeError(err)
	}
	who, err := s.identify(ctx, professionals, subject.claims)
	if err != nil {
		return exchangeError(err)
	}
	if err = who.chooseSituation(tool); err != nil {
		return err
	}
	for _, scope := range request.GetRequestedScopes() {
		if who.Has(scope) {
			request.GrantScope(scope)
		}
	}
	if len(request.GetGrantedScopes()) == 0 {
		return fosite.ErrInvalidScope.WithHint("The person holds none of these rights.")
	}
	now := s.now().UTC()
	*session = *newGrantSession(who, subject.loggedIn, now)
	session.Exchanged, session.Software = true, tool
	session.SetExpiresAt(fosite.AccessToken, earlier(subject.until, now.Add(accessLife)).UTC())
	return nil
}

// PopulateTokenEndpointResponse gives the token.
func (x *exchange) PopulateTokenEndpointResponse(ctx context.Context, request fosite.AccessRequester, answer fosite.AccessResponder) error {
	if !x.CanHandleTokenEndpointRequest(ctx, request) {
		return fosite.ErrUnknownRequest
	}
	if _, err := x.IssueAccessToken(ctx, accessLife, request, answer); err != nil {
		return err
	}
	answer.SetExtra("issued_token_type", typeAccessToken)
	return nil
}

// checkExchange judges the request by itself.
func (s *Server) checkExchange(form url.Values, request fosite.AccessRequester, client Client) error {
	for _, name := range exchangeParameters {
		if len(form[name]) > 1 {
			return fosite.ErrInvalidRequest.WithHintf("The parameter '%s' comes more than once.", name)
		}
	}
	types := []string{typeAccessToken, typeJWT, typeIDToken}
	wanted := form.Get("requested_token_type")
	switch {
	case form.Get("subject_token") == "":
		return fosite.ErrInvalidRequest.WithHint("The 'subject_token' is missing.")
	case !slices.Contains(types, form.Get("subject_token_type")):
		return fosite.ErrInvalidRequest.WithHint("The 'subject_token_type' must be that of an access token, a JWT or an ID token.")
	case wanted != "" && wanted != typeAccessToken:
		return fosite.ErrInvalidRequest.WithHint("Access tokens alone are given; leave 'requested_token_type' out.")
	case form.Has("actor_token") != form.Has("actor_token_type"):
		return fosite.ErrInvalidRequest.WithHint("'actor_token' and 'actor_token_type' come together or not at all.")
	case len(request.GetRequestedScopes()) == 0:
		return fosite.ErrInvalidRequest.WithHint("The 'scope' is missing (I52).")
	}
	for _, name := range []string{"audience", "resource"} {
		if target := form.Get(name); target != "" && !s.isOurs(target) {
			return errTarget
		}
	}
	for _, scope := range request.GetRequestedScopes() {
		if !isAPIScope(scope) || !slices.Contains(client.Scopes, scope) {
			return fosite.ErrInvalidScope.WithHint("A token of an exchange has rights of the API alone, those that the client is registered for.")
		}
	}
	return nil
}

// isOurs reports whether a target of a token is this server: its issuer, or a place under it or under the
// listener with mutual TLS.
func (s *Server) isOurs(target string) bool {
	asked, err := url.Parse(target)
	if err != nil || asked.Fragment != "" || asked.User != nil {
		return false
	}
	ours := []string{s.issuer}
	if s.mutual != nil {
		ours = append(ours, s.mutual.URL)
	}
	return slices.Contains(ours, asked.Scheme+"://"+asked.Host)
}

// exchangeError is how a client is told that the token it brought counts for nothing, or that this cannot be
// known now (D17).
func exchangeError(err error) error {
	var why refusal
	switch {
	case !errors.As(err, &why):
		return err
	case why.code == Unavailable:
		return unavailable("exchange a token", err)
	}
	return fosite.ErrInvalidRequest.WithHintf("The 'subject_token' is refused: %s.", why.reason).WithWrap(err)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
