package web

import (
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mesbridge/conversations"
)

// matrixPeople is the Authenticator of the matrix: the name of a caller is his token, and his cookie after
// "session-of-". Tokens that expired, were revoked or never were are the same to the border; that they come out
// so is tested with real ones (tests/access_test.go).
type matrixPeople struct{ lacking string } // lacking: scope that the wrong-scope token has not

func (m matrixPeople) Token(_ context.Context, name string, _ *x509.Certificate) (Principal, error) {
	patient := []string{"patient.read", "patient.reply", "patient.manage", "patient.block"}
	desk := []string{"thread.read", "thread.open", "thread.write", "thread.close", "webhook.manage", "admin", "patient.enrol"}
	box := []conversations.Address{must(ownedBox)}
	p := Principal{Kind: Professional, ID: name, Name: "Personne " + name, Scopes: desk}
	switch name {
	case "patient":
		p.Kind, p.Patient, p.Scopes = Patient, patientPID, patient
	case "other-patient", "representative", "expired-representative", "caregiver", "revoked-caregiver":
		p.Kind, p.Patient, p.Scopes = Patient, conversations.PatientID("pid-of-"+name), patient
	case "professional", "secretary":
		p.Mailboxes = box
	case "administrator":
		p.Enrols = true
	case "other-professional":
		p.Mailboxes = []conversations.Address{must("autre@chu.mssante.fr")}
	case "clinic", "other-clinic":
		p.Kind, p.FINESS, p.Mailboxes = Application, ownFINESS, []conversations.Address{must("app@chu.mssante.fr")}
		p.Scopes = append(desk, "episode.close")
		if name == "other-clinic" {
			p.FINESS, p.Mailboxes = "990000001", []conversations.Address{must("app@autre.mssante.fr")}
		}
	case "wrong-scope":
		return m.wrongScope(append(patient, append(desk, "episode.close")...)), nil
	default:
		return Principal{}, ErrUnauthenticated
	}
	return p, nil
}

// wrongScope owns everything that the row names, but for the scope.
func (m matrixPeople) wrongScope(all []string) Principal {
	p := Principal{ID: "wrong-scope", Kind: Professional, Mailboxes: []conversations.Address{must(ownedBox)}, Enrols: true}
	switch {
	case strings.HasPrefix(m.lacking, "patient."):
		p.Kind, p.Patient = Patient, patientPID
	case m.lacking == "episode.close":
		p.Kind, p.FINESS = Application, ownFINESS
	}
	p.Scopes = slices.DeleteFunc(all, func(s string) bool { return s == m.lacking })
	return p
}

func (matrixPeople) Sessions(context.Context, Principal, string) ([]Session, error) { return nil, nil }

func (matrixPeople) EndSession(context.Context, Principal, string) error { return nil }

func (m matrixPeople) Session(ctx context.Context, cookie string) (Principal, string, error) {
	name, found := strings.CutPrefix(cookie, "session-of-")
	p, err := m.Token(ctx, name, nil)
	if !found || err != nil || p.Kind == Application || name == "wrong-scope" {
		return Principal{}, "", ErrUnauthenticated
	}
	return p, csrfToken, nil
}

func (m matrixPeople) Unattended(ctx context.Context, cookie string) (Principal, string, error) {
	return m.Session(ctx, cookie)
}

// cell is one caller on one route.
type cell struct {
	status  int
	trace   string // status, fields and body, without what names the request
	calls   []string
	given   bool
	content string
}

// ask sends a request to the border on a fresh core of owners.
func (w *world) ask(t *testing.T, r *http.Request) cell {
	t.Helper()
	core := &ownedCore{fakeConversations: newFake()}
	w.app.deps.Conversations = core
	got := w.do(r)
	c := cell{status: got.status, calls: core.calls, given: core.given, content: string(got.body)}
	fields := got.header.Clone()
	fields.Del("X-Request-Id")
	fields.Del("Date")
	c.trace = requestName.ReplaceAllString(fmt.Sprintf("%d %v %s", got.status, fields, got.body), "REQUEST")
	if got := fields.Get("Location"); strings.HasPrefix(got, "/oauth/login/") || strings.HasPrefix(got, "/?retour=") { // it quotes the path that was asked for
		c.trace = "303 /oauth/login/"
	}
	return c
}

// requestName is the id of a request, with which answers are reported.
var requestName = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// unknown replaces whatever a sample names of the owners by what does not exist. IDs of the same length keep
// the answers comparable.
func unknown(w *world, s string) string {
	return strings.NewReplacer(
		string(pieceID), "a1zzzz.9.9", string(openID)+".2", "a1zzzz.9", string(openID), "a1zzzz", string(exchangeID), "a1zzzzz", string(savedID), "a1zzz",
		string(userID), "b2zzzz", string(hookID), "c3zzzz", string(enrolmentID), "a1zzzzzz", string(visitKey), "ffffffffffffffffffffffffffffffff", "2026%2F05%200815", "2026%2F05%209999", ownFINESS, "110000001",
		w.app.mailboxKey(must(ownedBox)), "zzzzzzzzzzzzzzzz", ownedBox, "nulle-part0@cabinet.mssante.fr",
		w.app.profileID(patientPID), "zzzzzzzzzzzzzzzz",
	).Replace(s)
}

// allowed reads a row.
func allowed(t *testing.T, row string) map[string]string {
	t.Helper()
	cells := map[string]string{}
	for name := range strings.FieldsSeq(row) {
		bare := strings.TrimSuffix(name, "*")
		if !slices.Contains(callers(), bare) {
			t.Fatalf("no such caller: %s", bare)
		}
		cells[bare] = name[len(bare):]
		if cells[bare] == "" {
			cells[bare] = "thing"
		}
	}
	return cells
}

// judge holds a cell against its row. unlike is the same request for what does not exist.
func judge(t *testing.T, name, may string, got, unlike cell, asking bool) {
	t.Helper()
	switch {
	case may == "":
		if got.status != http.StatusUnauthorized && got.status != http.StatusForbidden && got.status != http.StatusNotFound && got.trace != "303 /oauth/login/" {
			t.Errorf("%s: %d %.200s", name, got.status, got.content)
		}
		if strings.HasSuffix(name, " by caregiver") {
			return // who reads what is there: only the act is refused, by the core
		}
		if got.trace != unlike.trace {
			t.Errorf("%s: what exists is told from what does not:\n%.600s\n%.600s", name, got.trace, unlike.trace)
		}
		if got.given || !asking && len(got.calls) > 0 {
			t.Errorf("%s: refused, but the core was asked %v", name, got.calls)
		}
		if strings.Contains(got.content, "Jeanne Dupont") || strings.Contains(got.content, ins) {
			t.Errorf("%s: the refusal names the patient", name)
		}
	case got.status >= http.StatusBadRequest || got.trace == "303 /oauth/login/":
		t.Errorf("%s: %d %.300s", name, got.status, got.content)
	case got.given != (may == "thing"):
		t.Errorf("%s: about the owner's: %v (asked %v)", name, got.given, got.calls)
	}
}

// forAnother reports whether a caller acts, or acted once, for the owner.
func forAnother(caller string) bool {
	return strings.HasSuffix(caller, "representative") || strings.HasSuffix(caller, "caregiver")
}

// apiRequest is the sample call of a caller; the first of several forms of the path is taken.
func apiRequest(w *world, e endpoint, caller string, known bool) *http.Request {
	path, body := sample(e)
	path = strings.Replace(path, sharedKey(), w.app.mailboxKey(must(ownedBox)), 1)
	path = strings.Replace(path, profileOf(elderPID), profileOf(patientPID), 1)
	switch e.method + " " + e.path {
	case "GET /exchanges", "GET /conversations", "GET /webhooks":
		path += "?mailbox=" + ownedBox
	}
	profile := "?for=" + profileOf(patientPID)
	if !known {
		path, body = unknown(w, path), unknown(w, body)
		if caller != "representative" && caller != "caregiver" { // who may know that it exists
			profile = unknown(w, profile)
		}
	}
	if forAnother(caller) {
		path += profile
	}
	r := httptest.NewRequest(e.method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if caller != "anonymous" {
		r.Header.Set("Authorization", "Bearer "+caller)
	}
	return r
}

// TestAccess_api is the access matrix of the API (A1 to A9): every route with every caller. Whoever is not
// listed is refused, and cannot tell what exists from what does not.
func TestAccess_api(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	table := apiAccess()
	for _, e := range w.app.endpoints() {
		route := e.method + " " + e.path
		row, listed := table[route]
		if !listed {
			t.Errorf("%s has no row in the access matrix", route)
			continue
		}
		delete(table, route)
		w.app.deps.Authenticator = matrixPeople{lacking: e.scope}
		cells := allowed(t, row)
		for _, caller := range callers() {
			name := route + " by " + caller
			p, err := w.app.deps.Authenticator.Token(t.Context(), caller, nil)
			asking := err == nil && e.takes(p.Kind) && (e.scope == "" || p.has(e.scope))
			got := w.ask(t, apiRequest(w, e, caller, true))
			judge(t, name, cells[caller], got, w.ask(t, apiRequest(w, e, caller, false)), asking)
			if e.method == http.MethodGet {
				head := apiRequest(w, e, caller, true)
				head.Method = http.MethodHead
				if also := w.ask(t, head); also.status != got.status || len(also.content) > 0 {
					t.Errorf("HEAD %s by %s: %d, GET %d", e.path, caller, also.status, got.status)
				}
			}
		}
	}
	for route := range table {
		t.Errorf("%s has a row, but is no route", route)
	}
}

// pageForms are the fields that the forms of pages need beside the session's token.
func pageForms(w *world) map[string]string {
	first := "&bal=" + w.app.mailboxKey(must(ownedBox)) + "&matricule=" + ins + "&qualifiee=oui"
	return map[string]string{
		"/pro":                                            "&patient=Dupont",
		"/notifications":                                  "&averti=non",
		"/messages/{id}/repondre":                         "&texte=Merci&action=envoyer",
		"/oppositions":                                    "&nature=messages&portee=profession%3A10",
		"/conditions":                                     "&accepte=oui&version=" + termsVersion,
		"/aidants":                                        "&nom=Paul",
		"/profils/choisir":                                "&profil=" + profileOf(patientPID),
		"/profils/code":                                   "&code=" + secretCode,
		"/profils/accepter":                               "&code=" + secretCode,
		"/profils/refuser":                                "&code=" + secretCode,
		"/contacts/{id}/bloquer":                          "&choix=toujours",
		writePath:                                         first,
		writePath + "/message":                            first + "&objet=Bilan&texte=Bonjour&confirme=oui",
		"/pro/conversations/{id}/ecrire":                  "&texte=Bonjour",
		mailboxesPath + "/{id}/utilisateurs":              "&identifiant=899900000058&nom=Paul+Roy",
		"/clinique/venues/{id}/cloture":                   "&quand=maintenant&operation=x",
		"/pro/conversations/{id}/suivre":                  "&bal=" + w.app.mailboxKey(must(ownedBox)),
		"/pro/conversations/{id}/laisser":                 "&bal=" + w.app.mailboxKey(must(ownedBox)),
		"/pro/conversations/{id}/confier":                 "&bal=" + w.app.mailboxKey(must(ownedBox)) + "&a=" + string(colleagueID),
		"/pro/conversations/{id}/notes":                   "&bal=" + w.app.mailboxKey(must(ownedBox)) + "&texte=x",
		"/pro/conversations/{id}/notes/{piece}/supprimer": "&bal=" + w.app.mailboxKey(must(ownedBox)),
		mailboxesPath + "/{id}/modeles":                   "&nom=a&texte=b",
		mailboxesPath + "/{id}/modeles/{piece}":           "&nom=a&texte=b",
		mailboxesPath + "/{id}/absence":                   "&fin=2026-05-20",
		endsPath:                                          "&echange%5B%5D=" + string(exchangeID),
		endsPath + "/confirmation":                        "&echange%5B%5D=" + string(exchangeID),
		endsPath + "/annulation":                          "&echange%5B%5D=" + string(exchangeID),
		writePath + "/annuaire":                           first + "&copie-nom=goff",
		"/pro/conversations/{id}/annuaire":                "&copie-nom=goff",
		directoryPath:                                     "&nom=goff",
		directoryPath + "/copie":                          "&copie=anne.legoff%40medecin.mssante.fr",
		enrolPath:                                         enrolmentFields,
		enrolPath + "/code":                               enrolmentFields,
		representationPath:                                "&matricule=" + ins + "&representant=" + ins + "&titre=parent&papiers=oui",
		representationPath + "/enregistrer":               "&matricule=" + ins + "&representant=" + ins + "&titre=parent&papiers=oui",
		representationPath + "/fin":                       "&matricule=" + ins + "&representant=" + ins,
	}
}

// pageRequest is the sample visit of a caller.
func pageRequest(w *world, r pageRoute, caller string, known bool) *http.Request {
	id := map[string]string{
		"/documents": string(savedID), profilesPath: profileOf(patientPID), "/contacts": string(exchangeID), "/pro/echanges": string(exchangeID), "/compte": "fermer-messagerie",
		mailboxesPath: w.app.mailboxKey(must(ownedBox)), "/clinique/venues": string(visitKey),
		enrolPath: string(enrolmentID),
	}
	named, piece := string(openID), string(pieceID)
	for prefix, own := range id {
		if strings.HasPrefix(r.path, prefix) {
			named = own
		}
	}
	switch {
	case strings.Contains(r.path, "originaux"):
		piece = string(openID) + ".2"
	case strings.Contains(r.path, "utilisateurs"):
		piece = string(userID)
	case strings.Contains(r.path, "notes"):
		piece = string(noteID)
	case strings.Contains(r.path, "modeles"):
		piece = string(templateID)
	}
	path := strings.NewReplacer("{id}", named, "{piece}", piece).Replace(r.path)
	token := csrfToken
	if forAnother(caller) && r.kind == Patient && !ownPage(r.path) {
		token = w.app.short("form of a profile", csrfToken, profileOf(patientPID))
	}
	form := "csrf=" + token + pageForms(w)[r.path]
	if !known {
		path, form = unknown(w, path), unknown(w, form)
	}
	if r.method == http.MethodGet {
		form = ""
	}
	q := httptest.NewRequest(r.method, path, strings.NewReader(form))
	if form != "" {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	switch caller {
	case "anonymous":
	case "wrong-scope", "clinic", "other-clinic": // a token of the API is no session, in whichever place
		q.Header.Set("Authorization", "Bearer "+caller)
		q.AddCookie(&http.Cookie{Name: "mes", Value: caller})
	default:
		q.AddCookie(&http.Cookie{Name: "mes", Value: "session-of-" + caller})
		if forAnother(caller) {
			q.AddCookie(&http.Cookie{Name: profileCookie, Value: w.app.choose(Principal{ID: caller}, profileOf(patientPID)).Value})
		}
	}
	return q
}

// TestAccess_pages is the access matrix of the pages.
func TestAccess_pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.app.deps.Authenticator = matrixPeople{}
	table := pageAccess()
	for _, r := range w.app.pageRoutes() {
		route := r.method + " " + r.path
		row, listed := table[route]
		if !listed {
			t.Errorf("%s has no row in the access matrix", route)
			continue
		}
		delete(table, route)
		cells := allowed(t, row)
		for _, caller := range callers() {
			p, _, err := w.app.deps.Authenticator.Session(t.Context(), "session-of-"+caller)
			asking := err == nil && (r.kind == "" || r.kind == p.Kind)
			got := w.ask(t, pageRequest(w, r, caller, true))
			judge(t, route+" by "+caller, cells[caller], got, w.ask(t, pageRequest(w, r, caller, false)), asking)
		}
	}
	for route := range table {
		t.Errorf("%s has a row, but is no page", route)
	}
}

// TestAccess_noRouteBeside enumerates the router: what it serves is in the matrix, or is open to anybody by name.
func TestAccess_noRouteBeside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := map[string]bool{}
	for _, e := range w.app.endpoints() {
		known[e.method+" "+fiberPath(apiBase+e.path)] = true
	}
	for _, r := range w.app.pageRoutes() {
		known[r.method+" "+fiberPath(r.path)] = true
	}
	seen := 0
	for _, r := range w.app.fiber.GetRoutes(true) {
		method := strings.Replace(r.Method, http.MethodHead, http.MethodGet, 1)
		api := slices.ContainsFunc(slices.Collect(maps.Keys(known)), func(k string) bool { return strings.HasSuffix(k, " "+r.Path) })
		switch {
		case known[method+" "+r.Path], slices.Contains(openRoutes(), r.Path), strings.HasPrefix(r.Path, "/assets/"):
			seen++
		case api && isAPI(r.Path): // the answer to methods that a path has not
		default:
			t.Errorf("%s %s is in no table", r.Method, r.Path)
		}
	}
	if seen < len(known) {
		t.Errorf("%d routes seen of %d", seen, len(known))
	}
}
