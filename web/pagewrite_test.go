package web

import (
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
		has(ins, "Naissance (mois/année)", "Rien n’est dit de la messagerie de ce patient", "Le patient ne pourra pas répondre à ce message")
	checkMarkup(t, "compose", got.body)
	if w.core.asked("Ask") != 1 || w.core.asked("OpenThread") != 0 {
		t.Errorf("the core was asked %v", w.core.calls)
	}
	for name, c := range map[string]struct{ field, value, want string }{
		"wrong key":     {"matricule", "279035121518901", "15 caractères, clé comprise"},
		"not qualified": {"qualifiee", "", "on n’écrit qu’à une INS qualifiée"},
	} {
		got := w.post(proKey, "/pro/ecrire", addressedForm(w, c.field, c.value)).wants(http.StatusUnprocessableEntity, "").has(c.want)
		checkMarkup(t, name, got.body)
	}
	w.post(proKey, "/pro/ecrire", addressedForm(w, "bal", "another")).wants(http.StatusNotFound, "")
	w.post(proKey, "/pro/ecrire", "csrf="+csrfToken+"&echange="+string(exchangeID)).wants(http.StatusOK, "").has("Jeanne Dupont", ins)
	w.post(proKey, "/pro/ecrire", "csrf="+csrfToken+"&echange=a1none").wants(http.StatusNotFound, "")
	w.post(patientKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusForbidden, "")
}

// TestWrite_saysTheVerdict in the words of wording.md, and goes on without one (D29).
func TestWrite_saysTheVerdict(t *testing.T) {
	t.Parallel()
	verdict := func(code rules.Code, reach rules.Reachability) conversations.ContactVerdict {
		return conversations.ContactVerdict{ContactAnswer: rules.ContactAnswer{Refusal: rules.Refusal{Code: code}, Reachability: reach}}
	}
	objected := verdict("", rules.Reachable)
	objected.Objected = now
	for want, v := range map[string]conversations.ContactVerdict{
		"La messagerie de ce patient peut recevoir votre message.": verdict("", rules.Reachable),
		"Injoignable par ce canal. Prévenez le patient":            verdict(rules.PatientUnreachable, rules.Unreachable),
		"Patient non trouvé":                           verdict(rules.MailboxUnknown, rules.Unreachable),
		"Une opposition de ce patient est enregistrée": verdict(rules.ObjectionRecorded, rules.Unknown),
		"Ce patient s’oppose à l’échange":              objected,
	} {
		w := newWorld(t)
		w.core.verdict = v
		w.post(proKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusOK, "").has(want)
	}
	for k, want := range map[conversations.Kind]string{
		conversations.KindRateLimited: "Vous avez demandé beaucoup d’avis", conversations.KindUnavailable: "L’avis ne peut pas être donné en ce moment",
	} {
		w := newWorld(t)
		w.core.failOn["Ask"] = kind(k)
		w.post(proKey, "/pro/ecrire", addressedForm(w)).wants(http.StatusOK, "").has(want, "Envoyer au patient")
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
	blocked := w.post(proKey, "/pro/ecrire/message", addressedForm(w, message...)).wants(http.StatusForbidden, "").has("la messagerie de ce patient ne peut pas recevoir votre message")
	w.core.failOn["OpenThread"] = kind(conversations.KindUnreachable)
	closed := w.post(proKey, "/pro/ecrire/message", addressedForm(w, message...)).wants(http.StatusForbidden, "")
	if withoutReference(blocked.body) != withoutReference(closed.body) {
		t.Error("a block and a closed mailbox look different (D36)")
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
