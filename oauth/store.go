package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/handler/pkce"
	"github.com/ory/fosite/storage"
	"github.com/redis/go-redis/v9"
)

// store keeps fosite's records in Redis. Get methods ignore the session they are handed: fosite
// passes nil at revocation, and the sealed record has its own.
type store struct {
	redis       redis.UniversalClient
	seal        sealer
	clients     Clients
	shortCuts   bool
	now         func() time.Time
	commitGrant *redis.Script
}

// fosite finds most of these by type assertion at run time; a missing method must not compile.
var (
	_ fosite.Storage                     = (*store)(nil)
	_ oauth2.CoreStorage                 = (*store)(nil)
	_ oauth2.TokenRevocationStorage      = (*store)(nil)
	_ openid.OpenIDConnectRequestStorage = (*store)(nil)
	_ pkce.PKCERequestStorage            = (*store)(nil)
	_ storage.Transactional              = (*store)(nil)
)

// putRecord prepares the step that stores r under key until shortly after the token of this type
// expires: fosite itself refuses expired tokens, the record may outlive them by a minute.
func (s *store) putRecord(key string, r fosite.Requester, token fosite.TokenType) (step, error) {
	sealed, err := s.seal.sealJSON(key, recordOf(r))
	if err != nil {
		return step{}, err
	}
	keep := codeLife
	if until := r.GetSession().GetExpiresAt(token); !until.IsZero() {
		keep = until.Sub(s.now())
	}
	return step{key: key, verb: stepPut, value: string(sealed), keep: max(keep, 0) + time.Minute}, nil
}

// record reads the record under key. usable is false when it was spent or revoked. It fails with
// fosite.ErrNotFound when there is none, it cannot be read, or its client was withdrawn.
func (s *store) record(ctx context.Context, key string) (*fosite.Request, bool, error) {
	fields, err := s.redis.HMGet(ctx, key, "d", "a").Result()
	if err != nil {
		return nil, false, unavailable("read grant", err)
	}
	sealed, _ := fields[0].(string)
	state, _ := fields[1].(string)
	if sealed == "" {
		return nil, false, fosite.ErrNotFound
	}
	var g grantRecord
	if err := s.seal.openJSON(key, []byte(sealed), &g); err != nil || g.Version != recordVersion || g.Session == nil {
		return nil, false, fosite.ErrNotFound.WithWrap(err)
	}
	client, err := s.GetClient(ctx, g.Client)
	if err != nil {
		return nil, false, err
	}
	return g.request(client), state == "1", nil
}

// GetClient looks the client up. Short-cut tokens have a client that exists only while they are
// allowed, whatever the list of clients says.
func (s *store) GetClient(ctx context.Context, id string) (fosite.Client, error) {
	if id == shortCutClient {
		if !s.shortCuts {
			return nil, fosite.ErrNotFound
		}
		return Client{ID: shortCutClient, Kind: Application}.forFosite(), nil
	}
	client, err := s.clients.Client(ctx, id)
	if errors.Is(err, ErrUnknownClient) {
		return nil, fosite.ErrNotFound.WithWrap(err)
	} else if err != nil {
		return nil, err
	}
	return client.forFosite(), nil
}

// ClientAssertionJWTValid leaves the answer to SetClientAssertionJWT, which is atomic.
func (s *store) ClientAssertionJWTValid(context.Context, string) error { return nil }

// SetClientAssertionJWT accepts each assertion id once. Assertions that live longer than
// maxAssertionLife are refused, or clients could fill Redis with them.
func (s *store) SetClientAssertionJWT(ctx context.Context, id string, until time.Time) error {
	keep := until.Sub(s.now())
	if keep > maxAssertionLife {
		return fosite.ErrInvalidClient.WithHint("The 'client_assertion' lives too long.")
	}
	// The mark is the mark of this very call, so that a repeat after a lost answer is recognised.
	mark := randomText()
	held, err := s.redis.SetArgs(ctx, assertionKey(id), mark, redis.SetArgs{
		Mode: "NX", Get: true, TTL: max(keep, 0) + time.Minute,
	}).Result()
	switch {
	case err != nil && !errors.Is(err, redis.Nil):
		return unavailable("mark assertion", err)
	case err == nil && held != mark:
		return fosite.ErrInvalidClient.WithWrap(fosite.ErrJTIKnown).
			WithHint("The claim 'jti' of the 'client_assertion' was used before.")
	}
	return nil
}
