package app

import (
	"context"
	"errors"

	"mesbridge/conversations"
	"mesbridge/oauth"
	"mesbridge/rules"
	"mesbridge/web"
)

// patientOf finds the patient of a login: by the matricule that the provider gives, where it is one that may, or by
// the login that he bound (D26). A login that leads nowhere may still be bound: [oauth.ErrUnlinked].
func (a *App) patientOf(ctx context.Context, claims map[string]any) (conversations.Patient, error) {
	if text, _ := claims[a.Config.INSClaim].(string); a.Config.INSClaim != "" && text != "" {
		ins, err := rules.ParseINS(text, a.Config.INSKeyCheck)
		if err != nil {
			return conversations.Patient{}, err
		}
		return a.Conversations.PatientByINS(ctx, ins)
	}
	p, err := a.Conversations.LedTo(ctx, a.loginOf(claims))
	if err != nil && conversations.KindOf(err) == conversations.KindNotFound {
		return p, oauth.ErrUnlinked
	}
	return p, err
}

// patientsIssuer names the patients' provider in what is kept. That of the demonstration stands at another port each time.
func (a *App) patientsIssuer() string {
	if a.Demonstration != nil {
		return "https://demonstration.invalid"
	}
	return a.Config.Patients.Issuer
}

// loginOf is who the provider vouches for (I75). Its issuer was compared with the settings'.
func (a *App) loginOf(claims map[string]any) conversations.Login {
	text := func(name string) string { s, _ := claims[name].(string); return s }
	l := conversations.Login{
		Issuer: a.patientsIssuer(), Subject: text("sub"),
		Traits: rules.Traits{Family: text("family_name"), Given: text("given_name"), Birth: text("birthdate"), Place: text("birthplace")},
	}
	switch text("gender") {
	case "female":
		l.Traits.Sex = rules.Female
	case "male":
		l.Traits.Sex = rules.Male
	}
	return l
}

// waitingLogins is the web.Linking of a bridge.
type waitingLogins struct{ *App }

// Waiting returns the login that waits under a cookie.
func (w waitingLogins) Waiting(ctx context.Context, cookie string) (web.WaitingLogin, error) {
	claims, csrf, err := w.OAuth.Waiting(ctx, cookie)
	switch {
	case errors.Is(err, oauth.ErrUnauthenticated):
		return web.WaitingLogin{}, web.ErrUnauthenticated
	case err != nil:
		return web.WaitingLogin{}, err
	}
	return web.WaitingLogin{Login: w.loginOf(claims), Name: personName(claims), CSRF: csrf}, nil
}
