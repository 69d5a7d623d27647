package web

import (
	"net/http"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D12: a block that was just made can be taken back at once, by a form beside the notice; an old address of the page, or one
// about somebody else, offers nothing.
func TestBlock_canBeTakenBackAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const undo = `class="undo"`
	w.visit(patientKey, "/contacts?fait=bloque&contact=a1xpair").lacks(undo)
	to := w.post(patientKey, "/contacts/a1xpair/bloquer", "csrf="+csrfToken).wants(http.StatusSeeOther, "").header.Get("Location")
	for i := range w.core.contacts {
		w.core.contacts[i].Blocked = w.core.contacts[i].ID == "a1xpair"
	}
	w.visit(patientKey, to).wants(http.StatusOK, "").
		has("Vous avez bloqué Dr Claire Martin. Ce professionnel n’est pas prévenu.</p>\n<form method=\"post\" action=\"/contacts/a1xpair/debloquer\" "+undo, "Annuler ce blocage")
	w.visit(patientKey, "/contacts?fait=bloque&contact=a1other").lacks(undo)
	w.visit(patientKey, "/contacts?contact=a1xpair").lacks(undo)
	to = w.post(patientKey, "/contacts/a1xpair/debloquer", "csrf="+csrfToken).wants(http.StatusSeeOther, "").header.Get("Location")
	w.core.contacts[0].Blocked = false
	w.visit(patientKey, to).has("Vous avez débloqué Dr Claire Martin.").lacks(undo)
	w.visit(patientKey, "/contacts?fait=debloque").has("Professionnel débloqué.").lacks(undo)
}

// Whoever blocks from a conversation comes back to it, by every page on the way; only a conversation of the patient's is one.
func TestBlock_comesBackToTheConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const back, field, home = `<p class="back"><a href="/messages/a1open">Revenir à la conversation</a>`, `name="conversation" value="a1open"`, `<p class="back"><a href="/contacts">`
	w.visit(patientKey, "/contacts/a1xpair/bloquer").has(home, `<a class="button second" href="/contacts">Annuler</a>`).lacks(field)
	form := w.visit(patientKey, "/contacts/a1xpair/bloquer?conversation=a1open").wants(http.StatusOK, "").has(back, field, `<a class="button second" href="/messages/a1open">Annuler</a>`)
	checkMarkup(t, "block", form.body)
	w.post(patientKey, "/contacts/a1xpair/bloquer", "csrf="+csrfToken+"&conversation=a1open&fin=2020-01-01").wants(http.StatusUnprocessableEntity, "").has(back, field)
	to := w.post(patientKey, "/contacts/a1xpair/bloquer", "csrf="+csrfToken+"&conversation=a1open").wants(http.StatusSeeOther, "").header.Get("Location")
	w.core.contacts[0].Blocked = true
	checkMarkup(t, to, w.visit(patientKey, to).wants(http.StatusOK, "").has(back, field, "Annuler ce blocage").body)
	to = w.post(patientKey, "/contacts/a1xpair/debloquer", "csrf="+csrfToken+"&conversation=a1open").wants(http.StatusSeeOther, "").header.Get("Location")
	w.core.contacts[0].Blocked = false
	w.visit(patientKey, to).wants(http.StatusOK, "").has(back)
	for _, other := range []string{"a1none", "..%2F..%2Fevil.test", "%2F%2Fevil.test", "a1open%22%3E", ""} {
		w.visit(patientKey, "/contacts/a1xpair/bloquer?conversation="+other).wants(http.StatusOK, "").has(home).lacks("conversation\" value", "evil")
		w.visit(patientKey, "/contacts?conversation="+other).wants(http.StatusOK, "").lacks(`class="back"`, "evil")
		if to := w.post(patientKey, "/contacts/a1xpair/bloquer", "csrf="+csrfToken+"&conversation="+other).header.Get("Location"); to != "/contacts?fait=bloque&contact=a1xpair" {
			t.Errorf("%s: to %s", other, to)
		}
	}
	w.core.failOn["Line"] = kind(conversations.KindUnavailable)
	w.visit(patientKey, "/contacts/a1xpair/bloquer?conversation=a1open").wants(http.StatusServiceUnavailable, "")
}

// D12: a mailbox that several people share is blocked alone, and named for what it is; a person as wording.md has it.
func TestBlock_saysWhatIsBlocked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for mailbox, noun := range map[rules.MailboxKind]string{
		rules.Organisational: "service", rules.Application: "service", rules.Practice: "cabinet", rules.Personal: "professionnel", "": "professionnel",
	} {
		c := &w.core.contacts[0]
		c.Kind, c.Blocked = mailbox, false
		w.visit(patientKey, "/contacts").has("Bloquer ce "+noun, `<a class="button second" href="/messages/a1open">Voir nos messages`)
		got := w.visit(patientKey, "/contacts/a1xpair/bloquer").wants(http.StatusOK, "").has("<h1>Bloquer ce " + noun + "</h1>")
		checkMarkup(t, noun, got.body)
		if noun == "professionnel" {
			got.has("Il ne pourra plus vous écrire ici. Il n’est pas prévenu. Son service pourra encore vous écrire.").lacks("propre boîte")
		} else {
			got.has("Ce " + noun + " ne pourra plus vous écrire ici. Il n’est pas prévenu. Un professionnel de ce " + noun + " pourra encore vous écrire depuis sa propre boîte.").lacks("Son service")
		}
		c.Blocked = true
		w.visit(patientKey, "/contacts?fait=bloque&contact=a1xpair").has("Ce "+noun+" n’est pas prévenu.", strings.ToUpper(noun[:1])+noun[1:]+" bloqué</li>")
	}
}
