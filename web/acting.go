package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// On the pages a person chooses once for whom he acts, and is told so on every page (D28). The choice is a cookie that
// names a profile; it gives no right, for each page asks the core. It holds for the person who made it alone, so that
// the next one on a shared computer begins with his own messages. Forms carry a token of that choice: one that was shown
// for somebody else does nothing.

// profileCookie holds the choice; nobody who acts for himself has it.
const profileCookie = "profil"

// ownPage reports whether a page is about the visitor in person, whatever profile he chose.
func ownPage(path string) bool { return strings.HasPrefix(path, profilesPath) }

// profilesPath is the page of a person's profiles.
const profilesPath = "/profils"

// chosen reads from the cookie which profile the visitor chose; empty: his own.
func (a *App) chosen(c *fiber.Ctx, who Principal) string {
	id, seal, _ := strings.Cut(c.Cookies(profileCookie), ".")
	if id == "" || !sameToken(seal, a.short("chosen profile", who.ID, id)) {
		return ""
	}
	return strings.Clone(id)
}

// choose makes the cookie of a choice; without an id, one that forgets it.
func (a *App) choose(who Principal, id string) *fiber.Cookie {
	cookie := &fiber.Cookie{Name: profileCookie, Path: "/", HTTPOnly: true, Secure: a.cfg.Secure, SameSite: fiber.CookieSameSiteLaxMode, SessionOnly: true}
	if id == "" {
		cookie.Expires = time.Unix(1, 0)
		cookie.SessionOnly = false
		return cookie
	}
	cookie.Value = id + "." + a.short("chosen profile", who.ID, id)
	return cookie
}

// profileOfVisit settles whose mailbox a page of a patient is about: the visitor's, or that of the profile that he chose.
func (a *App) profileOfVisit(c *fiber.Ctx, v *visit, r pageRoute) (*view, error) {
	v.patient = v.who.Patient
	switch {
	case r.kind != Patient:
		return nil, nil //nolint:nilnil // nothing to do, nothing wrong
	case ownPage(r.path):
		v.chosen = a.chosen(c, v.who)
		return nil, nil //nolint:nilnil // as above
	}
	return a.act(c, v)
}

// act lets a visit be about the profile that the visitor chose. It reports a page instead when he may not act there
// any more.
func (a *App) act(c *fiber.Ctx, v *visit) (*view, error) {
	id := a.chosen(c, v.who)
	if id == "" {
		return nil, nil //nolint:nilnil // nothing to do, nothing wrong
	}
	p, err := a.profileNamed(v.ctx, v.who.Patient, id)
	var gone *problem
	switch {
	case errors.As(err, &gone) && gone.status == http.StatusNotFound:
		return &view{status: http.StatusNotFound, page: actsNoMore(), cookie: a.choose(v.who, "")}, nil
	case err != nil:
		return nil, err
	}
	v.patient, v.ctx, v.acting = p.Patient, p.Acting(v.ctx), &p
	v.session, v.csrf = v.csrf, a.short("form of a profile", v.csrf, id)
	return nil, nil //nolint:nilnil // as above
}

// actsNoMore tells somebody that he may not act for a person any more (R135).
func actsNoMore() page.Trouble {
	return page.Trouble{
		Heading: "Vous n’agissez plus pour cette personne", What: "Votre accès à sa messagerie a pris fin. Rien n’a été fait.",
		Next: []page.Step{stepMessages(), {Text: "Voir mes profils", Href: profilesPath}},
	}
}

// notGranted tells whoever acts for a person that a page is not for him: a form that the core would refuse is not shown,
// and of a file not one octet leaves (R133).
func notGranted() page.Trouble {
	return page.Trouble{Heading: "Ce n’est pas possible", What: notGrantedFrench, Next: []page.Step{stepMessages()}}
}

// actingViewer is what the pages say of whoever acts for another.
func actingViewer(p *conversations.Profile) *page.Acting {
	if p == nil {
		return nil
	}
	return &page.Acting{Name: p.Name, As: p.Delegation.Kind, Rights: p.Rights, Until: p.Delegation.Until, Person: p.Actor.Name, Signature: p.Signature()}
}

// withinRights takes the choice of saving documents away from whoever may not.
func (v visit) withinRights(t conversations.Thread) conversations.Thread {
	if v.may(rules.MayManage) {
		return t
	}
	for _, m := range t.Messages {
		for i := range m.Attachments {
			m.Attachments[i].Savable = false
			for _, d := range m.Attachments[i].Documents {
				for j := range d.Embedded {
					d.Embedded[j].Savable = false
				}
			}
		}
	}
	return t
}
