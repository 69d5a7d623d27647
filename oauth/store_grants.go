package oauth

import (
	"context"
	"errors"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/openid"
)

// Authorization codes.

func (s *store) CreateAuthorizeCodeSession(ctx context.Context, signature string, r fosite.Requester) error {
	key := codeKey(signature)
	t, err := s.putRecord(key, r, fosite.AuthorizeCode)
	if err != nil {
		return err
	}
	return s.do(ctx, append(joinPerson(personOf(r), key), t)...)
}

// GetAuthorizeCodeSession returns the request also with the error of a used code: fosite needs it
// to revoke what the code gave.
func (s *store) GetAuthorizeCodeSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	r, usable, err := s.record(ctx, codeKey(signature))
	if err != nil {
		return nil, err
	}
	if !usable {
		return r, errors.Join(fosite.ErrInvalidatedAuthorizeCode, errSpent)
	}
	return r, nil
}

func (s *store) InvalidateAuthorizeCodeSession(ctx context.Context, signature string) error {
	return s.do(ctx, step{key: codeKey(signature), verb: stepSpend})
}

// Access tokens.

func (s *store) CreateAccessTokenSession(ctx context.Context, signature string, r fosite.Requester) error {
	return s.createToken(ctx, accessKey(signature), r, fosite.AccessToken)
}

func (s *store) GetAccessTokenSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	r, usable, err := s.record(ctx, accessKey(signature))
	if err != nil {
		return nil, err
	}
	if !usable {
		return nil, fosite.ErrNotFound
	}
	return r, nil
}

func (s *store) DeleteAccessTokenSession(ctx context.Context, signature string) error {
	return s.do(ctx, step{key: accessKey(signature), verb: stepDrop})
}

func (s *store) RevokeAccessToken(ctx context.Context, requestID string) error {
	return s.do(ctx, step{key: grantKey(requestID), verb: stepRevoke, value: accessPrefix})
}

// Refresh tokens.

func (s *store) CreateRefreshTokenSession(ctx context.Context, signature, _ string, r fosite.Requester) error {
	return s.createToken(ctx, refreshKey(signature), r, fosite.RefreshToken)
}

// GetRefreshTokenSession returns the request also with the error of a used token: its coming again
// ends the family (RFC 9700 section 4.14.2).
func (s *store) GetRefreshTokenSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	r, usable, err := s.record(ctx, refreshKey(signature))
	if err != nil {
		return nil, err
	}
	if !usable {
		return r, fosite.ErrInactiveToken
	}
	return r, nil
}

func (s *store) DeleteRefreshTokenSession(ctx context.Context, signature string) error {
	return s.do(ctx, step{key: refreshKey(signature), verb: stepDrop})
}

func (s *store) RevokeRefreshToken(ctx context.Context, requestID string) error {
	return s.do(ctx, step{key: grantKey(requestID), verb: stepRevoke, value: refreshPrefix})
}

// RotateRefreshToken spends the refresh token and ends the access tokens given before.
func (s *store) RotateRefreshToken(ctx context.Context, requestID, signature string) error {
	return s.do(
		ctx,
		step{key: refreshKey(signature), verb: stepSpend},
		step{key: grantKey(requestID), verb: stepRevoke, value: accessPrefix},
	)
}

// OpenID Connect and PKCE data of a code. fosite keys the first by the whole code.

func (s *store) CreateOpenIDConnectSession(ctx context.Context, code string, r fosite.Requester) error {
	return s.create(ctx, openidKey(code), r, fosite.AuthorizeCode)
}

func (s *store) GetOpenIDConnectSession(ctx context.Context, code string, _ fosite.Requester) (fosite.Requester, error) {
	r, _, err := s.record(ctx, openidKey(code))
	if errors.Is(err, fosite.ErrNotFound) {
		return nil, openid.ErrNoSessionFound
	} else if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *store) DeleteOpenIDConnectSession(ctx context.Context, code string) error {
	return s.do(ctx, step{key: openidKey(code), verb: stepDrop})
}

func (s *store) CreatePKCERequestSession(ctx context.Context, signature string, r fosite.Requester) error {
	return s.create(ctx, pkceKey(signature), r, fosite.AuthorizeCode)
}

func (s *store) GetPKCERequestSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	r, _, err := s.record(ctx, pkceKey(signature))
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *store) DeletePKCERequestSession(ctx context.Context, signature string) error {
	return s.do(ctx, step{key: pkceKey(signature), verb: stepDrop})
}

func (s *store) create(ctx context.Context, key string, r fosite.Requester, token fosite.TokenType) error {
	t, err := s.putRecord(key, r, token)
	if err != nil {
		return err
	}
	return s.do(ctx, t)
}

// createToken also joins the record to its grant, where revocation finds it.
func (s *store) createToken(ctx context.Context, key string, r fosite.Requester, token fosite.TokenType) error {
	t, err := s.putRecord(key, r, token)
	if err != nil {
		return err
	}
	grant := grantKey(r.GetID())
	var person []step
	if r.GetClient().GetID() != shortCutClient { // scripts of the demonstration keep theirs (docs/contract.md)
		person = joinPerson(personOf(r), grant)
	}
	return s.do(ctx, append(person, t, step{key: grant, verb: stepJoin, value: key, keep: t.keep})...)
}
