package web

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"mesbridge/web/page"
)

// Pages draws the pages of the authorization server: consent and errors. It exists apart from [App]
// because the OAuth handlers need it before the App can mount them, and takes plain data so that neither
// package knows the other.
type Pages struct {
	renderer *page.Renderer
	secure   bool
}

// NewPages makes the pages of a configuration; only the fields that pages show are used.
func NewPages(c Config) (*Pages, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, err
	}
	c = c.withDefaults()
	return &Pages{renderer: newRenderer(c, zone), secure: c.Secure}, nil
}

// ConsentPage is what the consent page shows. Everything in it is escaped.
type ConsentPage struct {
	Client     string   // registered name of the application
	Person     string   // who is logged in
	Patient    bool     // a patient, else a professional
	Scopes     []string // what would be granted
	Action     string   // path and query on this host, to post the decision to
	CSRF       string
	FormTarget string // origin that the decision is redirected to; empty: none but ours
}

// Consent writes the page that asks whether an application may act. Its form posts csrf and decision
// (allow or deny) to Action.
func (p *Pages) Consent(w http.ResponseWriter, d ConsentPage) {
	var targets []string
	if d.FormTarget != "" && !strings.ContainsAny(d.FormTarget, " ;,'\"\r\n") {
		targets = append(targets, d.FormTarget)
	}
	p.write(w, http.StatusOK, targets, page.Viewer{}, page.Consent{
		Application: d.Client, Person: d.Person, Rights: rightsInFrench(d.Scopes), Action: d.Action, CSRF: d.CSRF,
	})
}

// Error writes the page of a login or authorization that failed, by the code of package oauth. retry is a
// path on this host where one may begin again; empty: none.
func (p *Pages) Error(w http.ResponseWriter, status int, code, retry string) {
	t := loginTrouble(code)
	if retry != "" {
		t.Next = append([]page.Step{{Text: "Recommencer", Href: retry}}, t.Next...)
	}
	p.write(w, status, nil, page.Viewer{}, t)
}

// write sends a page with its own content policy.
func (p *Pages) write(w http.ResponseWriter, status int, targets []string, v page.Viewer, content page.Page) {
	var b bytes.Buffer
	if err := p.renderer.Render(&b, v, content); err != nil {
		http.Error(w, "The service failed.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy(ownPictures, targets))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the visitor is gone
}

// loginTrouble says what a code of package oauth means to the person, and what to do.
func loginTrouble(code string) page.Trouble {
	next := []page.Step{stepHome()}
	switch code {
	case "login-expired", "form-expired":
		return page.Trouble{
			Heading: "L’identification a expiré", What: "Elle a pris trop de temps, ou a commencé dans une autre fenêtre.", Next: next,
		}
	case "login-cancelled":
		return page.Trouble{Heading: "Identification abandonnée", What: "Vous n’êtes pas connecté.", Next: next}
	case "login-failed":
		return page.Trouble{
			Heading: "Identification impossible", What: "La réponse du fournisseur d’identité n’a pas pu être acceptée.", Next: next,
		}
	case "assurance-too-low":
		return page.Trouble{
			Heading: "Identification insuffisante",
			What:    "Ce service contient des données de santé : il demande un moyen d’identification plus sûr que celui que vous avez utilisé.",
			Next:    next,
		}
	case "person-unknown":
		return page.Trouble{
			Heading: "Aucun accès à votre nom",
			What:    "Vous êtes bien identifié, mais ce service ne vous connaît pas de messagerie ni de boîte aux lettres.", Next: next,
		}
	case "not-found":
		return troubleOf(notFound())
	case "temporarily-unavailable":
		return page.Trouble{
			Heading: "Identification momentanément indisponible", What: "Le fournisseur d’identité ou ce service ne répond pas.",
			Next: append([]page.Step{stepLater()}, next...),
		}
	}
	return page.Trouble{
		Heading: "Demande d’une application refusée",
		What:    "L’application qui vous a envoyé ici a fait une demande incorrecte. Prévenez son éditeur.", Next: next,
	}
}

// rightsInFrench says what scopes allow; those of the protocol alone say nothing to a person.
func rightsInFrench(scopes []string) []string {
	var rights []string
	for _, s := range scopes {
		if r := rightInFrench(s); r != "" {
			rights = append(rights, r)
		}
	}
	return rights
}

func rightInFrench(scope string) string {
	switch scope {
	case "patient.read":
		return "lire vos messages et leurs pièces jointes"
	case "patient.reply":
		return "répondre à vos messages en votre nom"
	case "patient.manage":
		return "supprimer des conversations et enregistrer des documents"
	case "patient.block":
		return "bloquer et débloquer des professionnels"
	case "thread.read":
		return "lire les échanges de vos boîtes aux lettres"
	case "thread.open":
		return "écrire un premier message à un patient"
	case "thread.write":
		return "écrire dans une conversation"
	case "thread.close":
		return "mettre fin à des échanges"
	case "patient.enrol":
		return "inscrire des patients et leur remettre un code, si vous êtes habilité"
	case "episode.close":
		return "clore des prises en charge"
	case "audit.read":
		return "lire les traces"
	case "admin":
		return "administrer le service"
	case "openid", "offline_access":
		return ""
	}
	return scope
}
