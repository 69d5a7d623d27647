package oauth

import (
	"context"
	"crypto"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/redis/go-redis/v9"
)

// maxFormBytes bounds the body of any request; the largest legitimate one carries a signed client
// assertion of a few kilobytes.
const maxFormBytes = 64 << 10

// Server is the authorization server and the login. It keeps no state of its own that matters:
// any number of processes may serve the same Redis with the same secrets. It is safe for parallel
// use.
type Server struct {
	issuer        string
	provider      *fosite.Fosite
	core          oauth2.CoreStrategy
	store         *store
	sessions      *Sessions
	upstreams     map[string]*upstream // by key
	structures    []Structure
	vouched       vouching
	encryption    encryptionSet
	resolve       Resolver
	linking       string // empty: nobody links a login
	loggedOut     func(context.Context, Identity)
	mutual        *MutualTLS // nil when there is no such listener
	limits        Limits
	audiences     []string // that an assertion for this server may name
	pages         Pages
	shortCuts     bool
	log           *slog.Logger
	now           func() time.Time
	discovery     []byte // JSON
	keySet        jose.JSONWebKeySet
	endEverything *redis.Script
}

// New makes a server, or reports all faults of the configuration at once. It speaks to nobody:
// upstream providers are discovered at the first login.
func New(c Config) (*Server, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	key, keySet, err := signingKeys(c)
	if err != nil {
		return nil, err
	}
	discovery, err := discoveryDocument(c)
	if err != nil {
		return nil, err
	}
	seal := sealer{master: c.SealKey}
	st := &store{
		redis: c.Redis, seal: seal, clients: c.Clients, shortCuts: c.ShortCuts, now: c.Now,
		commitGrant: redis.NewScript(commitGrantSource),
	}
	s := &Server{
		issuer: c.Issuer, store: st, resolve: c.Resolve, linking: c.Linking, loggedOut: c.LoggedOut, pages: c.Pages,
		mutual: c.MutualTLS, limits: c.Limits, audiences: []string{c.Issuer + tokenPath, c.Issuer},
		sessions:   newSessions(c, seal),
		upstreams:  newUpstreams(c),
		structures: c.Structures,
		vouched:    c.Vouched,
		shortCuts:  c.ShortCuts, log: c.Log, now: c.Now, discovery: discovery,
		endEverything: redis.NewScript(endEverythingSource),
		keySet:        keySet,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if c.MutualTLS != nil {
		s.audiences = append(s.audiences, c.MutualTLS.URL+tokenPath)
	}
	if s.encryption, err = encryptionKeys(s.upstreams); err != nil {
		return nil, err
	}
	s.provider, s.core = newProvider(c, s, key)
	return s, nil
}

// Sessions gives the browser sessions, for pages that must know who looks at them.
func (s *Server) Sessions() *Sessions { return s.sessions }

// upstreamOf gives the provider with this key; nil when there is none.
func (s *Server) upstreamOf(key string) *upstream { return s.upstreams[key] }

// The paths of the endpoints.
const (
	authorizePath  = "/oauth/authorize"
	pushPath       = "/oauth/par"
	tokenPath      = "/oauth/token" //nolint:gosec // a path, not a secret
	introspectPath = "/oauth/introspect"
	revokePath     = "/oauth/revoke"
	keysPath       = "/oauth/jwks"
	loginPath      = "/oauth/login/"    // and the kind
	callbackPath   = "/oauth/callback/" // and the key of the provider
	renewPath      = "/oauth/session/renew"
	logoutPath     = "/oauth/logout"
	endSessionPath = "/oauth/end_session"
	userInfoPath   = "/oauth/userinfo"
	discoveryPath  = "/.well-known/openid-configuration"
)

// Handler serves all paths under /oauth/ and the discovery document; it is to be mounted with the
// paths unchanged.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+discoveryPath, s.serveDiscovery)
	mux.HandleFunc("GET "+keysPath, s.serveKeys)
	mux.HandleFunc("GET "+authorizePath, s.askConsent)
	mux.HandleFunc("POST "+authorizePath, s.takeAnswer)
	mux.HandleFunc("POST "+pushPath, s.push)
	mux.HandleFunc("POST "+tokenPath, s.token)
	mux.HandleFunc("POST "+introspectPath, s.introspect)
	mux.HandleFunc("POST "+revokePath, s.revoke)
	mux.HandleFunc("GET "+loginPath+"{provider}", s.startLogin)
	mux.HandleFunc("GET "+callbackPath+"{provider}", s.finishLogin)
	mux.HandleFunc("GET "+resumePath+"{provider}", s.resumeLogin)
	mux.HandleFunc("GET "+exercisePath, s.askExercise)
	mux.HandleFunc("POST "+exercisePath, s.takeExercise)
	mux.HandleFunc("POST "+renewPath, s.stay)
	mux.HandleFunc("GET "+encryptionKeysPath, s.serveEncryptionKeys)
	mux.HandleFunc("POST "+logoutPath, s.logout)
	for _, method := range []string{"GET ", "POST "} {
		mux.HandleFunc(method+endSessionPath, s.endSession)
		mux.HandleFunc(method+userInfoPath, s.serveUserInfo)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.pages.Error(w, r, http.StatusNotFound, ErrorData{Code: NotFound})
	})
	return guarded(mux)
}

// MutualTLSPaths are the endpoints that the listener with mutual TLS serves of this package: those that programs
// call. The others are for browsers, which have no business there.
func MutualTLSPaths() []string {
	return []string{tokenPath, introspectPath, revokePath, pushPath, userInfoPath}
}

// guarded sets what every answer has in common: nothing is cached, framed, sniffed or named in a
// referrer (codes stand in URLs), and bodies are bounded. Pages replace the policy with their own.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
		next.ServeHTTP(w, r)
	})
}

// signingKeys gives the key that signs, and all that /oauth/jwks publishes.
func signingKeys(c Config) (*jose.JSONWebKey, jose.JSONWebKeySet, error) {
	key, err := namedKey(c.SigningKey)
	if err != nil {
		return nil, jose.JSONWebKeySet{}, err
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}}
	for _, public := range c.OtherKeys {
		other, err := namedKey(public)
		if err != nil {
			return nil, jose.JSONWebKeySet{}, err
		}
		if len(set.Key(other.KeyID)) == 0 {
			set.Keys = append(set.Keys, *other)
		}
	}
	return key, set, nil
}

// namedKey gives a key the name under which it is published: its thumbprint (RFC 7638).
func namedKey(rsaKey any) (*jose.JSONWebKey, error) {
	key := &jose.JSONWebKey{Key: rsaKey, Algorithm: "RS256", Use: "sig"}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("name signing key: %w", err)
	}
	key.KeyID = encodeThumbprint(sum)
	return key, nil
}

func encodeThumbprint(sum []byte) string { return base64.RawURLEncoding.EncodeToString(sum) }
