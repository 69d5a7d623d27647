package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D27: whoever had an access until a day and is put back on the list has it until that day again; a day that has passed
// is asked for anew, and whoever is on the list is not among those who were taken off it.
func TestUsers_putBackUntilTheSameDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	users := "/pro/boites/" + sharedKey()
	end := time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)
	w.core.users = []conversations.MailboxUser{
		{ID: "b2first", Who: conversations.Person{ID: "899900000058", Name: "Paul Roy"}, Ended: now.Add(-48 * time.Hour)},
		{ID: "b2last", Who: conversations.Person{ID: "899900000058", Name: "Paul Roy"}, Until: end, Ended: now.Add(-time.Hour)},
	}
	got := w.visit(proKey, users).wants(http.StatusOK, "").has(`<input type="hidden" name="fin" value="2026-12-31">`, "31\u00a0décembre")
	checkMarkup(t, "users taken off", got.body)
	if n := strings.Count(string(got.body), "Inscrire de nouveau"); n != 1 {
		t.Errorf("a person who was taken off twice is shown %d times", n)
	}
	form := "csrf=" + csrfToken + "&identifiant=899900000058&nom=Paul+Roy&fin="
	w.post(proKey, users+"/utilisateurs", form+"2020-12-31").wants(http.StatusUnprocessableEntity, "").
		has("Cette date est passée", `value="899900000058"`, `href="#fin"`)
	w.post(proKey, users+"/utilisateurs", form+"2026-12-31").wants(http.StatusSeeOther, "")
	if u := w.core.users[len(w.core.users)-1]; !u.Until.Equal(end) {
		t.Errorf("put back until %v", u.Until)
	}
	w.visit(proKey, users).wants(http.StatusOK, "").has("Paul Roy").lacks("Inscrire de nouveau", "Retirés depuis")
}

// I109: an identifier may be typed in groups, and an RPPS number without the prefix that makes it a national identifier.
func TestNationalID(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		" 8 99900000058 ": "899900000058", "99900000058": "899900000058", "99 900 000 058": "899900000058",
		"899900000058": "899900000058", "3750000001/A 12": "3750000001/A12", "9990000005X": "9990000005X", "": "",
	} {
		if got := nationalID(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

// I119: an absence is told on the card of the mailbox and above its exchanges, to whom may declare it alone; the form to
// change it holds what was declared.
func TestAbsence_isToldAndChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.absence.From, w.core.absence.Until = time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 23, 0, 0, 0, time.UTC)
	words := "Absence du <time datetime=\"2026-11-24\">24\u00a0novembre</time> au <time datetime=\"2026-12-01\">1er\u00a0décembre</time>"
	for _, path := range []string{"/pro/boites", "/pro"} {
		got := w.visit(proKey, path).wants(http.StatusOK, "").has(words)
		checkMarkup(t, path, got.body)
	}
	w.visit(proKey, "/pro/boites/"+sharedKey()+"/absence").wants(http.StatusOK, "").
		has("Modifier cette absence", `value="2026-11-24"`, `value="2026-12-01"`, "Appelez le cabinet.</textarea>", `value="max.petit@cabinet.mssante.fr"`, `value="oui" checked`)
	for _, k := range []conversations.Kind{conversations.KindNotFound, conversations.KindNotHabilitated} {
		w.core.failOn["Absence"] = kind(k)
		w.visit(proKey, "/pro").wants(http.StatusOK, "").lacks("Absence du")
	}
	w.core.failOn["Absence"] = kind(conversations.KindUnavailable)
	w.visit(proKey, "/pro").wants(http.StatusServiceUnavailable, "") // D17
}

// withoutMailbox is a professional with no mailbox to read.
type withoutMailbox struct {
	fakeAuthenticator
	enrols bool
}

func (f withoutMailbox) Session(ctx context.Context, cookie string) (Principal, string, error) {
	p, csrf, err := f.fakeAuthenticator.Session(ctx, cookie)
	p.Mailboxes, p.Enrols = nil, f.enrols
	return p, csrf, err
}

// Whoever has no mailbox to read is sent where his work is: the lists of users that he keeps (I119), or enrolment (D26).
func TestDesk_withoutMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keeper := []conversations.Mandate{{Mailbox: conversations.Mailbox{Address: must("cardiologie@chu.mssante.fr"), Kind: rules.Organisational}, Administer: true}}
	for _, c := range []struct {
		mandates []conversations.Mandate
		enrols   bool
		to       string
	}{{keeper, false, "/pro/boites"}, {keeper, true, "/pro/boites"}, {nil, true, "/pro/inscriptions"}} {
		w.core.mandates, w.app.deps.Authenticator = c.mandates, withoutMailbox{enrols: c.enrols}
		if got := w.visit(proKey, "/pro").wants(http.StatusSeeOther, ""); got.header.Get("Location") != c.to {
			t.Errorf("%+v: sent to %s", c, got.header.Get("Location"))
		}
	}
	w.core.mandates, w.app.deps.Authenticator = nil, withoutMailbox{}
	w.visit(proKey, "/pro").wants(http.StatusOK, "").has("Aucune boîte aux lettres ne vous est ouverte")
}
