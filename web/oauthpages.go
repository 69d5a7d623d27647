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

	Exercise      string // exercise situation of a professional, in words; empty: none
	OtherExercise string // path where he chooses another one and comes back; empty: there is none
}

// Consent writes the page that asks whether an application may act. Its form posts csrf and decision
// (allow or deny) to Action.
func (p *Pages) Consent(w http.ResponseWriter, d ConsentPage) {
	var targets []string
	if d.FormTarget != "" && !strings.ContainsAny(d.FormTarget, " ;,'\"\r\n") {
		targets = append(targets, d.FormTarget)
	}
	p.write(w, http.StatusOK, targets, page.Consent{
		Application: d.Client, Person: d.Person, Rights: rightsInFrench(d.Scopes), Action: d.Action, CSRF: d.CSRF,
		Exercise: d.Exercise, OtherExercise: d.OtherExercise,
	})
}

// Providers writes the page where a professional chooses through which provider to log in: the national one, by its path,
// or that of a structure (D26).
func (p *Pages) Providers(w http.ResponseWriter, national string, structures []LoginChoice) {
	p.write(w, http.StatusOK, nil, page.Providers{National: national, Structures: loginChoices(structures)})
}

// ExercisePage is what the page of exercises shows. Everything in it is escaped.
type ExercisePage struct {
	Person               string
	Exercises            []ExerciseChoice
	Chosen               string // key of the present one; empty: none yet
	Missing              bool   // the form came back without a choice
	Action, Return, CSRF string
}

// ExerciseChoice is an exercise situation.
type ExerciseChoice struct{ Key, Name string }

// Exercise writes the page that asks in which exercise situation a professional acts (I46). Its form posts csrf, return
// and exercise to Action.
func (p *Pages) Exercise(w http.ResponseWriter, d ExercisePage) {
	shown := page.Exercise{Person: d.Person, Chosen: d.Chosen, Missing: d.Missing, Action: d.Action, Return: d.Return, CSRF: d.CSRF}
	for _, e := range d.Exercises {
		shown.Exercises = append(shown.Exercises, page.ExerciseChoice(e))
	}
	status := http.StatusOK
	if d.Missing {
		status = http.StatusUnprocessableEntity
	}
	p.write(w, status, nil, shown)
}

// loginChoices are the structures as pages show them.
func loginChoices(all []LoginChoice) []page.LoginChoice {
	list := make([]page.LoginChoice, len(all))
	for i, c := range all {
		list[i] = page.LoginChoice(c)
	}
	return list
}

// Error writes the page of a login or authorization that failed, by the code of package oauth. retry is a
// path on this host where one may begin again; empty: none.
func (p *Pages) Error(w http.ResponseWriter, status int, code, retry string) {
	t := loginTrouble(code)
	if retry != "" {
		t.Next = append([]page.Step{{Text: "Recommencer", Href: retry}}, t.Next...)
	}
	p.write(w, status, nil, t)
}

// write sends a page with its own content policy.
func (p *Pages) write(w http.ResponseWriter, status int, targets []string, content page.Page) {
	var b bytes.Buffer
	if err := p.renderer.Render(&b, page.Viewer{}, content); err != nil {
		http.Error(w, "The service failed.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy(targets, ownPictures))
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
			What:    "Ce service contient des données de santé\u00a0: il demande un moyen d’identification plus sûr que celui que vous avez utilisé.",
			Next:    next,
		}
	case "person-unknown":
		return page.Trouble{
			Heading: "Aucun accès à votre nom",
			What:    "Vous êtes bien identifié, mais aucune messagerie ni boîte aux lettres n’est ouverte à votre nom dans ce service.",
			Next: append([]page.Step{
				{Text: "Patient\u00a0: un établissement de santé peut vous inscrire. Demandez-lui un code à l’accueil"},
				{Text: "Professionnel\u00a0: adressez-vous au responsable de votre messagerie"},
			}, next...),
		}
	case "not-listed":
		return page.Trouble{
			Heading: "Votre établissement ne vous a pas donné accès",
			What: "Votre compte de travail est bien reconnu, mais vous n’êtes pas sur la liste des utilisateurs que votre établissement tient pour ce service, " +
				"ou votre accès a pris fin. Adressez-vous au responsable de la messagerie ou au service informatique de votre établissement.",
			Next: next,
		}
	case "not-found":
		return troubleOf(notFound())
	case "rate-limited":
		return page.Trouble{
			Heading: "Trop de demandes d’identification", What: "Il en est venu beaucoup de votre réseau en peu de temps. Réessayez dans une minute.",
			Next: append([]page.Step{stepLater()}, next...),
		}
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
	case "webhook.manage":
		return "faire avertir un logiciel de ce qui arrive dans vos boîtes aux lettres"
	case "audit.read":
		return "lire les traces"
	case "admin":
		return "administrer le service"
	case "profile":
		return "connaître votre nom"
	case "openid", "offline_access":
		return ""
	}
	return scope
}
