package web

import (
	"errors"
	"net/http"
	"testing"

	"mesbridge/conversations"
)

// R124: the page keeps the choice, and what was typed when it cannot be kept.
func TestNotificationPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := func(told, address string) reply {
		return w.post(patientKey, "/notifications", "csrf="+csrfToken+"&averti="+told+"&courriel="+address)
	}
	got := form("oui", "+helene%40exemple.fr+").wants(http.StatusSeeOther, "")
	if w.core.notification != (conversations.Notification{Address: "helene@exemple.fr"}) || got.header.Get("Location") != "/notifications?fait=notification" {
		t.Errorf("%+v, to %s", w.core.notification, got.header.Get("Location"))
	}
	w.visit(patientKey, "/notifications?fait=notification").wants(http.StatusOK, "").
		has(`role="status">Vous serez averti à helene@exemple.fr.`, `value="helene@exemple.fr"`).lacks("Aujourd’hui")
	w.visit(patientKey, "/notifications").has("Aujourd’hui, l’avis part à helene@exemple.fr.").lacks("inscription")
	form("oui", "").wants(http.StatusUnprocessableEntity, "").has("Indiquez votre adresse e-mail")
	w.visit(patientKey, form("non", "").wants(http.StatusSeeOther, "").header.Get("Location")).has("Vous ne serez plus averti par e-mail.", `value="non" checked`)
	w.visit(patientKey, "/notifications").has("vous n’êtes pas averti par e-mail, comme vous l’avez demandé.")
	w.core.failOn["SetNotification"] = kind(conversations.KindInvalidRequest)
	form("oui", "helene%40chu.mssante.fr").wants(http.StatusUnprocessableEntity, "").has("adresse de messagerie de santé", "helene@chu.mssante.fr")
}

// R124, R126: the page says what happens today, and shows of an address that the patient did not choose enough to know it again.
func TestNotificationPage_saysWhatHappensToday(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.untold = true
	const none = "Aujourd’hui, vous n’êtes pas averti\u00a0: aucune adresse n’est enregistrée."
	w.visit(patientKey, "/notifications").wants(http.StatusOK, "").has(none).lacks(" checked")
	w.app.deps.Addresses = givenAddresses{}
	checkMarkup(t, "none", w.visit(patientKey, "/notifications").has(none).lacks(" checked").body)
	fault := w.post(patientKey, "/notifications", "csrf="+csrfToken+"&courriel=a%40exemple.fr").wants(http.StatusUnprocessableEntity, "").has("Choisissez oui ou non.", `value="a@exemple.fr"`)
	checkMarkup(t, "neither", fault.body)

	w.app.deps.Addresses = givenAddresses{address: "genevieve.n@courriel.exemple.fr"}
	given := w.visit(patientKey, "/notifications").wants(http.StatusOK, "").
		has("Aujourd’hui, l’avis part à g…\u2060n@courriel.exemple.fr (adresse donnée à votre inscription).", `value="oui" checked`).lacks("genevieve")
	checkMarkup(t, "given", given.body)
	to := w.post(patientKey, "/notifications", "csrf="+csrfToken+"&averti=oui&courriel=").wants(http.StatusSeeOther, "").header.Get("Location")
	w.visit(patientKey, to).has("Vous serez averti à g…\u2060n@courriel.exemple.fr.").lacks("genevieve")
	if w.core.asked("SetNotification") != 0 {
		t.Error("what stays as it is was noted as a choice")
	}
	w.post(patientKey, "/notifications", "csrf="+csrfToken+"&averti=non&courriel=").wants(http.StatusSeeOther, "")
	w.visit(patientKey, "/notifications").has("comme vous l’avez demandé").lacks("inscription", "courriel.exemple.fr")

	w.core.untold = true
	w.app.deps.Addresses = givenAddresses{err: errors.New("no answer")}
	w.visit(patientKey, "/notifications").wants(http.StatusServiceUnavailable, "")
}
