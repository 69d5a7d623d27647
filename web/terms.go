package web

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
	"mesbridge/web/page"
)

//go:embed terms/patient.html
var patientTerms string

//go:embed terms/professional.html
var professionalTerms string

// termsVersion names the texts above. Whoever changes one of them gives it the next name: everybody is then
// asked again (D32).
const termsVersion = "2026-11"

// TermsFor returns the version and hash of the terms of use of an audience; zero for one that accepts none,
// an application.
func TermsFor(kind PrincipalKind) rules.Terms {
	text := termsText(kind)
	if text == "" {
		return rules.Terms{}
	}
	sum := sha256.Sum256([]byte(text))
	return rules.Terms{Version: termsVersion, Hash: hex.EncodeToString(sum[:])}
}

func termsText(kind PrincipalKind) string {
	switch kind {
	case Patient:
		return patientTerms
	case Professional:
		return professionalTerms
	case Application:
	}
	return ""
}

// signatory is the person behind a principal, as one who accepts terms.
func (p Principal) signatory() conversations.Signatory {
	return conversations.Signatory{Patient: p.Patient, Kind: p.actor().Kind, ID: p.ID, Name: p.Name, Exercise: p.Exercise}
}

// maxAccepted bounds what acceptances remembers; a full memory starts again.
const maxAccepted = 50_000

// acceptances remembers who accepted the present terms, which nobody can take back.
type acceptances struct {
	mu  sync.RWMutex
	who map[string]bool
}

func (s *acceptances) has(key string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.who[key]
}

func (s *acceptances) add(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.who == nil || len(s.who) >= maxAccepted {
		s.who = map[string]bool{}
	}
	s.who[key] = true
}

// checkTerms refuses whoever has not accepted the terms of use of his audience (D32). Applications accept
// none: their structure signed a contract.
func (a *App) checkTerms(ctx context.Context, who Principal) error {
	want := TermsFor(who.Kind)
	if want.Version == "" {
		return nil
	}
	key := a.short("accepted", string(who.Kind), who.ID, string(who.Patient), want.Hash)
	if a.accepted.has(key) {
		return nil
	}
	got, err := a.deps.Conversations.AcceptedTerms(ctx, who.signatory())
	switch {
	case err != nil:
		return err
	case got.Version != want.Version || got.Hash != want.Hash:
		return &problem{status: http.StatusForbidden, code: codeTermsNotAccepted}
	}
	a.accepted.add(key)
	return nil
}

// termsShape is the terms of use of the caller's audience, and whether he accepted them.
type termsShape struct {
	Version    string  `json:"version"`
	Hash       string  `json:"hash"`
	Text       string  `json:"text"`
	AcceptedAt *string `json:"acceptedAt"`
}

// terms tells the caller's terms of use.
func terms(a *App, r request) (answer, error) {
	got, err := a.deps.Conversations.AcceptedTerms(r.ctx, r.who.signatory())
	if err != nil {
		return answer{}, err
	}
	return ok(termsOf(r.who.Kind, got))
}

func termsOf(kind PrincipalKind, accepted rules.Terms) termsShape {
	want := TermsFor(kind)
	s := termsShape{Version: want.Version, Hash: want.Hash, Text: termsText(kind)}
	if accepted.Version == want.Version && accepted.Hash == want.Hash {
		s.AcceptedAt = stamp(accepted.At)
	}
	return s
}

// acceptTerms accepts the present version: {version, hash?}. Another one than the present is refused, for it
// is not what the person would be held to.
func acceptTerms(a *App, r request) (answer, error) {
	want := TermsFor(r.who.Kind)
	version, hash := "", want.Hash
	err := jsonbody.Decode(r.body, jsonbody.Fields{"version": jsonbody.Into(&version), "hash": jsonbody.Into(&hash)})
	switch {
	case err != nil:
		return answer{}, err
	case version != want.Version:
		return answer{}, invalid("version", "The present version is "+want.Version+".")
	case hash != want.Hash:
		return answer{}, invalid("hash", "This is not the hash of the present text.")
	}
	got, err := a.deps.Conversations.AcceptTerms(r.ctx, r.who.signatory(), want)
	if err != nil {
		return answer{}, err
	}
	return ok(termsOf(r.who.Kind, got))
}

// askTerms sends a visitor who has not accepted the terms to their page, and back afterwards. It reports
// whether it did.
func (a *App) askTerms(c *fiber.Ctx, v visit, r pageRoute) (bool, error) {
	if r.freely {
		return false, nil
	}
	err := a.checkTerms(v.ctx, v.who)
	var p *problem
	if err == nil || !errors.As(err, &p) || p.code != codeTermsNotAccepted {
		return false, err
	}
	back := ""
	if r.method == http.MethodGet {
		back = "?retour=" + url.QueryEscape(c.OriginalURL())
	}
	return true, c.Redirect("/conditions"+back, http.StatusSeeOther)
}

// termsPage shows the terms of use, to read and to accept.
func termsPage(a *App, v visit) (view, error) {
	got, err := a.deps.Conversations.AcceptedTerms(v.ctx, v.who.signatory())
	if err != nil {
		return view{}, err
	}
	want := TermsFor(v.who.Kind)
	p := page.Terms{
		Version: want.Version, Hash: want.Hash, Back: ownPath(v.query("retour")),
		Text: template.HTML(termsText(v.who.Kind)), //nolint:gosec // our own text
	}
	if got.Version == want.Version && got.Hash == want.Hash {
		p.AcceptedAt = got.At
	}
	return show(p)
}

// termsForm accepts the terms that the page showed.
func termsForm(a *App, v visit) (view, error) {
	want := TermsFor(v.who.Kind)
	if v.form.value(fieldVersion) != want.Version || v.form.value(fieldAccept) == "" {
		return goTo("/conditions?retour=" + url.QueryEscape(ownPath(v.form.value(fieldBack))))
	}
	if _, err := a.deps.Conversations.AcceptTerms(v.ctx, v.who.signatory(), want); err != nil {
		return view{}, err
	}
	back := ownPath(v.form.value(fieldBack))
	if back == "" {
		back = "/"
	}
	return goTo(back)
}

// ownPath returns a path on this host, empty for anything else.
func ownPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") ||
		strings.ContainsAny(s, "\\\r\n\t") {
		return ""
	}
	return s
}
