package web

import (
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
	w.visit(patientKey, "/notifications?fait=notification").wants(http.StatusOK, "").has("Votre choix est enregistré.", "helene@exemple.fr")
	form("oui", "").wants(http.StatusUnprocessableEntity, "").has("Indiquez votre adresse e-mail")
	form("non", "").wants(http.StatusSeeOther, "")
	w.core.failOn["SetNotification"] = kind(conversations.KindInvalidRequest)
	form("oui", "helene%40chu.mssante.fr").wants(http.StatusUnprocessableEntity, "").has("adresse de messagerie de santé", "helene@chu.mssante.fr")
}
