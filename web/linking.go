package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// LinkPath is the page where a patient links a login that leads to no account yet.
const LinkPath = "/rattachement"

// resumeLink is where such a login goes on, once it is linked.
const resumeLink = "/oauth/resume/patient"

// WaitingLogin is a login that a provider vouched for and that leads to no account yet. It prints as nothing personal.
type WaitingLogin struct {
	Login conversations.Login
	Name  string // as the provider tells it
	CSRF  string // token that the form must bring back
}

// String tells nothing.
func (WaitingLogin) String() string { return "login" }

// Linking knows the logins that wait to be linked. It fails with ErrUnauthenticated for a cookie of none.
type Linking interface {
	Waiting(ctx context.Context, cookie string) (WaitingLogin, error)
}

// mountLinking registers the page. Whoever comes has no session: the cookie of his login is all that there is.
func (a *App) mountLinking(f *fiber.App) {
	h := under(LinkPath, a.linkPage)
	f.Get(LinkPath, h)
	f.Head(LinkPath, h)
	f.Post(LinkPath, under(LinkPath, a.linkForm))
}

// waitingLogin is the login of a request; nil, with the answer given, when there is none.
func (a *App) waitingLogin(c *fiber.Ctx) (*WaitingLogin, error) {
	found, err := a.deps.Linking.Waiting(c.UserContext(), c.Cookies(a.cfg.LinkCookie))
	switch {
	case errors.Is(err, ErrUnauthenticated):
		return nil, a.sendView(c, visit{}, view{status: http.StatusForbidden, page: page.Trouble{
			Heading: "Identifiez-vous d’abord", What: "Pour rattacher votre identité à votre messagerie, identifiez-vous puis tapez votre code dans le quart d’heure.",
			Next: []page.Step{{Text: "S’identifier", Href: "/oauth/login/patient"}, stepHome()},
		}})
	case err != nil:
		return nil, unavailable(err)
	}
	return &found, nil
}

// linkPage tells that the login leads to no account yet, and takes the code.
func (a *App) linkPage(c *fiber.Ctx) error {
	w, err := a.waitingLogin(c)
	if w == nil {
		return err
	}
	return a.sendView(c, visit{}, view{page: page.Link{Name: w.Name, CSRF: w.CSRF}})
}

// linkForm binds the login by the code that was typed, and lets the login go on.
func (a *App) linkForm(c *fiber.Ctx) error {
	w, err := a.waitingLogin(c)
	if w == nil {
		return err
	}
	f, err := readForm(c, maxSmallBody)
	switch {
	case err != nil:
		return err
	case !sameToken(f.value(fieldCSRF), w.CSRF):
		return a.sendView(c, visit{}, view{status: http.StatusForbidden, page: formExpired(stepAgain(), "", requestID(c))})
	}
	_, err = a.deps.Conversations.BindByCode(c.UserContext(), w.Login, f.value(fieldCode))
	p := page.Link{Name: w.Name, CSRF: w.CSRF, Code: f.value(fieldCode)}
	status := 0
	switch conversations.KindOf(err) { //nolint:exhaustive // the rest is not about the code
	case conversations.KindInvalidRequest:
		p.Fault, status = "Ce code comporte une erreur de frappe. Recopiez les seize caractères de la feuille.", http.StatusUnprocessableEntity
	case conversations.KindNotFound:
		p.Refused, p.Fault, status = true, "Ce code n’est pas valable pour vous.", http.StatusNotFound
	case conversations.KindRateLimited:
		p.Fault, status = "Vous avez essayé trop de codes. Réessayez dans une heure.", http.StatusTooManyRequests
	case conversations.KindStaleState:
		p.Fault, status = "Une autre page est en train de faire la même chose. Attendez une minute, puis recommencez.", http.StatusConflict
	}
	switch {
	case err == nil, conversations.KindOf(err) == conversations.KindAlreadyLinked: // by another window
		return c.Redirect(resumeLink, http.StatusSeeOther)
	case status == 0:
		return err
	}
	return a.sendView(c, visit{}, view{status: status, page: p})
}
