package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mesbridge/conversations/redisstore/redistest"
)

// linkable is a world whose patients are not linked until told.
func linkable(t *testing.T) (*world, *atomic.Bool) {
	t.Helper()
	linked := &atomic.Bool{}
	w := newWorld(t, redistest.Mini(t), func(c *Config) {
		c.Linking = "/rattachement"
		known := c.Resolve
		c.Resolve = func(ctx context.Context, provider string, claims map[string]any) (Identity, error) {
			if provider == string(Patient) && !linked.Load() {
				return Identity{}, ErrUnlinked
			}
			return known(ctx, provider, claims)
		}
	})
	return w, linked
}

// link is the value of the cookie of the login that waits.
func (w *world) link(b *browser) string {
	base, err := url.Parse(w.base)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(base) {
		if c.Name == w.server.LinkCookieName() {
			return c.Value
		}
	}
	return ""
}

// D26: a login that leads nowhere has no session; linked, it goes on where it was, once.
func TestLinking_waitsAndGoesOn(t *testing.T) {
	t.Parallel()
	w, linked := linkable(t)
	w.upstream.renew(true)
	b := w.browser()
	back := w.logIn(b, Patient, "/messages?id=3")
	expect(t, "sent to", back.header.Get("Location"), "/rattachement")
	if w.cookie(b) != "" {
		t.Fatal("there is a session")
	}
	claims, csrf, err := w.server.Waiting(t.Context(), w.link(b))
	if err != nil || claims["sub"] != "upstream-sub" || len(csrf) < 32 {
		t.Fatalf("%v, %q, %v", claims, csrf, err)
	}
	expect(t, "not linked yet", b.get(w.base+"/oauth/resume/patient").header.Get("Location"), "/rattachement")
	expect(t, "the other kind", b.get(w.base+"/oauth/resume/professional").status, http.StatusBadRequest)
	for _, key := range w.redis.Keys(t.Context(), "*").Val() {
		if text := w.redis.Get(t.Context(), key).Val(); strings.Contains(key+text, "upstream-sub") || strings.Contains(key, w.link(b)) {
			t.Errorf("%s is readable", key)
		}
	}
	linked.Store(true)
	ticket := w.link(b)
	back = b.get(w.base + "/oauth/resume/patient")
	expect(t, "sent to", back.header.Get("Location"), "/messages?id=3")
	who, _, err := w.server.Sessions().Load(t.Context(), w.cookie(b))
	if err != nil || who.Subject != patientSubject || who.ACR != "eidas2" || who.Kind != Patient {
		t.Errorf("%v, %v", who, err)
	}
	opened, err := w.server.sessions.load(t.Context(), w.cookie(b))
	if err != nil || opened.UpstreamSubject != "upstream-sub" || opened.IDToken == "" || opened.Renewal == nil || opened.Renewal.Token != "refresh-0" {
		t.Errorf("the session lacks what renews it and ends it at the provider (I24, I27): %v", err)
	}
	expect(t, "an unknown provider", b.get(w.base+"/oauth/resume/nobody").status, http.StatusNotFound)
	if _, _, err := w.server.Waiting(t.Context(), ticket); !errors.Is(err, ErrUnauthenticated) {
		t.Errorf("it waits still: %v", err)
	}
	expect(t, "twice", b.get(w.base+"/oauth/resume/patient").status, http.StatusBadRequest)
}

// A login waits for a quarter of an hour, for its own browser; without a page to link it, it is turned away.
func TestLinking_ends(t *testing.T) {
	t.Parallel()
	w, linked := linkable(t)
	b := w.browser()
	w.logIn(b, Patient, "/messages")
	linked.Store(true)
	expect(t, "another browser", w.browser().get(w.base+"/oauth/resume/patient").status, http.StatusBadRequest)
	w.clock.advance(15 * time.Minute)
	expect(t, "too late", b.get(w.base+"/oauth/resume/patient").status, http.StatusBadRequest)

	w = newWorld(t, redistest.Mini(t), func(c *Config) {
		c.Resolve = func(context.Context, string, map[string]any) (Identity, error) { return Identity{}, ErrUnlinked }
	})
	expect(t, "no page", w.logIn(w.browser(), Patient, "/messages").status, http.StatusForbidden)
}
