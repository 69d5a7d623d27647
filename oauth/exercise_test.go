package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

// newExerciseWorld has a professional with the exercises given.
func newExerciseWorld(t *testing.T, r redis.UniversalClient, exercises ...Exercise) *world {
	return newWorld(t, r, func(c *Config) {
		c.Resolve = func(ctx context.Context, provider string, claims map[string]any) (Identity, error) {
			who, err := resolveTestPerson(ctx, provider, claims)
			who.Exercises = exercises
			return who, err
		}
	})
}

func two() []Exercise {
	return []Exercise{{Key: "10/a", Name: "Médecin, cabinet"}, {Key: "10/b", Name: "Médecin, CHU"}}
}

// I46: one exercise is chosen alone, and none leaves none.
func TestLogin_oneExercise_isChosen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		exercises []Exercise
		want      string
	}{{nil, ""}, {two()[:1], "10/a"}} {
		w := newExerciseWorld(t, redistest.Mini(t), c.exercises...)
		b := w.browser()
		expect(t, "back", w.logIn(b, Professional, "/pro/1").header.Get("Location"), "/pro/1")
		who, _, err := w.server.Sessions().Load(t.Context(), w.cookie(b))
		expect(t, "error", err, nil)
		expect(t, "exercise", who.Exercise, c.want)
		expect(t, "nothing to choose", b.get(w.base+"/oauth/exercise?return=/pro/2").header.Get("Location"), "/pro/2")
	}
}

// I46: with several there is no session until one is chosen; then it is in the session, and can be changed.
func TestLogin_severalExercises_asks(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newExerciseWorld(t, r, two()...)
		b := w.browser()
		ask := w.logIn(b, Professional, "/pro/1").location()
		expect(t, "asked at", ask.Path, "/oauth/exercise")
		waiting := w.cookie(b)
		expect(t, "no session yet", errors.Is(w.loadError(waiting), ErrUnauthenticated), true)
		_, err := w.server.Visit(t.Context(), waiting)
		expect(t, "no visit yet", errors.Is(err, ErrUnauthenticated), true)

		page := b.get(w.base + ask.RequestURI()).json(t)
		expect(t, "choices", len(page["Exercises"].([]any)), 2)
		expect(t, "chosen", text(page, "Chosen"), "")
		form := url.Values{FieldCSRF: {text(page, "CSRF")}, "return": {text(page, "Return")}}
		expect(t, "no choice", b.post(w.base+"/oauth/exercise", form).json(t)["Missing"], true)
		form.Set(FieldExercise, "10/c")
		expect(t, "somebody else's", b.post(w.base+"/oauth/exercise", form).json(t)["Missing"], true)
		form.Set(FieldExercise, "10/b")
		forged := url.Values{FieldCSRF: {"forged"}, FieldExercise: {"10/b"}}
		expect(t, "forged form", b.post(w.base+"/oauth/exercise", forged).status, http.StatusForbidden)
		expect(t, "back", b.post(w.base+"/oauth/exercise", form).header.Get("Location"), "/pro/1")

		first := w.cookie(b)
		expect(t, "the name before the choice opens nothing", first != waiting && w.loadError(waiting) != nil, true)
		who, csrf, err := w.server.Sessions().Load(t.Context(), first)
		expect(t, "error", err, nil)
		expect(t, "exercise", who.Exercise+" "+who.ExerciseName, "10/b Médecin, CHU")

		page = b.get(w.base + "/oauth/exercise?return=/pro").json(t)
		expect(t, "marked", text(page, "Chosen"), "10/b")
		b.post(w.base+"/oauth/exercise", url.Values{FieldCSRF: {csrf}, "return": {"/pro"}, FieldExercise: {"10/a"}})
		who, after, err := w.server.Sessions().Load(t.Context(), w.cookie(b))
		expect(t, "error", err, nil)
		expect(t, "changed", who.Exercise, "10/a")
		expect(t, "forms of the other exercise are void", csrf != after, true)
		expect(t, "the other name is over", errors.Is(w.loadError(first), ErrUnauthenticated), true)

		expect(t, "end everywhere", w.server.EndEverywhere(t.Context(), Identity{Kind: Professional, Subject: proSubject}), nil)
		expect(t, "renamed session ended too", errors.Is(w.loadError(w.cookie(b)), ErrUnauthenticated), true)
		expect(t, "and cannot be changed", b.post(w.base+"/oauth/exercise", url.Values{FieldCSRF: {after}, FieldExercise: {"10/b"}}).location().Path, "/oauth/login/professional")
	})
}

// I46, I247: the choice is part of the login that a client's request begins, and the token carries it; it stays what it
// was when the person changes the exercise later.
func TestAuthorize_exercise_isInTheToken(t *testing.T) {
	t.Parallel()
	w := newExerciseWorld(t, redistest.Mini(t), two()...)
	b := w.browser()
	a := askFor("lps", proRedirect, "openid thread.read")
	toLogin := b.get(w.authorizeURL(a)).location()
	expect(t, "login first", toLogin.Path, "/oauth/login/professional")
	choose := w.logIn(b, Professional, toLogin.Query().Get("return")).location()
	page := b.get(w.base + choose.RequestURI()).json(t)
	back := b.post(w.base+"/oauth/exercise", url.Values{FieldCSRF: {text(page, "CSRF")}, "return": {text(page, "Return")}, FieldExercise: {"10/b"}}).location()
	expect(t, "back at the request", back.Path, "/oauth/authorize")
	consent := b.get(w.base + back.RequestURI()).json(t)
	expect(t, "told", text(consent, "Exercise"), "Médecin, CHU")
	expect(t, "can be changed", text(consent, "OtherExercise") != "", true)
	tokens := w.softwareTokens(b, a)
	who, err := w.server.Introspect(t.Context(), text(tokens, "access_token"))
	expect(t, "error", err, nil)
	expect(t, "token", who.Exercise, "10/b")
	expect(t, "the choices stay in the session", len(who.Exercises), 0)
}

// softwareTokens gives the tokens of the professionals' client "lps", which is public.
func (w *world) softwareTokens(b *browser, a ask) map[string]any {
	w.t.Helper()
	code := w.consent(b, a, DecisionAllow).location().Query().Get("code")
	return w.browser().post(w.base+tokenPath, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"lps"}, "code": {code}, "redirect_uri": {proRedirect}, "code_verifier": {a.verifier},
	}).json(w.t)
}

func (w *world) softwareRefresh(token string) map[string]any {
	w.t.Helper()
	return w.browser().post(w.base+tokenPath, url.Values{
		"grant_type": {"refresh_token"}, "client_id": {"lps"}, "refresh_token": {token},
	}).json(w.t)
}
