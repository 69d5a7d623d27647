package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// browse asks for a page, or posts a form, with the cookies of a visitor who chose a profile.
func (w *world) browse(method, path, cookie, form string) reply {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.AddCookie(&http.Cookie{Name: "mes", Value: patientKey})
	r.AddCookie(&http.Cookie{Name: doorCookie, Value: string(Patient)})
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: profileCookie, Value: cookie})
	}
	return w.do(r)
}

// chooses chooses a profile on the page, and returns the cookie.
func (w *world) chooses(p conversations.PatientID) string {
	w.t.Helper()
	got := w.browse(http.MethodPost, "/profils/choisir", "", "csrf="+csrfToken+"&profil="+profileOf(p)).wants(http.StatusSeeOther, "")
	set, err := http.ParseSetCookie(got.header.Get("Set-Cookie"))
	if err != nil || !set.HttpOnly || set.SameSite != http.SameSiteLaxMode || got.header.Get("Location") != "/messages" {
		w.t.Fatalf("%q, %v", got.header, err)
	}
	return set.Value
}

// csrfOf reads the token of the forms of a page about a mailbox.
var csrfOf = regexp.MustCompile(`action="/aidants"[^>]*>\s*<input type="hidden" name="csrf" value="([^"]+)"`)

// D28: every page says for whom one acts, is about that mailbox, and shows what one may do there.
func TestActing_everyPageSaysForWhom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.chooses(childPID)
	for _, path := range []string{"/messages", "/messages/a1open", "/contacts", "/documents", "/oppositions", "/historique", "/compte", "/aidants"} {
		w.core.aboutPatients = nil
		got := w.browse(http.MethodGet, path, cookie, "").wants(http.StatusOK, "").has("Vous agissez pour <strong><bdi>Léo Dupont</bdi>", "représentant légal", "Revenir à ma messagerie")
		checkMarkup(t, path, got.body)
		for _, p := range w.core.aboutPatients {
			if p != childPID {
				t.Errorf("%s is about %s", path, p)
			}
		}
	}
	w.browse(http.MethodGet, "/conditions", cookie, "").wants(http.StatusOK, "").lacks("Vous agissez pour")
	elder := w.chooses(elderPID)
	w.browse(http.MethodGet, "/messages/a1open", elder, "").wants(http.StatusOK, "").has("Odile Lebrun", "Envoyer").
		lacks("supprimer", "Bloquer ce professionnel", "Enregistrer dans mes documents", `href="/oppositions"`, `href="/aidants"`)
	w.browse(http.MethodGet, "/contacts", elder, "").wants(http.StatusOK, "").lacks("/bloquer", "/debloquer", "Vous pouvez bloquer")
	w.browse(http.MethodGet, "/compte", elder, "").wants(http.StatusOK, "").lacks("Ce que vous pouvez faire", "Se déconnecter de tous")
}

// A form that was shown for one profile does nothing for another; another person's choice is nobody's.
func TestActing_formsBelongToTheProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.chooses(childPID)
	w.browse(http.MethodPost, "/compte/fermer-messagerie", cookie, "csrf="+csrfToken).wants(http.StatusForbidden, "").has("Formulaire expiré")
	shown := csrfOf.FindSubmatch(w.browse(http.MethodGet, "/aidants", cookie, "").body)
	if shown == nil {
		t.Fatal("no form")
	}
	token := "csrf=" + url.QueryEscape(string(shown[1]))
	w.browse(http.MethodPost, "/aidants", w.chooses(elderPID), token+"&nom=x").wants(http.StatusForbidden, "").has("Formulaire expiré")
	w.browse(http.MethodPost, "/aidants", "", token+"&nom=x").wants(http.StatusForbidden, "").has("Formulaire expiré")
	if len(w.core.invited) != 0 || len(w.core.commands) != 0 {
		t.Error("done all the same")
	}
	w.browse(http.MethodPost, "/aidants", cookie, token+"&nom=Mamie&qualite=parent&fin=2026-06-30").wants(http.StatusSeeOther, "")
	if len(w.core.invited) != 1 || w.core.invited[0].Name != "Mamie" || w.core.invited[0].Until.IsZero() {
		t.Errorf("%+v", w.core.invited)
	}
	for _, forged := range []string{profileOf(childPID), profileOf(childPID) + ".x", "." + cookie, "x." + strings.SplitN(cookie, ".", 2)[1]} {
		w.browse(http.MethodGet, "/messages", forged, "").wants(http.StatusOK, "").lacks("Vous agissez pour")
	}
	w.browse(http.MethodPost, "/profils/choisir", "", "csrf="+csrfToken+"&profil=other").wants(http.StatusNotFound, "")
}

// R135: who may act no more is told so at the next page, and is back at his own after it.
func TestActing_endedIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.chooses(childPID)
	w.core.acting = nil
	got := w.browse(http.MethodGet, "/messages/a1open", cookie, "").wants(http.StatusNotFound, "").has("Vous n’agissez plus pour cette personne").lacks("Léo")
	checkMarkup(t, "acts no more", got.body)
	if set := got.header.Get("Set-Cookie"); !strings.Contains(set, profileCookie+"=;") && !strings.Contains(set, profileCookie+`=""`) {
		t.Errorf("the choice is kept: %q", set)
	}
	w.core.failOn["Profiles"] = kind(conversations.KindUnavailable)
	w.browse(http.MethodGet, "/messages", cookie, "").wants(http.StatusServiceUnavailable, "").lacks("prise de sang")
}

// R128: invitations from both sides, with words for what goes wrong.
func TestDelegatePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(patientKey, "/aidants").wants(http.StatusOK, "").has("Sacha Petit", "UGFZ-2XN4-QTOW-K3JM", "Retirer l’invitation", "Rétablir l’invitation de Paul Roux").lacks("C’est vous.")
	checkMarkup(t, "delegates", got.body)
	bad := w.post(patientKey, "/aidants", "csrf="+csrfToken+"&nom=&fin=2020-01-01").wants(http.StatusUnprocessableEntity, "").has("Rien n’a été enregistré.", `<a href="#nom">Écrivez le nom`, `<a href="#fin">Cette date est passée`)
	checkMarkup(t, "invitation at fault", bad.body)
	w.core.failOn["Invite"] = kind(conversations.KindInvalidRequest)
	w.post(patientKey, "/aidants", "csrf="+csrfToken+"&nom=x").wants(http.StatusUnprocessableEntity, "").has(`<a href="#inviter">`, "plus de place")
	w.post(patientKey, "/aidants/a1helper/fin", "csrf="+csrfToken).wants(http.StatusSeeOther, "")
	w.post(patientKey, "/aidants/a1over/retablir", "csrf="+csrfToken).wants(http.StatusSeeOther, "")
	w.core.failOn["RestoreDelegate"] = kind(conversations.KindNotGranted)
	w.post(patientKey, "/aidants/a1over/retablir", "csrf="+csrfToken).wants(http.StatusForbidden, "").has("dix minutes")

	profiles := w.visit(patientKey, "/profils").wants(http.StatusOK, "").has("Léo Dupont", "Agir pour", "J’ai reçu un code")
	checkMarkup(t, "profiles", profiles.body)
	shown := w.post(patientKey, "/profils/code", "csrf="+csrfToken+"&code=ugfz-2xn4").wants(http.StatusOK, "").has("Odile Lebrun", "Accepter", "Refuser")
	checkMarkup(t, "invitation", shown.body)
	w.post(patientKey, "/profils/accepter", "csrf="+csrfToken+"&code=ugfz-2xn4").wants(http.StatusSeeOther, "")
	w.post(patientKey, "/profils/refuser", "csrf="+csrfToken+"&code=ugfz-2xn4").wants(http.StatusSeeOther, "")
	for k, words := range map[conversations.Kind]string{
		conversations.KindNotFound: "n’est pas valable", conversations.KindNotGranted: "propre aidant", conversations.KindInvalidRequest: "déjà",
		conversations.KindRateLimited: "trop de codes",
	} {
		w.core.failOn["AcceptInvitation"] = kind(k)
		checkMarkup(t, string(k), w.post(patientKey, "/profils/accepter", "csrf="+csrfToken+"&code=ugfz-2xn4-qtow-k3jm").has(words).body)
	}
	w.core.failOn["AcceptInvitation"] = kind(conversations.KindNotFound)
	w.post(patientKey, "/profils/accepter", "csrf="+csrfToken+"&code=ugfz-2xn4").wants(http.StatusUnprocessableEntity, "").has("seize lettres et chiffres", `value="ugfz-2xn4"`)
	sure := w.visit(patientKey, "/profils/"+profileOf(childPID)+"/fin").wants(http.StatusOK, "").has("Ne plus agir pour", "justificatifs")
	checkMarkup(t, "give up", sure.body)
	w.post(patientKey, "/profils/"+profileOf(childPID)+"/fin", "csrf="+csrfToken).wants(http.StatusSeeOther, "")
	if w.core.asked("GiveUp") != 1 {
		t.Error("not given up")
	}
	w.visit(patientKey, "/profils/other/fin").wants(http.StatusNotFound, "")
	for _, n := range []page.Notice{
		page.NoticeInvited, page.NoticeDelegateEnded, page.NoticeDelegateRestored, page.NoticeAccepted, page.NoticeDeclined, page.NoticeGivenUp,
	} {
		if n.Words() == "" {
			t.Errorf("%s says nothing", n)
		}
	}
}

// What asks for a code to be given is said only while there is one to give.
func TestDelegatePages_invitedIsSaidWhilePending(t *testing.T) {
	t.Parallel()
	pending := []conversations.DelegateLine{{State: rules.DelegationPending}}
	for want, items := range map[string][]conversations.DelegateLine{page.NoticeInvited.Words(): pending, "": {{State: rules.DelegationAccepted}}} {
		if got := (page.Delegates{Items: items, Notice: page.NoticeInvited}).Done(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// R135: whose access ended is said, and it can be taken back right below; the name stands in no address.
func TestDelegatePages_endCanBeTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	to := w.post(patientKey, "/aidants/a1over/fin", "csrf="+csrfToken).wants(http.StatusSeeOther, "").header.Get("Location")
	const undo = `class="undo"`
	got := w.visit(patientKey, to).wants(http.StatusOK, "").has("<p class=\"notice\" role=\"status\">L’invitation de Paul Roux est retirée.</p>\n<form method=\"post\" action=\"/aidants/a1over/retablir\"", undo)
	checkMarkup(t, to, got.body)
	if n := strings.Count(string(got.body), "Rétablir l’"); n != 1 {
		t.Errorf("offered %d times", n)
	}
	w.core.delegates[2].Since = now.AddDate(0, -6, 0)
	w.visit(patientKey, to).has("L’accès de Paul Roux est terminé.", undo)
	w.core.delegates[2].May = nil
	w.visit(patientKey, to).has("L’accès de Paul Roux est terminé.").lacks(undo) // ten minutes later
	w.visit(patientKey, strings.Replace(to, "a1over", "a1helper", 1)).has("L’accès est terminé.").lacks(undo)
	back := w.post(patientKey, "/aidants/a1helper/retablir", "csrf="+csrfToken).header.Get("Location")
	w.visit(patientKey, back).has("L’accès de Sacha Petit est rétabli.").lacks(undo)
	if strings.Contains(to+back, "Paul") || strings.Contains(to+back, "Sacha") {
		t.Errorf("a name stands in %s or %s", to, back)
	}
}

// R135: a representative does not end his own access by one tap among those of others: he is led to the page that warns him.
func TestDelegatePages_onesOwnAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.delegates = append(w.core.delegates, conversations.DelegateLine{
		ID: "b2d", Name: "Jeanne Dupont", Kind: rules.Parent, State: rules.DelegationAccepted, Since: now, May: []conversations.DelegateAct{conversations.ActEnd},
	})
	cookie := w.chooses(childPID)
	giveUp := "/profils/" + profileOf(childPID) + "/fin"
	got := w.browse(http.MethodGet, "/aidants", cookie, "").wants(http.StatusOK, "").
		has(`C’est vous. <a href="`+giveUp+`">Ne plus agir pour <bdi>Léo Dupont</bdi></a>`, `action="/aidants/a1helper/fin"`).lacks(`action="/aidants/b2d/fin"`)
	checkMarkup(t, "own access", got.body)
	token := "csrf=" + url.QueryEscape(string(csrfOf.FindSubmatch(got.body)[1]))
	to := w.browse(http.MethodPost, "/aidants/b2d/fin", cookie, token).wants(http.StatusSeeOther, "").header.Get("Location")
	if to != giveUp || w.core.asked("EndDelegate") != 0 {
		t.Errorf("to %s, ended %d times", to, w.core.asked("EndDelegate"))
	}
	w.browse(http.MethodGet, to, cookie, "").wants(http.StatusOK, "").has("il faudra vous adresser au service")
	w.browse(http.MethodPost, "/aidants/a1helper/fin", cookie, token).wants(http.StatusSeeOther, "")
	if w.core.asked("EndDelegate") != 1 {
		t.Error("the access of another is not ended")
	}
	w.browse(http.MethodPost, "/aidants/b2d/fin", "", "csrf="+csrfToken).wants(http.StatusSeeOther, "")
	if w.core.asked("EndDelegate") != 2 {
		t.Error("the patient cannot end it")
	}
}

// R133: who may only read and answer is shown no form that he could not send, with his own pages and for whom he acts around.
func TestCaregiver_isShownNoFormInVain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elder, child := w.chooses(elderPID), w.chooses(childPID)
	for _, path := range []string{
		"/oppositions", "/notifications", "/compte/fermer-messagerie", "/compte/fermer", "/compte/effacer", "/donnees", "/aidants",
		"/contacts/a1xpair/bloquer", "/messages/a1open/supprimer", "/documents/a1doc/supprimer",
	} {
		got := w.browse(http.MethodGet, path, elder, "").wants(http.StatusForbidden, "").
			has("Ce n’est pas possible", "Vous agissez pour <strong><bdi>Odile Lebrun</bdi>").lacks(`method="post" action="` + path + `"`)
		checkMarkup(t, path, got.body)
		w.browse(http.MethodGet, path, child, "").wants(http.StatusOK, "")
	}
}

// R135, D28: who acts for one person by two titles reads both, and that « Ne plus agir » ends both; who acts by one reads
// nothing of it.
func TestGiveUpPage_namesEveryTitle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := "/profils/" + profileOf(elderPID) + "/fin"
	w.visit(patientKey, page).wants(http.StatusOK, "").has("il faudra une nouvelle invitation.").lacks("plusieurs titres")
	w.core.acting[1].Beside = []rules.Delegation{{ID: "c3p", Kind: rules.Protector, Scope: rules.ScopeMessages, State: rules.DelegationAccepted, Until: now.AddDate(1, 0, 0)}}
	got := w.visit(patientKey, "/profils").wants(http.StatusOK, "").has("vous êtes aidant et personne chargée de la protection", "Comme personne chargée de la protection, jusqu’au")
	checkMarkup(t, "profiles by two titles", got.body)
	got = w.visit(patientKey, page).wants(http.StatusOK, "").has("aidant et personne chargée de la protection. Tous prennent fin.", "une nouvelle invitation, ou vous adresser au service")
	checkMarkup(t, "give up two titles", got.body)
}
