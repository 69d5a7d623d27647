package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ory/fosite"
	"github.com/redis/go-redis/v9"
)

// Pushed authorization requests (RFC 9126): the client sends its request beforehand, authenticated and
// past the browser, and the browser brings only a reference to it.
const (
	requestURIPrefix = "urn:ietf:params:oauth:request_uri:"
	// pushedLife leaves the person time for a login in between, which takes at most flowLife.
	pushedLife = flowLife
	// maxPushedBytes bounds what anybody can make us remember with a public client's id.
	maxPushedBytes = 8 << 10
)

// pushedRequest is a request as it waits in Redis, sealed, under the hash of its reference.
type pushedRequest struct {
	Client string     `json:"client"`
	Values url.Values `json:"values"`
	At     time.Time  `json:"at"`
}

// credentials are the parameters of the push that prove the client and are no part of the request.
var credentials = []string{"client_secret", "client_assertion", "client_assertion_type"}

// push keeps a client's authorization request and answers with its reference (RFC 9126 section 2).
func (s *Server) push(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if r.URL.RawQuery != "" { // fosite would mix it into the request
		s.refuse(ctx, w, nil, fosite.ErrInvalidRequest.WithHint("The parameters belong in the body."))
		return
	}
	if err := r.ParseForm(); err != nil {
		s.refuse(ctx, w, nil, fosite.ErrInvalidRequest)
		return
	}
	// Not fosite's own reading: it takes the client from the body, whoever proved to be another.
	client, err := s.provider.AuthenticateClient(ctx, r, r.PostForm)
	if err == nil {
		err = s.checkPushed(r, client)
	}
	if err != nil {
		s.refuse(ctx, w, nil, err)
		return
	}
	uri := requestURIPrefix + randomText()
	if err := s.keepPushed(ctx, uri, pushedRequest{Client: client.GetID(), Values: r.PostForm, At: s.now().UTC()}); err != nil {
		s.refuse(ctx, w, nil, err)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"request_uri": uri, "expires_in": int(pushedLife.Seconds())})
}

// checkPushed refuses at once what the authorization endpoint would refuse when the browser comes. It
// leaves in the form what belongs to the request.
func (s *Server) checkPushed(r *http.Request, client fosite.Client) error {
	form := r.PostForm
	for _, name := range credentials {
		form.Del(name)
	}
	if named := form.Get("client_id"); named != "" && named != client.GetID() {
		return fosite.ErrInvalidRequest.WithHint("The 'client_id' is not that of the client that sent the request.")
	}
	form.Set("client_id", client.GetID())
	mode := form.Get("response_mode")
	switch {
	case len(form.Encode()) > maxPushedBytes:
		return fosite.ErrInvalidRequest.WithHint("The request is too long.")
	case form.Has("request_uri"):
		return fosite.ErrInvalidRequest.WithHint("A pushed request cannot refer to another.")
	case form.Has("request") || mode != "" && mode != "query":
		return fosite.ErrInvalidRequest.WithHint("Request objects and other response modes than query do not exist here.")
	case !slices.Contains(client.GetRedirectURIs(), form.Get("redirect_uri")):
		return fosite.ErrInvalidRequest.WithHint("The 'redirect_uri' is not registered letter by letter.")
	case form.Get("code_challenge") == "" || form.Get("code_challenge_method") != "S256":
		return fosite.ErrInvalidRequest.WithHint("PKCE with S256 is required.")
	}
	_, err := s.provider.NewAuthorizeRequest(r.Context(), queryOnly(r, s.understood(r.Context(), form)))
	return clientError(err)
}

func (s *Server) keepPushed(ctx context.Context, uri string, p pushedRequest) error {
	key := pushedKey(uri)
	sealed, err := s.store.seal.sealJSON(key, p)
	if err != nil {
		return err
	}
	if err := s.store.redis.Set(ctx, key, sealed, pushedLife).Err(); err != nil {
		return unavailable("keep pushed request", err)
	}
	return nil
}

// question is an authorization request as the client asks it: in the URL, or beforehand.
type question struct {
	values url.Values
	uri    string    // reference of a pushed request; empty: none
	at     time.Time // when it was pushed
}

// questionOf reads what the client asks. Of a URL with a reference nothing counts but that and the client
// (RFC 9126 section 4). It fails with ErrUnauthenticated when the reference is unknown, used, expired or
// another client's.
func (s *Server) questionOf(r *http.Request) (question, error) {
	query := r.URL.Query()
	uri := query.Get("request_uri")
	if !strings.HasPrefix(uri, requestURIPrefix) { // other references would have to be fetched: readRequest refuses them
		return question{values: query}, nil
	}
	key := pushedKey(uri)
	sealed, err := s.store.redis.Get(r.Context(), key).Bytes()
	if errors.Is(err, redis.Nil) {
		return question{}, ErrUnauthenticated
	} else if err != nil {
		return question{}, unavailable("read pushed request", err)
	}
	var p pushedRequest
	if err := s.store.seal.openJSON(key, sealed, &p); err != nil || p.Client != query.Get("client_id") {
		return question{}, ErrUnauthenticated
	}
	if !s.now().Before(p.At.Add(pushedLife)) {
		return question{}, ErrUnauthenticated
	}
	return question{values: p.Values, uri: uri, at: p.At}, nil
}

// dropPushed forgets a reference once the person has decided: it counts once. That it could not be
// forgotten is no reason to refuse: a code comes only of a decision with the session's own token.
func (s *Server) dropPushed(ctx context.Context, q question) {
	if q.uri == "" {
		return
	}
	if err := s.store.redis.Del(ctx, pushedKey(q.uri)).Err(); err != nil {
		s.log.WarnContext(ctx, "a pushed request outlives its use until it expires")
	}
}
