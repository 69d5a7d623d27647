package oauth

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

// Nothing that names a person, and no secret, is readable in Redis, and everything expires.
func TestRedis_holdsNothingPersonal(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		b := w.browser()
		callback := w.atProvider(b, Professional, "/pro?patient="+patientSubject)
		w.atProvider(w.browser(), Patient, "/waiting?for="+patientSubject)
		b.get(callback)
		first := w.appTokens(offline)
		second := w.refresh(text(first, "refresh_token")).json(t)
		w.credentials(basic("sih", sihSecret))
		a := askFor("app", appRedirect, offline)
		code := w.code(a)
		shortCut, err := w.server.IssueToken(t.Context(), Identity{Kind: Professional, Subject: proSubject, Name: proName}, time.Hour)
		expect(t, "error", err, nil)

		needles := map[string]string{
			"patient's name": patientName, "part of it": "Testeur", "patient's subject": patientSubject,
			"professional's name": proName, "national id": proSubject, "FINESS": "750000001",
			"session cookie": w.cookie(b), "access token": text(second, "access_token"),
			"refresh token": text(second, "refresh_token"), "code": code, "short-cut token": shortCut,
			"verifier": a.verifier, "state": "state-of-the-client",
		}
		for name, needle := range needles {
			for _, half := range strings.Split(needle, ".") { // token and signature
				needles[name+" "+half[:4]] = half
				needles[name+" in base64"+half[:4]] = base64.StdEncoding.EncodeToString([]byte(half))[:len(half)]
			}
		}
		seen := 0
		for key, content := range dump(t, r) {
			seen++
			for name, needle := range needles {
				if strings.Contains(key, needle) || strings.Contains(content, needle) {
					t.Errorf("%s is readable in %s", name, key[:12])
				}
			}
			if !strings.HasPrefix(key, hashTag) {
				t.Errorf("key without the hash tag: %s", key)
			}
			if life := r.PTTL(t.Context(), key).Val(); life <= 0 || life > maxShortCut+time.Minute {
				t.Errorf("%s lives for %v", key, life)
			}
		}
		if seen < 12 {
			t.Errorf("only %d keys were seen", seen)
		}
	})
}

// dump gives the content of all keys in one text each.
func dump(t *testing.T, r redis.UniversalClient) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, key := range r.Keys(t.Context(), "*").Val() {
		switch kind := r.Type(t.Context(), key).Val(); kind {
		case "hash":
			all[key] = fmt.Sprint(r.HGetAll(t.Context(), key).Val())
		case "set":
			all[key] = fmt.Sprint(r.SMembers(t.Context(), key).Val())
		case "string":
			all[key] = r.Get(t.Context(), key).Val()
		default:
			t.Fatalf("unexpected type %s of %s", kind, key)
		}
	}
	return all
}

// An identity printed or logged by mistake tells its kind only.
func TestIdentity_printed_hidesThePerson(t *testing.T) {
	t.Parallel()
	who := Identity{Kind: Professional, Subject: proSubject, Name: proName}
	for _, printed := range []string{fmt.Sprint(who), fmt.Sprintf("%v %+v %s", who, who, who), who.LogValue().String()} {
		if strings.Contains(printed, proSubject) || strings.Contains(printed, proName) {
			t.Errorf("printed: %s", printed)
		}
	}
}
