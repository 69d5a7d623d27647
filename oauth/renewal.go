package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"
)

// The person's session at the provider is renewed with the refresh token it gave: Pro Santé Connect ends a session
// after 30 minutes without a sign of life, and one that ended there must end here (I23–I25).
const (
	// renewEvery is how old a renewal may be when the person acts: a logout elsewhere is felt here after this at the
	// latest.
	renewEvery = 10 * time.Minute
	// refreshLife is how long a refresh token lives when the provider does not say (I23).
	refreshLife = 30 * time.Minute
	// renewTimeout bounds a renewal: a person waits for a page.
	renewTimeout = 5 * time.Second
)

// renewal is what a session keeps to renew the provider's: the refresh token, and never the access token (I25).
type renewal struct {
	Token string    `json:"token"`
	At    time.Time `json:"at"`    // when the provider gave it
	Until time.Time `json:"until"` // first instant at which it is worth nothing
}

// renewalOf keeps the refresh token of an answer; nil when the provider gives none.
func renewalOf(token *oauth2.Token, now time.Time) *renewal {
	if token.RefreshToken == "" {
		return nil
	}
	life := refreshLife
	if seconds, ok := token.Extra("refresh_expires_in").(float64); ok && seconds > 0 && seconds < sessionAbsolute.Seconds() {
		life = time.Duration(seconds) * time.Second
	}
	return &renewal{Token: token.RefreshToken, At: now.UTC(), Until: now.Add(life).UTC()}
}

// renew keeps the provider's session alive when that is due. When the provider refuses, or was away until the refresh
// token was too old, the session ends here too and the person logs in again: ErrUnauthenticated, and no second try
// (I24, I25). While the provider is away the session goes on.
func (s *Server) renew(ctx context.Context, cookieValue string, found session) error {
	now := s.now()
	if found.Renewal == nil || now.Before(found.Renewal.At.Add(renewEvery)) {
		return nil
	}
	up := s.upstreamOf(found.Identity.upstreamKey())
	if up == nil {
		return s.endRefused(ctx, cookieValue, "the provider is not in use any more")
	}
	// One page renews; the others of the same person do not wait for it.
	won, err := s.store.redis.SetNX(ctx, renewKey(cookieValue), "1", renewTimeout).Result()
	if err != nil {
		return unavailable("renew session", err)
	}
	if !won {
		return nil
	}
	fresh, err := up.refresh(ctx, found, now)
	switch {
	case errors.Is(err, errRefused):
		return s.endRefused(ctx, cookieValue, "the provider did not renew it")
	case err != nil && !now.Before(found.Renewal.Until):
		return s.endRefused(ctx, cookieValue, "the provider was away for too long")
	case err != nil:
		s.log.WarnContext(ctx, "session not renewed at its provider yet", "provider", up.key)
		return nil
	}
	if err = s.sessions.rewrite(ctx, cookieValue, fresh); err != nil {
		return err // it ended meanwhile, or the store is away
	}
	if err := s.store.redis.Del(ctx, renewKey(cookieValue)).Err(); err != nil {
		return unavailable("renew session", err)
	}
	return nil
}

// endRefused ends a session whose provider ended it.
func (s *Server) endRefused(ctx context.Context, cookieValue, reason string) error {
	s.log.InfoContext(ctx, "session ended", "reason", reason)
	if err := s.sessions.end(ctx, cookieValue); err != nil {
		return err
	}
	return ErrUnauthenticated
}

// errRefused means that the provider will not renew, however often it is asked.
var errRefused = errors.New("provider refused to renew")

// refresh asks the provider for new tokens and gives the session with them. It fails with errRefused, and with any other
// error when asking again may help.
func (u *upstream) refresh(ctx context.Context, found session, now time.Time) (session, error) {
	remote, err := u.remote(ctx)
	if err != nil {
		return session{}, err
	}
	outside, cancel := context.WithTimeout(u.context(context.WithoutCancel(ctx)), renewTimeout)
	defer cancel()
	token, err := remote.oauth.TokenSource(outside, &oauth2.Token{RefreshToken: found.Renewal.Token}).Token()
	if refused := new(oauth2.RetrieveError); errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
		return session{}, errRefused
	} else if err != nil {
		return session{}, fmt.Errorf("renew at provider: %w", err)
	}
	// An ID token need not come again; one that comes is about the same person (OpenID Connect Core 12.2).
	if raw, _ := token.Extra("id_token").(string); raw != "" {
		id, err := u.verifier(remote)(outside, raw)
		if err != nil || id.Subject != found.UpstreamSubject {
			return session{}, errRefused
		}
		found.IDToken = raw
	}
	found.Renewal = renewalOf(token, now)
	return found, nil
}
