package app

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mesbridge/bridge"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/oauth"
	"mesbridge/web"
)

// Times that requests and messages under way get when the bridge stops.
const (
	stopWeb  = 15 * time.Second
	stopMail = 20 * time.Second
)

// webConfig is what pages and API obey.
func (a *App) webConfig() (web.Config, error) {
	c := a.Config
	secret, err := c.OAuth.Secret.ReadKey()
	if err != nil {
		return web.Config{}, fmt.Errorf("read the secret of oauth: %w", err)
	}
	key, err := derive(secret, "web")
	if err != nil {
		return web.Config{}, err
	}
	w := web.Config{
		Demo: a.Demonstration != nil, Secure: strings.HasPrefix(c.PublicURL, "https:"),
		FormTargets: formTargets(c), CheckINSKey: c.INSKeyCheck, Contact: c.Contact,
		MaxReplyBytes: c.Limits.MaxReplyBytes, MaxMessageBytes: c.Limits.MaxMessageBytes, Key: key,
		APIPerMinute: c.Limits.APIPerMinute, PlainWebhooks: a.Demonstration != nil, SessionIdle: oauth.SessionIdle, PublicURL: c.PublicURL,
	}
	for _, s := range c.Structures {
		w.Structures = append(w.Structures, web.LoginChoice{Name: s.Name, Href: oauth.LoginPath(s.Key)})
	}
	return w, nil
}

// formTargets are the origins that our forms may lead to: the providers, at logout.
func formTargets(c config.Config) []string {
	var all []string
	providers := []config.Provider{c.Patients, c.Professionals}
	for _, s := range c.Structures {
		providers = append(providers, s.Provider)
	}
	for _, p := range providers {
		if u, err := url.Parse(p.Issuer); err == nil && !slices.Contains(all, u.Scheme+"://"+u.Host) {
			all = append(all, u.Scheme+"://"+u.Host)
		}
	}
	return all
}

// pages are the pages of the authorization server.
func (a *App) pages() (*oauthPages, error) {
	c, err := a.webConfig()
	if err != nil {
		return nil, err
	}
	p, err := web.NewPages(c)
	if err != nil {
		return nil, fmt.Errorf("make the pages of oauth: %w", err)
	}
	return &oauthPages{p}, nil
}

// oauthPages gives the pages of web to oauth; neither knows the other.
type oauthPages struct{ pages *web.Pages }

// Consent implements oauth.Pages.
func (p *oauthPages) Consent(w http.ResponseWriter, _ *http.Request, d oauth.ConsentData) {
	p.pages.Consent(w, web.ConsentPage{
		Client: d.Client, Person: d.Person, Patient: d.Kind == oauth.Patient, Scopes: d.Scopes,
		Action: d.Action, CSRF: d.CSRF, FormTarget: d.FormTarget, Exercise: d.Exercise, OtherExercise: d.OtherExercise,
	})
}

// Providers implements oauth.Pages.
func (p *oauthPages) Providers(w http.ResponseWriter, _ *http.Request, d oauth.ProvidersData) {
	structures := make([]web.LoginChoice, len(d.Structures))
	for i, s := range d.Structures {
		structures[i] = web.LoginChoice(s)
	}
	p.pages.Providers(w, d.National, structures)
}

// Exercise implements oauth.Pages.
func (p *oauthPages) Exercise(w http.ResponseWriter, _ *http.Request, d oauth.ExerciseData) {
	page := web.ExercisePage{Person: d.Person, Chosen: d.Chosen, Missing: d.Missing, Action: d.Action, Return: d.Return, CSRF: d.CSRF}
	for _, e := range d.Exercises {
		page.Exercises = append(page.Exercises, web.ExerciseChoice(e))
	}
	p.pages.Exercise(w, page)
}

// Error implements oauth.Pages.
func (p *oauthPages) Error(w http.ResponseWriter, _ *http.Request, status int, d oauth.ErrorData) {
	p.pages.Error(w, status, string(d.Code), d.Retry)
}

// startWeb serves pages and API.
func (a *App) startWeb(context.Context) error {
	c, err := a.webConfig()
	if err != nil {
		return err
	}
	c.SessionCookie, c.LinkCookie = a.OAuth.Sessions().CookieName(), a.OAuth.LinkCookieName()
	c.MutualTLSPaths = oauth.MutualTLSPaths()
	app, err := web.New(c, web.Deps{
		Conversations: a.Conversations, Directory: book{a}, Authenticator: callers{a.OAuth, a.Conversations.MandatesOf, a.mailboxesOf, a.Conversations.Enrols},
		Idempotency: newAnswers(a.client), Calls: a.store, Linking: waitingLogins{a}, Addresses: a.privateAddresses(),
		OAuth: a.OAuth.Handler(), Ready: a.ready, Metrics: a.metrics, Log: a.Log.With("part", "web"), Now: time.Now,
	})
	if err != nil {
		return err
	}
	a.web = app
	a.serve("web", func() error { return app.Listen(a.Listeners.HTTP) })
	a.onDrain("web", stopWeb, app.Shutdown)
	return nil
}

// startMail serves the other operators.
func (a *App) startMail(context.Context) error {
	c := a.Config
	office, err := a.openOffice()
	if err != nil {
		return err
	}
	server := bridge.NewServer(bridge.Config{
		Host: c.SMTP.Hostname, CitizenDomain: c.CitizenDomain, CheckINSKey: c.INSKeyCheck, MaxMessageBytes: c.Limits.MaxMessageBytes,
		Bounces: bridge.Bounces(c.Mail.Bounces),
		Rates: bridge.Rates{
			OperatorPerMinute: c.Mail.PerMinute, SenderPerMinute: c.Mail.PerSender, SenderBurst: c.Mail.SenderBurst,
		},
	}, bridge.Deps{
		Inbox: a.Conversations, Identity: a.identity, List: a.lists.Current, Log: a.Log.With("part", "mail"), Now: time.Now,
		Office: office, Scanner: a.scanner, Answer: a.responder.Answer, Pause: bridge.Pause,
		Refused: a.Conversations.Refused,
	})
	a.serve("mail", func() error { return server.Serve(context.Background(), a.Listeners.SMTP) })
	a.onDrain("mail", stopMail, server.Shutdown)
	return nil
}
