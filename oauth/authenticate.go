package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/ory/fosite"
)

// authenticate proves which client sent a request: by its certificate, or as fosite does it, by an assertion, a
// secret, or nothing for a public client. A client that proved itself is then counted at the token endpoint.
func (s *Server) authenticate(ctx context.Context, r *http.Request, form url.Values) (fosite.Client, error) {
	client, err := s.prove(ctx, r, form)
	if err != nil {
		return nil, err
	}
	if r.URL.Path == tokenPath && !client.IsPublic() {
		err = s.within(ctx, useClient, s.limits.TokensPerMinute, client.GetID())
	}
	return client, err
}

// prove is authenticate without the limit, with errors that clients may see: an expired assertion comes out of
// fosite as a bare error, which would be answered with 500.
func (s *Server) prove(ctx context.Context, r *http.Request, form url.Values) (fosite.Client, error) {
	if len(form["client_id"]) > 1 || len(form["client_assertion"]) > 1 {
		return nil, fosite.ErrInvalidRequest.WithHint("A client names and proves itself once.")
	}
	if assertion := form.Get("client_assertion"); assertion != "" && checkHeader(assertion, assertionTypes) != nil {
		return nil, fosite.ErrInvalidClient.WithHint("The header of the 'client_assertion' holds more than alg, kid and typ, or another type.")
	}
	if client, err := s.byCertificate(ctx, r, form); client != nil || err != nil {
		return client, err
	}
	client, err := s.provider.DefaultClientAuthenticationStrategy(ctx, r, form)
	known := new(fosite.RFC6749Error)
	if err != nil && !errors.As(err, &known) && !errors.Is(err, ErrUnavailable) {
		err = fosite.ErrInvalidClient.WithWrap(err)
	}
	return client, err
}

// byCertificate gives the client that client_id names when it is one that authenticates by its certificate, and
// neither client nor error when it is another.
func (s *Server) byCertificate(ctx context.Context, r *http.Request, form url.Values) (fosite.Client, error) {
	client, err := s.store.GetClient(ctx, form.Get("client_id"))
	switch {
	case errors.Is(err, ErrUnavailable):
		return nil, err
	case err != nil:
		return nil, nil //nolint:nilerr // fosite tells who is unknown, as for every other client
	}
	known, ok := client.(fositeClient)
	if !ok || !known.client.usesTLS() {
		return nil, nil
	}
	return client, s.proveByCertificate(r, form, known.client)
}
