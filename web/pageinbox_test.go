package web

import (
	"net/http"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// R122, D16: a list without a message promises what will come, and no more.
func TestInbox_empty(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		closure conversations.Closure
		notice  conversations.Notification
		as      conversations.PatientID
		has     []string
		lacks   []string
	}{
		{"told", conversations.Closure{}, conversations.Notification{Address: "jeanne@exemple.fr"}, "", []string{"Vous recevrez alors un avis"}, []string{"jeanne@", `href="/notifications"`}},
		{"off", conversations.Closure{}, conversations.Notification{Address: "jeanne@exemple.fr", Off: true}, "", []string{`href="/notifications"`}, []string{"un avis"}},
		{"no address", conversations.Closure{}, conversations.Notification{}, "", []string{`href="/notifications"`}, []string{"un avis"}},
		{"closed", conversations.Closure{Messaging: true}, conversations.Notification{Address: "jeanne@exemple.fr"}, "", []string{"Votre messagerie est fermée", "/compte/rouvrir-messagerie"}, []string{"un avis"}},
		{"closed, for another", conversations.Closure{Messaging: true}, conversations.Notification{}, elderPID, []string{"Votre messagerie est fermée"}, []string{"rouvrir-messagerie"}},
		{"objected", conversations.Closure{Everyone: true, Some: true}, conversations.Notification{}, "", []string{"messages de tous les professionnels et établissements", `href="/oppositions">Gérer mes oppositions`}, []string{"pas encore", "écrit en premier"}},
		{"for another", conversations.Closure{}, conversations.Notification{}, elderPID, nil, []string{"un avis", `href="/notifications"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cookie := ""
			if c.as != "" {
				cookie = w.chooses(c.as)
			}
			w.core.order, w.core.account.Closure, w.core.notification = nil, c.closure, c.notice
			for _, path := range []string{"/messages", "/messages/liste"} {
				w.browse(http.MethodGet, path, cookie, "").wants(http.StatusOK, "").has("Vous n’avez pas ", "de message.").has(c.has...).lacks(c.lacks...)
			}
		})
	}
}

// D28: whoever acts for others is told above his own list, and sees what is unread there.
func TestInbox_alsoForOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(patientKey, "/messages").wants(http.StatusOK, "").has(
		"Vous agissez aussi pour <bdi>Odile Lebrun</bdi>\u00a0: <strong>1 conversation non lue</strong>", "Agir pour <bdi>Léo Dupont</bdi>",
		`action="/profils/choisir"`, `name="profil" value="`+profileOf(elderPID)+`"`)
	checkMarkup(t, "inbox", got.body)
	w.visit(patientKey, "/messages/liste").wants(http.StatusOK, "").lacks("Vous agissez aussi")
	w.browse(http.MethodGet, "/messages", w.chooses(elderPID), "").wants(http.StatusOK, "").lacks("Vous agissez aussi")
	w.core.failOn["Profiles"] = kind(conversations.KindUnavailable)
	w.visit(patientKey, "/messages").wants(http.StatusOK, "").has("Non lu").lacks("Vous agissez aussi")
}

// The list and the conversation say who is in copy, the list also that the last message is the patient's.
func TestInbox_whoIsInCopyAndWroteLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(patientKey, "/messages").lacks("en copie", "de votre part")
	thread := openThreadOf(openID)
	thread.Copied, thread.OwnLast = []string{"Dr Marc Lenormant"}, true
	w.core.threads[openID] = thread
	w.visit(patientKey, "/messages").has("; en copie\u00a0: <bdi>Dr Marc Lenormant</bdi>", "Dernier message\u00a0: de votre part")
	w.visit(patientKey, "/messages/a1open").has("; en copie\u00a0: <bdi>Dr Marc Lenormant</bdi>")
}

// D15, D16: what froze a conversation is named to whom it is his to know, with the way out.
func TestConversation_whyFrozen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thread := openThreadOf(openID)
	thread.State, thread.Reply = string(rules.Frozen), conversations.ReplyOptions{Code: rules.PatientOpposed}
	w.core.threads[openID] = thread
	objection := rules.Objection{ID: "o1", Kind: rules.AgainstMessages, Scope: rules.WholeProfession, Value: "10", At: now}
	w.core.objections = []conversations.Objection{
		{Objection: objection, Binds: []string{"Dr Claire Martin"}, Meaning: "médecins"},
		{Objection: rules.Objection{Kind: rules.AgainstExchange, Scope: rules.Everyone, At: now}},
		{Objection: rules.Objection{Kind: rules.AgainstMessages, Scope: rules.WholeStructure, Value: "1x", At: now}, Binds: []string{"Un autre"}, Meaning: "Clinique d’ailleurs"},
	}
	told := "Vous vous opposez aux messages de <bdi>tous les médecins</bdi>, depuis le <time"
	got := w.visit(patientKey, "/messages/a1open").wants(http.StatusOK, "").has(told, "Tant que cette opposition dure", `href="/oppositions"`).lacks("La raison peut", "ailleurs")
	checkMarkup(t, "frozen", got.body)
	w.upload(patientKey, map[string]string{"csrf": csrfToken, "texte": " "}).wants(http.StatusForbidden, "").has(told, "Votre message n’a pas été envoyé")
	w.browse(http.MethodGet, "/messages/a1open", w.chooses(elderPID), "").wants(http.StatusOK, "").lacks("Vous vous opposez", `href="/oppositions"`)
	w.core.objections = nil
	w.visit(patientKey, "/messages/a1open").has("La raison peut se trouver dans")
	w.core.account = conversations.Account{State: rules.MessagingClosed, Since: now}
	w.visit(patientKey, "/messages/a1open").has("Vous avez fermé votre messagerie le <time", "/compte/rouvrir-messagerie").lacks("La raison peut")
	thread.Reply.Code = rules.MailboxUnknown
	w.core.threads[openID] = thread
	w.visit(patientKey, "/messages/a1open").has("Ce professionnel ne peut plus être joint").lacks("Vous avez fermé")
}

// The link above the messages leads into the form; while a message is on its way, another look is one press away.
func TestPages_answering(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(patientKey, "/messages/a1open").has(
		`<a href="#texte">Aller à la réponse</a>`, `<textarea id="texte"`, `<span class="button">Répondre</span><span class="fold">Replier la réponse</span>`,
		"Le brouillon garde votre texte, sans les pièces jointes.").lacks(">Actualiser</a>", "cette ligne est ajoutée")
	thread := openThreadOf(openID)
	thread.Messages[1].Delivery.State = conversations.DeliveryQueued
	w.core.threads[openID] = thread
	w.visit(patientKey, "/messages/a1open").has(`Envoi en cours <a href="/messages/a1open">Actualiser</a>`)
	w.browse(http.MethodGet, "/messages/a1open", w.chooses(elderPID), "").wants(http.StatusOK, "").
		has("«\u00a0<bdi>Ce message a été rédigé par Jeanne Dupont, l&#39;aidant de Odile Lebrun.</bdi>\u00a0»") // R134
}

// I179: whoever saves a document stays where he was, is told there, and is not offered to save it again.
func TestSaveDocument_comesBackToItsMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/messages/a1open/pieces/" + string(pieceID) + "/enregistrer"
	back := w.post(patientKey, path, "csrf="+csrfToken).wants(http.StatusSeeOther, "").header.Get("Location")
	if back != "/messages/a1open?fait=enregistre&message=a1open-2#m-a1open-2" {
		t.Fatalf("back to %s", back)
	}
	w.visit(patientKey, "/messages/a1open?fait=enregistre&message=a1open-2").wants(http.StatusOK, "").
		has(`<p class="notice saved" role="status">Document enregistré.`, "il n’est pas ajouté à Mon espace santé.", "Voir mes documents", "Enregistrer dans mes documents")
	if back = w.post(patientKey, path, "csrf="+csrfToken+"&avant=51").header.Get("Location"); back != "/messages/a1open?avant=51&fait=enregistre&message=a1open-2#m-a1open-2" {
		t.Errorf("back to %s", back)
	}
	w.visit(patientKey, "/messages/a1open?avant="+olderPlace).has(`<input type="hidden" name="avant" value="51">`)
	thread := openThreadOf(openID)
	thread.Messages[0].Attachments[0].Saved = true
	w.core.threads[openID] = thread
	got := w.visit(patientKey, "/messages/a1open").has("Dans mes documents").lacks("Enregistrer dans mes documents")
	checkMarkup(t, "saved", got.body)
}

// D16, D32: no menu where it leads nowhere.
func TestMenu_onlyWhereItLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const menu = `<nav class="menu"`
	w.visit(patientKey, "/compte").has(menu)
	w.visit(patientKey, "/conditions").has(menu)
	w.core.account = conversations.Account{State: rules.MessagingClosed, Since: now}
	w.visit(patientKey, "/compte").has(menu)
	w.core.account = conversations.Account{State: rules.Closed, Since: now}
	w.visit(patientKey, "/compte").wants(http.StatusOK, "").has("Se déconnecter").lacks(menu)
	w.visit(patientKey, "/compte/rouvrir").wants(http.StatusOK, "").lacks(menu)
	w.core.pending = true
	w.visit(patientKey, "/conditions").wants(http.StatusOK, "").has("Accepter").lacks(menu)
}

// The link names what stands behind the mailbox, as the page that it leads to does.
func TestConversation_blockNamesWhom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thread := openThreadOf(openID)
	for kind, want := range map[rules.MailboxKind]string{rules.Personal: "professionnel", rules.Organisational: "service", rules.Practice: "cabinet"} {
		thread.Behind = kind
		w.core.threads[openID] = thread
		w.visit(patientKey, "/messages/a1open").has(">Bloquer ce " + want + "</a>")
	}
}

// D16: a closed account shows first how it is opened again; what takes more away stays below.
func TestAccount_reopensFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const first, below = `<a class="button" href="/compte/`, `<li><a href="/compte/`
	w.visit(patientKey, "/compte").lacks(first).has(below + `fermer-messagerie"`)
	for state, way := range map[rules.AccountState]string{rules.MessagingClosed: "rouvrir-messagerie", rules.Closed: "rouvrir", rules.Opposed: "ouvrir"} {
		w.core.account = conversations.Account{State: state, Since: now, Commands: rules.Patient{Account: state}.Commands()}
		checkMarkup(t, string(state), w.visit(patientKey, "/compte").has(first+way+`"`).lacks(below+way+`"`).body)
	}
}

// D14, D16: whoever objects to messages is told so where he would wait for some, and no page promises him what the
// objection prevents; who may not object for him is not told of it.
func TestClosure_isToldWhereMessagesAreAwaited(t *testing.T) {
	t.Parallel()
	const everyone, some = "messages de tous les professionnels et établissements", "sauf ceux à qui vous vous opposez"
	for name, c := range map[string]struct {
		closure   conversations.Closure
		has, lack string
	}{
		"open":     {conversations.Closure{}, "peuvent vous écrire et vous pouvez leur répondre.", `href="/oppositions">Gérer`},
		"some":     {conversations.Closure{Some: true}, some, everyone},
		"everyone": {conversations.Closure{Some: true, Everyone: true}, everyone, "peuvent vous écrire"},
	} {
		w := newWorld(t)
		w.core.account.Closure = c.closure
		checkMarkup(t, name, w.visit(patientKey, "/compte").has(c.has).lacks(c.lack).body)
		done := w.visit(patientKey, "/compte?fait="+string(page.NoticeAccount))
		if c.closure.Some {
			done.has("Vos oppositions restent en place.")
		} else {
			done.lacks("oppositions restent")
		}
		for _, path := range []string{"/messages", "/contacts"} {
			got := w.visit(patientKey, path).wants(http.StatusOK, "")
			if told := strings.Contains(string(got.body), everyone); told != c.closure.Everyone {
				t.Errorf("%s, %s: told %v", name, path, told)
			}
		}
		w.browse(http.MethodGet, "/messages", w.chooses(elderPID), "").wants(http.StatusOK, "").lacks(everyone)
		w.core.account = conversations.Account{State: rules.MessagingClosed, Commands: rules.Patient{Account: rules.MessagingClosed}.Commands(), Closure: c.closure}
		w.visit(patientKey, "/compte/rouvrir-messagerie").has(map[string]string{
			"open": "pourront de nouveau vous écrire.", "some": some, "everyone": "cette opposition reste en place",
		}[name])
	}
}
