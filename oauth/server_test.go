package oauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ory/fosite"
	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

func TestNew_refuses(t *testing.T) {
	t.Parallel()
	good := newWorld(t, redistest.Mini(t), nil).config
	for name, change := range map[string]func(*Config){
		"short cuts in production":     func(c *Config) { c.Environment, c.Issuer = Production, "https://mes.example" },
		"plain http in production":     func(c *Config) { c.Environment, c.ShortCuts = Production, false },
		"plain http on a network":      func(c *Config) { c.Issuer = "http://mes.example" },
		"issuer with a slash":          func(c *Config) { c.Issuer += "/" },
		"issuer with a path":           func(c *Config) { c.Issuer += "/mes" },
		"no issuer":                    func(c *Config) { c.Issuer = "" },
		"short seal key":               func(c *Config) { c.SealKey = c.SealKey[1:] },
		"short token secret":           func(c *Config) { c.GlobalSecret = c.GlobalSecret[1:] },
		"no signing key":               func(c *Config) { c.SigningKey = nil },
		"no clients":                   func(c *Config) { c.Clients = nil },
		"no pages":                     func(c *Config) { c.Pages = nil },
		"no clock":                     func(c *Config) { c.Now = nil },
		"no Redis":                     func(c *Config) { c.Redis = nil },
		"no resolver":                  func(c *Config) { c.Resolve = nil },
		"provider without client":      func(c *Config) { c.Patients = &Upstream{Issuer: "https://p.example"} },
		"provider over plain http":     func(c *Config) { c.Patients = &Upstream{Issuer: "http://p.example", ClientID: "x"} },
		"provider of an unknown level": func(c *Config) { c.Patients = &Upstream{Issuer: "https://p.example", ClientID: "x", Level: "high"} },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	production := good
	production.Environment, production.ShortCuts, production.Issuer = Production, false, "https://mes.example"
	production.Patients, production.Professionals = nil, nil
	if _, err := New(production); err != nil {
		t.Errorf("production: %v", err)
	}
}

func TestNewStaticClients_refuses(t *testing.T) {
	t.Parallel()
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	good := Client{ID: "x", Kind: Patient, RedirectURIs: []string{appRedirect}}
	for name, change := range map[string]func(*Client){
		"no id":                     func(c *Client) { c.ID = "" },
		"reserved id":               func(c *Client) { c.ID = shortCutClient },
		"no kind":                   func(c *Client) { c.Kind = "" },
		"no redirect":               func(c *Client) { c.RedirectURIs = nil },
		"redirect over plain http":  func(c *Client) { c.RedirectURIs = []string{"http://app.example/"} },
		"redirect by script":        func(c *Client) { c.RedirectURIs = []string{"javascript:alert(1)"} },
		"redirect with fragment":    func(c *Client) { c.RedirectURIs = []string{appRedirect + "#x"} },
		"application without proof": func(c *Client) { c.Kind = Application },
		"secret instead of hash":    func(c *Client) { c.SecretHash = []byte(appSecret) },
		"unsupported curve":         func(c *Client) { c.Keys = []PublicKey{{ID: "k", Key: p384.Public()}} },
		"keys of two types": func(c *Client) {
			c.Keys = []PublicKey{{ID: "a", Key: sihKey().Public()}, {ID: "b", Key: testKey().Public()}}
		},
	} {
		c := good
		change(&c)
		if _, err := NewStaticClients(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := NewStaticClients(good, good); err == nil {
		t.Error("the same client twice: accepted")
	}
	if _, err := NewStaticClients(good); err != nil {
		t.Error(err)
	}
}

func TestSecret_generated(t *testing.T) {
	t.Parallel()
	secret, hash := NewSecret()
	expect(t, "right secret", secretHasher{}.Compare(t.Context(), hash, []byte(secret)), nil)
	for _, h := range [][]byte{nil, {}, hash[:31], []byte(secret)} {
		if (secretHasher{}).Compare(t.Context(), h, []byte(secret)) == nil {
			t.Errorf("accepted with hash %x", h)
		}
	}
	if (secretHasher{}).Compare(t.Context(), nil, nil) == nil {
		t.Error("an empty secret fits an absent hash")
	}
}

// The demonstration's tokens live through a restart with the same secrets on the same Redis.
func TestShortCut_surviveARestart(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		want := Identity{Kind: Application, Subject: "clinique", Name: "Clinique", FINESS: "750000001", Scopes: []string{"episode.close", "thread.read"}}
		token, err := w.server.IssueToken(t.Context(), want, 12*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		restarted := newWorld(t, r, nil)
		got, err := restarted.server.Introspect(t.Context(), token)
		expect(t, "error", err, nil)
		type plain Identity
		expect(t, "identity", plain(got), plain(want))
		without := newWorld(t, r, func(c *Config) { c.ShortCuts = false })
		expect(t, "on a server without short cuts", without.lives(token), false)
		other := newWorld(t, r, func(c *Config) { c.GlobalSecret = []byte(strings.Repeat("x", 32)) })
		expect(t, "with another secret", other.lives(token), false)
	})
}

func TestShortCut_switchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *Config) { c.ShortCuts = false })
	_, err := w.server.IssueToken(t.Context(), Identity{Kind: Patient}, time.Hour)
	expect(t, "error", errors.Is(err, ErrNoShortCuts), true)
	allowed := newWorld(t, redistest.Mini(t), nil)
	for _, ttl := range []time.Duration{0, -time.Second, 25 * time.Hour} {
		if _, err := allowed.server.IssueToken(t.Context(), Identity{Kind: Patient}, ttl); err == nil {
			t.Errorf("a token for %v was given", ttl)
		}
	}
}

// go-redis repeats a script when it lost the answer: the repeat must not count as a second use.
func TestCommit_repeated_countsOnce(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		key := codeKey("signature")
		r.HSet(t.Context(), key, "d", "x", "a", "1")
		spendAs := func(id string) int {
			n, err := w.server.store.commitGrant.Run(t.Context(), r, []string{key}, id, "spend", "", 0).Int()
			expect(t, "error", err, nil)
			return n
		}
		expect(t, "first", spendAs("one"), 1)
		expect(t, "its repeat", spendAs("one"), 1)
		expect(t, "another", spendAs("two"), 0)
		expect(t, "absent record", func() int { r.Del(t.Context(), key); return spendAs("one") }(), 0)
	})
}

// A commit writes everything or nothing.
func TestCommit_refused_writesNothing(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		st := w.server.store
		ctx, err := st.BeginTX(t.Context())
		expect(t, "begin", err, nil)
		expect(t, "put", st.do(ctx, step{key: accessKey("a"), verb: stepPut, value: "x", keep: time.Minute}), nil)
		expect(t, "spend", st.InvalidateAuthorizeCodeSession(ctx, "absent"), nil)
		err = st.Commit(ctx)
		expect(t, "refused", errors.Is(err, errSpent) && errors.Is(err, fosite.ErrSerializationFailure), true)
		expect(t, "keys", len(r.Keys(t.Context(), "*").Val()), 0)
		expect(t, "commit of nothing", st.Commit(t.Context()) != nil, true)
		expect(t, "rollback", st.Rollback(ctx), nil)
		expect(t, "after rollback", st.Commit(ctx), nil)
	})
}

func TestHandler_headersAndLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for _, path := range []string{discoveryPath, keysPath, "/oauth/login/patient", "/oauth/authorize"} {
		h := w.browser().get(w.base + path).header
		expect(t, path+": cache", h.Get("Cache-Control"), "no-store")
		expect(t, path+": referrer", h.Get("Referrer-Policy"), "no-referrer")
		expect(t, path+": frames", h.Get("X-Frame-Options"), "DENY")
	}
	huge := url.Values{"grant_type": {"client_credentials"}, "x": {strings.Repeat("x", maxFormBytes)}}
	expect(t, "huge form", w.browser().post(w.base+tokenPath, huge, basic("sih", sihSecret)).status, http.StatusBadRequest)
	keys := w.browser().get(w.base + keysPath).body
	if strings.Contains(keys, `"d"`) || !strings.Contains(keys, `"kid"`) {
		t.Error("the key set shows a private part or no name")
	}
}
