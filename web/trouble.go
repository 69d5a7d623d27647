package web

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// renderTrouble answers an error with a page that says what to do next.
func (a *App) renderTrouble(c *fiber.Ctx, p *problem) error {
	v, err := a.visitOf(c, false)
	if err != nil { // a stranger, or the sessions are away: the page does without a name
		v = visit{}
	}
	t := troubleOf(p)
	t.Text, t.Reference = p.typed, requestID(c)
	return a.sendView(c, v, view{status: p.status, page: t})
}

// Steps that several pages name.

func stepHome() page.Step { return page.Step{Text: "Revenir à l’accueil", Href: "/"} }

func stepMessages() page.Step { return page.Step{Text: "Revenir à mes messages", Href: "/messages"} }

func stepLater() page.Step {
	return page.Step{Text: "Attendez quelques instants, puis rechargez la page"}
}

// troubleOf says in French what an error means to who reads it, and what to do.
func troubleOf(p *problem) page.Trouble {
	switch p.status {
	case http.StatusNotFound:
		return page.Trouble{
			Heading: "Page introuvable", What: "Cette adresse ne mène à rien qui soit à vous, ou la page a été retirée.",
			Next: []page.Step{{Text: "Vérifier l’adresse si vous l’avez tapée"}, stepHome()},
		}
	case http.StatusForbidden:
		return page.Trouble{Heading: "Ce n’est pas possible", What: p.title(true), Next: []page.Step{stepHome()}}
	case http.StatusMethodNotAllowed:
		return page.Trouble{
			Heading: "Cette adresse ne s’ouvre pas ainsi", What: "Elle reçoit l’envoi d’un formulaire.", Next: []page.Step{stepHome()},
		}
	case http.StatusRequestEntityTooLarge:
		return page.Trouble{
			Heading: "Envoi trop volumineux", What: "La taille du ou des documents dépasse la limite autorisée. Rien n’a été envoyé.",
			Next: []page.Step{{Text: "Revenir en arrière et retirer ou réduire un document"}, stepMessages()},
		}
	case http.StatusConflict, http.StatusServiceUnavailable, http.StatusRequestTimeout:
		return page.Trouble{
			Heading: "Service momentanément indisponible", What: "Vos messages ne sont pas perdus. Rien de ce que vous venez de demander n’a été fait.",
			Next: []page.Step{stepLater(), {Text: "Si c’est pressé, téléphonez au cabinet ou au service"}},
		}
	case http.StatusInternalServerError:
		return page.Trouble{
			Heading: "Le service a rencontré une erreur", What: "Elle est enregistrée et sera examinée.",
			Next: []page.Step{stepLater(), stepHome()},
		}
	}
	return page.Trouble{
		Heading: "Demande incomprise", What: "Le service n’a pas pu lire ce qui lui a été envoyé. Rien n’a été fait.",
		Next: []page.Step{{Text: "Revenir en arrière et réessayer"}, stepHome()},
	}
}

// otherAudience is shown to a visitor on a page of the others.
func otherAudience(kind PrincipalKind) page.Trouble {
	if kind == Professional {
		return page.Trouble{
			Heading: "Page réservée aux professionnels", What: "Vous êtes identifié comme patient.", Next: []page.Step{stepMessages()},
		}
	}
	return page.Trouble{
		Heading: "Page réservée aux patients", What: "Vous êtes identifié comme professionnel.",
		Next: []page.Step{{Text: "Aller à vos échanges", Href: "/pro"}},
	}
}

// stepAgain is for a form whose page nothing leads back to.
func stepAgain() page.Step {
	return page.Step{Text: "Revenir en arrière, recharger la page et recommencer"}
}

// stepBack leads from a form that was not taken to the page that it belongs to, which the pattern of its path tells.
func stepBack(r pageRoute, id conversations.ID) page.Step {
	for _, to := range []page.Step{
		{Text: "Revenir à la conversation", Href: "/messages/{id}"},
		{Text: "Revenir à la conversation", Href: "/pro/conversations/{id}"},
		{Text: "Revenir à l’échange", Href: "/pro/echanges/{id}"},
		{Text: "Revenir à la venue", Href: "/clinique/venues/{id}"},
		{Text: "Écrire à un patient", Href: writePath},
		{Text: "Revenir à l’annuaire", Href: directoryPath},
		{Text: "Revenir à mes boîtes", Href: mailboxesPath},
		{Text: "Revenir aux inscriptions", Href: enrolPath},
		{Text: "Revenir aux représentants légaux", Href: representationPath},
	} {
		if strings.HasPrefix(r.path, to.Href) {
			to.Href = strings.Replace(to.Href, "{id}", string(id), 1)
			return to
		}
	}
	switch r.kind { //nolint:exhaustive // no form is an application's
	case Patient:
		return stepMessages()
	case Professional:
		return page.Step{Text: "Revenir aux échanges", Href: "/pro"}
	}
	return stepAgain()
}

// formExpired is shown for a form of another session, with the text that was typed, and the way back to the form.
func formExpired(back page.Step, text, reference string) page.Trouble {
	return page.Trouble{
		Heading: "Formulaire expiré", What: "Votre session a changé depuis l’affichage de la page. Rien n’a été fait.",
		Next: []page.Step{back, stepHome()}, Text: text, Reference: reference,
	}
}

// loggedOut is shown for a form that came without a session, with the text that was typed. The kind is empty when nobody
// knows of which one the visitor is.
func loggedOut(kind PrincipalKind, text, reference string) page.Trouble {
	what := "Rien n’a été fait."
	if text != "" {
		what = "Votre message n’a pas été envoyé."
	}
	return page.Trouble{
		Heading: "Votre session a pris fin", What: what, Text: text, Reference: reference,
		Next: []page.Step{{Text: "S’identifier de nouveau", Href: doorTo(kind, "")}},
	}
}
