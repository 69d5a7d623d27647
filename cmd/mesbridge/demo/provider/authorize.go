package provider

import (
	_ "embed" // the page is kept as a file
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed page.html
var pageSource string

// page is everything the realm's one page may show; it is drawn by page.html.
type page struct {
	Kind   Kind
	Fault  string   // a problem to show instead of the people
	Done   bool     // a logout to confirm instead of the people
	Action string   // where the choice is posted
	People []Person // to choose from
}

// showPeople answers an authorization request with the people to choose from.
func (rl *realm) showPeople(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if !rl.isOurClient(w, query) {
		return
	}
	if code := faultOf(query); code != "" {
		rl.sendBack(w, r, url.Values{"error": {code}})
		return
	}
	rl.show(w, http.StatusOK, originOf(query.Get("redirect_uri")), page{Action: r.URL.RequestURI(), People: rl.people})
}

// pickPerson gives the client a code for the person who was chosen; the request is read again from
// the URL.
func (rl *realm) pickPerson(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if !rl.isOurClient(w, query) {
		return
	}
	if code := faultOf(query); code != "" {
		rl.sendBack(w, r, url.Values{"error": {code}})
		return
	}
	person, known := rl.person(r.PostFormValue("sub"))
	if !known {
		// The page's button to give up sends no person.
		rl.sendBack(w, r, url.Values{"error": {"access_denied"}})
		return
	}
	code := rl.codes.give(grant{
		person: person, client: query.Get("client_id"), redirectURI: query.Get("redirect_uri"), nonce: query.Get("nonce"),
		challenge: query.Get("code_challenge"), pickedAt: rl.now(),
	})
	rl.sendBack(w, r, url.Values{"code": {code}})
}

// maxFormBytes bounds the forms this provider reads: each has a few short fields.
const maxFormBytes = 16 << 10

// isOurClient checks the two things without which nothing may be sent back, the client and its
// exact redirect URI. When they are wrong it has answered with a page.
func (rl *realm) isOurClient(w http.ResponseWriter, query url.Values) bool {
	client, known := rl.registered(query.Get("client_id"))
	if known && slices.Contains(client.RedirectURIs, query.Get("redirect_uri")) {
		return true
	}
	rl.show(w, http.StatusBadRequest, "", page{Fault: "Le service qui vous a envoyé ici n’est pas reconnu."})
	return false
}

// faultOf judges the rest of the request as Pro Santé Connect and FranceConnect+ do (I17, I72),
// and demands PKCE S256. It gives an error code of RFC 6749 section 4.1.2.1 or OpenID Connect Core
// section 3.1.2.6, or nothing.
func faultOf(query url.Values) string {
	const minRandom, challengeLength = 22, 43
	switch {
	case query.Get("response_type") != "code":
		return "unsupported_response_type"
	case !slices.Contains(strings.Fields(query.Get("scope")), "openid"):
		return "invalid_scope"
	case len(query.Get("state")) < minRandom, len(query.Get("nonce")) < minRandom,
		query.Get("code_challenge_method") != "S256", len(query.Get("code_challenge")) != challengeLength:
		return "invalid_request"
	case query.Has("request"):
		return "request_not_supported"
	case query.Has("request_uri"):
		return "request_uri_not_supported"
	case query.Get("prompt") == "none":
		return "login_required" // nobody is ever logged in here before choosing
	}
	return ""
}

// sendBack redirects to the client, whose redirect URI was checked, with the state and the issuer
// (RFC 9207).
func (rl *realm) sendBack(w http.ResponseWriter, r *http.Request, answer url.Values) {
	query := r.URL.Query()
	target, err := url.Parse(query.Get("redirect_uri"))
	if err != nil {
		rl.show(w, http.StatusBadRequest, "", page{Fault: "L’adresse de retour est illisible."})
		return
	}
	values := target.Query()
	for name, v := range answer {
		values[name] = v
	}
	values.Set("state", query.Get("state"))
	values.Set("iss", rl.issuer)
	target.RawQuery = values.Encode()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, target.String(), http.StatusSeeOther) //nolint:gosec // registered redirect URIs only
}

// show draws the page. The policy lets nothing in but the page's own style, and its form go only
// here and to the client.
func (rl *realm) show(w http.ResponseWriter, status int, formTarget string, p page) {
	p.Kind = rl.kind
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "+
		"frame-ancestors 'none'; form-action 'self' "+formTarget)
	w.WriteHeader(status)
	_ = rl.page.Execute(w, p) // fails only when the browser left
}

// originOf gives scheme and host of a registered redirect URI; browsers check the redirect after
// the form against form-action too.
func originOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
