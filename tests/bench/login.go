package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// logIn makes the session of a patient of the cast, by number, as a browser does: to the provider, the
// choice of a person, and back. The cookies are in the client that it returns.
func (b *bridge) logIn(ctx context.Context, patient int) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar}
	choice, err := visit(ctx, client, http.MethodGet, b.ready.Web.PatientLogin, nil)
	if err != nil {
		return nil, fmt.Errorf("reach the provider: %w", err)
	}
	form := url.Values{"sub": {fmt.Sprintf("demo-patient-%d", patient)}}
	if _, err := visit(ctx, client, http.MethodPost, choice, form); err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	arrived, err := visit(ctx, client, http.MethodGet, b.ready.HTTP+"/messages", nil)
	if err == nil && !strings.HasSuffix(arrived, "/messages") {
		err = errors.New("the session does not open the list of messages")
	}
	return client, err
}

// visit makes a request, follows where it leads, and returns the address of the page there.
func visit(ctx context.Context, client *http.Client, method, address string, form url.Values) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	}
	res, err := client.Do(r)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return res.Request.URL.String(), err
}
