package oauth

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// issuedSkew is how far the clocks of a provider and ours may differ.
const issuedSkew = 2 * time.Minute

// finishLogin takes the person back from the provider, checks everything, and opens a session.
func (s *Server) finishLogin(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	up := s.upstreamOf(r.PathValue("provider"))
	if up == nil {
		s.pages.Error(w, r, http.StatusNotFound, ErrorData{Code: NotFound})
		return
	}
	f, err := s.checkAnswer(r, up)
	if err != nil {
		s.loginError(w, r, up, err)
		return
	}
	fresh, err := s.fetchIdentity(ctx, up, f, r.URL.Query().Get("code"))
	device := deviceOf(r.UserAgent())
	var later unlinked
	switch {
	case errors.As(err, &later):
		later.login.Device = device
		s.suspendLogin(w, r, up, f, later)
	case err != nil:
		s.loginError(w, r, up, err)
	default:
		fresh.Device = device
		s.admit(w, r, up, fresh, f.Return)
	}
}

// checkAnswer checks what came back in the URL: a state that we gave out for this provider and
// this browser and that was not used before, the issuer where the provider names it (RFC 9207),
// and no error.
func (s *Server) checkAnswer(r *http.Request, up *upstream) (flow, error) {
	query := r.URL.Query()
	f, err := s.takeFlow(r.Context(), query.Get("state"))
	switch {
	case errors.Is(err, ErrUnavailable):
		return flow{}, refusal{Unavailable, "store is away", err}
	case err != nil:
		return flow{}, refusal{LoginExpired, "state is unknown, used or too old", err}
	case f.Provider != up.key:
		return flow{}, refusal{LoginFailed, "state belongs to the other provider", nil}
	case !same(digest(value(r, s.sessions.cookies.binding())), f.Binding):
		return flow{}, refusal{LoginExpired, "login began in another browser", nil}
	}
	remote, err := up.remote(r.Context())
	if err != nil {
		return flow{}, refusal{Unavailable, "provider is away", err}
	}
	issuer, named := query.Get("iss"), query.Has("iss")
	switch {
	case (named || remote.sendsIss) && issuer != up.Issuer:
		return flow{}, refusal{LoginFailed, "answer names another issuer", nil}
	case query.Get("error") == "access_denied":
		return flow{}, refusal{LoginCancelled, "person gave up at the provider", nil}
	case query.Has("error"):
		return flow{}, refusal{LoginFailed, "provider answered with an error", nil}
	case query.Get("code") == "":
		return flow{}, refusal{LoginFailed, "code is missing", nil}
	}
	return f, nil
}

// fetchIdentity exchanges the code, verifies the ID token and asks the resolver who this is. It gives the session to
// open: who, and what is kept of the provider's tokens for the renewal and the logout there.
func (s *Server) fetchIdentity(ctx context.Context, up *upstream, f flow, code string) (session, error) {
	remote, err := up.remote(ctx)
	if err != nil {
		return session{}, refusal{Unavailable, "provider is away", err}
	}
	outside := up.context(ctx)
	token, err := remote.oauth.Exchange(outside, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return session{}, refusal{LoginFailed, "code was not exchanged", err}
	}
	raw, _ := token.Extra("id_token").(string)
	claims, err := up.verify(outside, remote, f, token, raw)
	if err != nil {
		return session{}, err
	}
	if up.UserInfo {
		if err := up.addUserInfo(outside, remote, token, claims); err != nil {
			return session{}, err
		}
	}
	sub, _ := claims["sub"].(string)
	fresh := session{IDToken: raw, UpstreamSubject: sub, Renewal: renewalOf(token, s.now())}
	who, err := s.identify(ctx, up, claims)
	switch {
	case s.linking != "" && errors.Is(err, ErrUnlinked):
		return session{}, unlinked{claims: claims, login: fresh}
	case err != nil:
		return session{}, err
	}
	fresh.Identity = who.settled()
	return fresh, nil
}

// identify judges the level of a login by its verified claims and asks the resolver who this is. It fails with
// a refusal, or with ErrUnlinked where there is a page to link a login.
func (s *Server) identify(ctx context.Context, up *upstream, claims map[string]any) (Identity, error) {
	level, err := up.assurance(claims)
	if err != nil {
		return Identity{}, refusal{AssuranceTooLow, "level of assurance", err}
	}
	who, err := s.resolve(ctx, up.key, claims)
	switch {
	case errors.Is(err, ErrUnlinked) && s.linking != "":
		return Identity{}, ErrUnlinked
	case errors.Is(err, ErrUnknownPerson) && up.finess != "":
		return Identity{}, refusal{NotListed, "person is not on the structure's list", err}
	case errors.Is(err, ErrUnknownPerson), errors.Is(err, ErrUnlinked):
		return Identity{}, refusal{PersonUnknown, "person is not admitted", err}
	case err != nil:
		return Identity{}, refusal{Unavailable, "person could not be looked up", err}
	case who.Subject == "":
		return Identity{}, refusal{PersonUnknown, "resolver gave no subject", nil}
	}
	who.Kind, who.ACR, who.Provider, who.FINESS = up.kind, level, "", ""
	if up.finess != "" {
		who.Provider, who.FINESS = up.key, up.finess
	}
	return who, nil
}

// verify checks the ID token: signature, issuer, audience and expiry by go-oidc, then what that
// library leaves to its caller (I21): nonce, authorized party, time of issue and, where given, the
// hash of the access token. It returns the claims without empty strings (I45).
func (u *upstream) verify(ctx context.Context, r *remote, f flow, token *oauth2.Token, raw string) (map[string]any, error) {
	id, err := u.verifier(r)(ctx, raw)
	if err != nil {
		return nil, refusal{LoginFailed, "id token is not valid", err}
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return nil, refusal{LoginFailed, "id token is not readable", err}
	}
	party, named := claims["azp"].(string)
	switch {
	case !same(id.Nonce, f.Nonce):
		return nil, refusal{LoginFailed, "nonce differs", nil}
	case named && party != u.ClientID, !named && len(id.Audience) > 1:
		return nil, refusal{LoginFailed, "id token was issued to another party", nil}
	case id.Subject == "":
		return nil, refusal{LoginFailed, "id token names nobody", nil}
	case id.IssuedAt.After(u.now().Add(issuedSkew)), id.IssuedAt.Before(f.Begun.Add(-issuedSkew)):
		return nil, refusal{LoginFailed, "id token was not issued for this login", nil}
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, refusal{LoginFailed, "access token does not fit the id token", err}
		}
	}
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == "" })
	return claims, nil
}
