package web

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// addressedForm is the form that names mailbox and patient, with more fields.
func addressedForm(w *world, more ...string) string {
	f := url.Values{
		"csrf": {csrfToken}, "bal": {w.app.mailboxKey(must("claire.martin@cabinet.mssante.fr"))}, "matricule": {ins}, "qualifiee": {"oui"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f.Encode()
}

// TestWrite_verdictFirst covers R25, R28 and D29: the professional vouches for a qualified identity, sees whom the
// matricule means and what is known of the mailbox, and types nothing before.
func TestWrite_verdictFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(proKey, "/pro/ecrire").wants(http.StatusOK, "").has("Matricule INS du patient", "L’identité est qualifiée")
	checkMarkup(t, "identify", got.body)
	got = w.post(proKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusOK, "").
		has(ins, "mars\u00a01979<", "Rien n’est dit de la messagerie de ce patient", "Le patient ne pourra pas répondre à ce message")
	checkMarkup(t, "compose", got.body)
	if w.core.asked("Ask") != 1 || w.core.asked("OpenThread") != 0 {
		t.Errorf("the core was asked %v", w.core.calls)
	}
	for name, c := range map[string]struct{ field, value, want string }{
		"wrong key":     {"matricule", "279035121518901", "La clé ne correspond pas au matricule\u00a0: un chiffre est faux."},
		"short":         {"matricule", "27903512151898", "15 caractères, clé comprise"},
		"a letter":      {"matricule", "27903512151898O", "2A ou 2B pour la Corse"},
		"not qualified": {"qualifiee", "", "on n’écrit qu’à une INS qualifiée"},
	} {
		got := w.post(proKey, "/pro/ecrire", addressedForm(w, c.field, c.value)).wants(http.StatusUnprocessableEntity, "").has(c.want)
		checkMarkup(t, name, got.body)
	}
	w.post(proKey, "/pro/ecrire", addressedForm(w, "matricule", "2 79 03 51\u00a0215\u202f189 89")).wants(http.StatusOK, "") // as a card shows it
	w.post(proKey, "/pro/ecrire", addressedForm(w, "bal", "another")).wants(http.StatusNotFound, "")
	w.post(proKey, "/pro/ecrire", "csrf="+csrfToken+"&echange="+string(exchangeID)).wants(http.StatusOK, "").has("Jeanne Dupont", ins)
	w.post(proKey, "/pro/ecrire", "csrf="+csrfToken+"&echange=a1none").wants(http.StatusNotFound, "")
	w.post(patientKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusForbidden, "")
}

// TestWrite_ownRegister covers R28 and D29: whoever types a matricule is told what the mailbox's own ledger knows of the
// person, that an exchange is there, and nothing of anybody else.
func TestWrite_ownRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const see = `<a href="/pro/echanges/` + string(exchangeID) + `">Voir l’échange</a>`
	for state, want := range map[rules.ThreadState]string{
		rules.ThreadOpen: "déjà un échange ouvert avec", rules.ThreadEnded: "avec cette personne, terminé\u00a0:", rules.ThreadUnreachable: "déjà un échange avec cette personne\u00a0:",
	} {
		w.core.pairs[0].State = state
		got := w.post(proKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusOK, "").has("<bdi>Jeanne Dupont</bdi> (connue de cette boîte)", want, see).lacks("Inconnu de")
		checkMarkup(t, string(state), got.body)
	}
	w.post(proKey, "/pro/ecrire", "csrf="+csrfToken+"&echange="+string(exchangeID)).wants(http.StatusOK, "").has("Jeanne Dupont").lacks("Voir l’échange", "(connue")
	w.core.failOn["ExchangeWith"] = kind(conversations.KindUnavailable)
	w.post(proKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusOK, "").lacks("Jeanne Dupont", "Inconnu de", "Voir l’échange")
	delete(w.core.failOn, "ExchangeWith")
	const other = "115992A00451242" // a child, or a very old man (R14)
	w.core.pairs[0].Mailbox = must("cabinet@parc.mssante.fr")
	for _, typed := range []string{ins, other} { // another mailbox's patient, and nobody's
		w.post(proKey, "/pro/ecrire", addressedForm(w, "matricule", typed)).wants(http.StatusOK, "").
			has("Inconnu de cette boîte. Comparez le sexe et la naissance").lacks("Jeanne Dupont", "Voir l’échange")
	}
	w.post(proKey, "/pro/ecrire", addressedForm(w, "matricule", other)).has("2015 ou 1915 (mois non indiqué par le matricule)")
}

// refusing is a verdict with a refusal.
func refusing(code rules.Code, reach rules.Reachability) conversations.ContactVerdict {
	return conversations.ContactVerdict{ContactAnswer: rules.ContactAnswer{Refusal: rules.Refusal{Code: code}, Reachability: reach}}
}

// TestWrite_saysTheVerdict in the words of wording.md, goes on without one, and asks for no letter that cannot leave
// (D29).
func TestWrite_saysTheVerdict(t *testing.T) {
	t.Parallel()
	objected, soft := refusing("", rules.Reachable), refusing(rules.ObjectionRecorded, rules.Unknown)
	objected.Objected, soft.Rule = now, ruleSoft
	for name, c := range map[string]struct {
		verdict conversations.ContactVerdict
		want    string
		closed  bool
	}{
		"reachable":   {refusing("", rules.Reachable), "La messagerie de ce patient peut recevoir votre message.", false},
		"unreachable": {refusing(rules.PatientUnreachable, rules.Unreachable), "Injoignable par ce canal. Prévenez le patient", true},
		"unknown":     {refusing(rules.MailboxUnknown, rules.Unreachable), "Patient non trouvé", true},
		"suspended":   {refusing(rules.TemporarilyAway, rules.Unknown), "ne peut pas être envoyé en ce moment", true},
		"recorded":    {refusing(rules.ObjectionRecorded, rules.Unknown), "Une opposition de ce patient est enregistrée", true},
		"soft":        {soft, "Pourquoi écrire malgré l’opposition", false},
		"objected":    {objected, "Ce patient s’oppose à l’échange", false},
	} {
		w := newWorld(t)
		w.core.verdict = c.verdict
		got := w.post(proKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusOK, "").has(c.want)
		checkMarkup(t, name, got.body)
		if !c.closed {
			got.has("Envoyer au patient").lacks("Revenir aux échanges")
			continue
		}
		got.has("Revenir aux échanges").lacks("Envoyer au patient", `name="texte"`)
		w.post(proKey, "/pro/ecrire/message", addressedForm(w, "texte", "Bonjour")).wants(http.StatusUnprocessableEntity, "").has("Bonjour", c.want) // what was typed is not lost
	}
	for k, want := range map[conversations.Kind]string{
		conversations.KindRateLimited: "Vous avez demandé beaucoup d’avis", conversations.KindUnavailable: "L’avis ne peut pas être donné en ce moment",
	} {
		w := newWorld(t)
		w.core.failOn["Ask"] = kind(k)
		w.post(proKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusOK, "").has(want, "Envoyer au patient")
	}
}

// TestWrite_searchKeepsTheVerdict: a search for somebody to put in copy asks nothing about the patient and says again what
// was said, in words of ours alone, with the reason that it asks for (D29).
func TestWrite_searchKeepsTheVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.verdict = refusing(rules.ObjectionRecorded, rules.Unknown)
	w.core.verdict.Rule = ruleSoft
	w.post(proKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusOK, "").has(`name="avis" value="motif"`, `formaction="/pro/ecrire/annuaire#copie"`)
	for code, want := range map[string]string{
		"motif": "Pourquoi écrire malgré l’opposition", "joignable": "peut recevoir votre message", "<b>forgé": "L’avis ne peut pas être donné",
	} {
		got := w.post(proKey, "/pro/ecrire/annuaire", addressedForm(w, "avis", code, "copie-nom", "martin")).wants(http.StatusOK, "").
			has(want, `id="copie" tabindex="-1" autofocus`).lacks("forgé")
		checkMarkup(t, code, got.body)
	}
	if w.core.asked("Ask") != 1 {
		t.Errorf("the core was asked %v", w.core.calls)
	}
}

// TestWrite_enterKey: the first button of the form sends, and the key looks for a colleague where one is typed, which must
// not send the letter half done.
func TestWrite_enterKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	firstButton := regexp.MustCompile(`(?s)<form id="reponse".*?(<button[^>]*>)`)
	message := []string{"objet", "Bilan", "texte", "Bonjour", "confirme", "oui", "entree", "oui"}
	for _, c := range []struct {
		page   reply
		sendTo string
	}{
		{w.post(proKey, "/pro/ecrire", addressedForm(w)), "/pro/ecrire/message"},
		{w.visit(proKey, "/pro/conversations/a1open"), "/pro/conversations/a1open/ecrire"},
	} {
		first := firstButton.FindSubmatch(c.page.body)
		if first == nil || !regexp.MustCompile(`type="submit" name="entree" value="oui" tabindex="-1" aria-hidden="true"`).Match(first[1]) {
			t.Errorf("the first button is %q", first)
		}
		sent := len(w.core.written)
		got := w.post(proKey, c.sendTo, addressedForm(w, append(message, "copie-nom", "goff")...)).wants(http.StatusOK, "").has("Dr Anne LE GOFF", "Bonjour")
		checkMarkup(t, c.sendTo, got.body)
		w.post(proKey, c.sendTo, addressedForm(w, append(message, "copie-lieu", "x")...)).wants(http.StatusUnprocessableEntity, "").
			has("La recherche n’a pas été faite.", "au moins deux lettres").lacks("n’a pas été envoyé", "Personne d’autre")
		if len(w.core.written) != sent {
			t.Error("the key sent while somebody was looked for")
		}
		w.post(proKey, c.sendTo, addressedForm(w, message...)).wants(http.StatusSeeOther, "")
		if len(w.core.written) != sent+1 {
			t.Error("the key did not send")
		}
	}
}

// TestSend covers what a first message says, and that nothing typed is lost when it is refused.
func TestSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	message := []string{"objet", "Bilan", "texte", "Bonjour", "confirme", "oui", "sans-reponse", "oui", "accuse", "oui", "operation", "op1"}
	got := w.post(proKey, "/pro/ecrire/message", addressedForm(w, message...)).wants(http.StatusSeeOther, "")
	if got.header.Get("Location") != "/pro/conversations/a1new?fait=envoye" || len(w.core.written) != 1 {
		t.Fatalf("%s, %d written", got.header.Get("Location"), len(w.core.written))
	}
	if in := w.core.written[0]; in.INS != ins || in.Subject != "Bilan" || in.Text != "Bonjour" || !in.NoReply || !in.ReadReceipt || in.Operation != "op1" {
		t.Errorf("%+v", in)
	}
	for field, want := range map[string]string{
		"texte": faultNoText, "objet": "Écrivez un objet de 255 caractères", "confirme": faultConfirmed,
	} {
		got := w.post(proKey, "/pro/ecrire/message", addressedForm(w, append(message, field, "")...)).wants(http.StatusUnprocessableEntity, "").has(want)
		checkMarkup(t, field, got.body)
	}
	w.post(proKey, "/pro/ecrire/message", addressedForm(w, append(message, "objet", "[FIN]")...)).wants(http.StatusUnprocessableEntity, "")
	for k, want := range map[conversations.Kind]string{
		conversations.KindMinorConfidential: "Ce patient est mineur", conversations.KindWrongPatient: "concerne un autre patient",
		conversations.KindUnavailable: faultLater, conversations.KindTooLarge: faultSize,
	} {
		w.core.failOn["OpenThread"] = kind(k)
		got := w.post(proKey, "/pro/ecrire/message", addressedForm(w, message...)).wants(http.StatusUnprocessableEntity, "").has(want, "Bonjour", `value="Bilan"`)
		checkMarkup(t, string(k), got.body)
	}
	w.core.failOn["OpenThread"] = &conversations.Error{Kind: conversations.KindObjectionRecorded, Rule: ruleSoft}
	w.post(proKey, "/pro/ecrire/message", addressedForm(w, message...)).wants(http.StatusUnprocessableEntity, "").has("malgré l’opposition", `name="motif"`)
	w.core.failOn["OpenThread"] = kind(conversations.KindBlockedByPatient) // D13: one answer for the whole class
	blocked := w.post(proKey, "/pro/ecrire/message", addressedForm(w, message...)).wants(http.StatusForbidden, "").has("la messagerie de ce patient ne peut pas recevoir votre message", "Bilan\n\nBonjour")
	checkMarkup(t, "blocked", blocked.body)
	w.core.failOn["OpenThread"] = kind(conversations.KindUnreachable)
	closed := w.post(proKey, "/pro/ecrire/message", addressedForm(w, message...)).wants(http.StatusForbidden, "")
	if withoutReference(blocked.body) != withoutReference(closed.body) {
		t.Error("a block and a closed mailbox look different (D36)")
	}
	w.core.failOn["OpenThread"] = kind(conversations.KindMailboxUnknown) // nothing was said of it before (D29)
	w.post(proKey, "/pro/ecrire/message", addressedForm(w, message...)).wants(http.StatusNotFound, "").
		has("Patient non trouvé", "Bilan\n\nBonjour", `href="/pro/ecrire"`, "Matricule saisi\u00a0: 2\u00a079\u00a003\u00a051\u00a0215\u00a0189\u00a089 – femme, mars\u00a01979.").lacks("Page introuvable")
}

// TestSend_filesAreToAttachAgain: a form keeps no document, and says so in its alert and at the field, whatever is wrong.
func TestSend_filesAreToAttachAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	values, err := url.ParseQuery(addressedForm(w, "texte", "Bonjour", "confirme", "oui"))
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for name := range values {
		fields[name] = values.Get(name)
	}
	const again = "Vos pièces jointes n’ont pas été gardées\u00a0: joignez-les de nouveau."
	const inAlert, atField = `<li><a href="#pieces">` + again, `id="pieces-faute">` + again
	send := func(path string, want ...string) reply {
		got := w.uploadTo(proKey, path, fields, "bilan.txt", "bilan").wants(http.StatusUnprocessableEntity, "").has(want...)
		checkMarkup(t, path, got.body)
		return got
	}
	send("/pro/ecrire/message", "Écrivez un objet", inAlert, atField, `aria-describedby="pieces-aide pieces-faute"`).lacks(`name="pieces" multiple aria-invalid`)
	w.post(proKey, "/pro/ecrire/message", values.Encode()).wants(http.StatusUnprocessableEntity, "").lacks(again) // none was attached
	fields["objet"] = "Bilan"
	w.core.failOn["OpenThread"] = kind(conversations.KindWrongPatient)
	send("/pro/ecrire/message", inAlert, `id="pieces-faute">`+faultWrong+" "+again, `name="pieces" multiple aria-invalid`)
	fields["texte"] = ""
	send("/pro/conversations/a1open/ecrire", faultNoText, inAlert, atField)
	fields["copie-nom"] = "goff"
	got := w.uploadTo(proKey, "/pro/ecrire/annuaire", fields, "bilan.txt", "bilan").wants(http.StatusOK, "").has("Cochez les professionnels", atField).lacks(`role="alert"`)
	at := func(id string) int { return bytes.Index(got.body, []byte(`id="`+id+`"`)) }
	if at("copie") < 0 || at("pieces") < at("copie") || at("pieces") < at("accuse") { // what stands after documents that are too large is cut
		t.Error("documents stand before the search for a colleague or another field")
	}
}

// withoutReference takes out what names the request.
func withoutReference(body []byte) string {
	return regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllString(string(body), "")
}

// TestDeskThread: a professional reads, continues and ends a conversation, and sees where his messages stand.
func TestDeskThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thread := w.core.threads[openID]
	thread.Messages[0].Mine = true
	thread.Messages[0].Delivery = &conversations.Delivery{State: conversations.DeliveryRead, At: now}
	w.core.threads[openID] = thread
	got := w.visit(proKey, "/pro/echanges/"+string(exchangeID)).wants(http.StatusOK, "").has("Jeanne Dupont", "Écrire un nouveau message", `href="/pro/conversations/a1open"`)
	checkMarkup(t, "exchange", got.body)
	got = w.visit(proKey, "/pro/conversations/a1open").wants(http.StatusOK, "").
		has("Ouvert le <time", "Compte rendu.pdf", "Écrire au patient", "Mettre fin à cette conversation", "N’écrivez que ce qui est nécessaire au suivi")
	checkMarkup(t, "desk thread", got.body)
	form := "csrf=" + csrfToken + "&operation=op2"
	w.post(proKey, "/pro/conversations/a1open/ecrire", form+"&texte=Suite").wants(http.StatusSeeOther, "")
	if len(w.core.written) != 1 || w.core.written[0].Text != "Suite" {
		t.Errorf("%+v", w.core.written)
	}
	got = w.post(proKey, "/pro/conversations/a1open/ecrire", form).wants(http.StatusUnprocessableEntity, "").has(faultNoText)
	checkMarkup(t, "refused", got.body)
	expired := w.post(proKey, "/pro/conversations/a1open/ecrire", "csrf=another&texte=Suite+perdue").wants(http.StatusForbidden, "").has("Formulaire expiré", "Suite perdue")
	checkMarkup(t, "expired", expired.body)
	got = w.visit(proKey, "/pro/conversations/a1open/fin").wants(http.StatusOK, "").has("Vos autres conversations avec lui ne changent pas")
	checkMarkup(t, "end thread", got.body)
	w.post(proKey, "/pro/conversations/a1open/fin", form).wants(http.StatusSeeOther, "")
	if w.core.asked("EndThread") != 1 {
		t.Errorf("the core was asked %v", w.core.calls)
	}
	for _, path := range []string{"/pro/conversations/a1none", "/pro/echanges/a1none", "/pro/conversations/a1none/fin"} {
		w.visit(proKey, path).wants(http.StatusNotFound, "")
		w.visit(patientKey, path).wants(http.StatusForbidden, "")
	}
	thread.State = string(rules.ThreadUnreachable)
	w.core.threads[openID] = thread
	w.visit(proKey, "/pro/conversations/a1open").wants(http.StatusOK, "").has("ne peut pas être joint par ce canal").lacks("Écrire au patient")
}

// TestDesk_byState filters the ledger by state (D4).
func TestDesk_byState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(proKey, "/pro?etat=ended").wants(http.StatusOK, "").has(`aria-current="true">Terminés`, "Écrire à un patient")
	checkMarkup(t, "desk", got.body)
	w.core.pairs = nil
	w.visit(proKey, "/pro?etat=ended").wants(http.StatusOK, "").has("Aucun échange dans cette liste.")
	w.visit(proKey, "/pro?etat=nonsense").wants(http.StatusOK, "").has("Cette boîte n’a encore écrit à aucun patient")
}
