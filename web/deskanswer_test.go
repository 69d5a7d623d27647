package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// waitingWorld is a world in which the patient of the first exchange wrote last, two weeks ago, and waits.
func waitingWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	at := now.Add(-14 * 24 * time.Hour)
	w.core.pairs[0].Waiting, w.core.pairs[0].LastAt = true, at
	thread := w.core.threads[openID]
	thread.Waiting, thread.LastAt = true, at
	thread.Messages = append([]conversations.Message{
		{ID: openID + ".3", At: at, Author: "Jeanne Dupont", AuthorKind: conversations.FromPatient, Text: "Et maintenant ?", Copied: []string{"Dr Claire Martin"}},
	}, thread.Messages...)
	w.core.threads[openID] = thread
	return w
}

// TestDesk_whoWaits_isOneStepFromTheAnswer: the ledger and the exchange say for how long the patient waits and lead to
// the conversation, whose form is an answer; the way back knows mailbox and list.
func TestDesk_whoWaits_isOneStepFromTheAnswer(t *testing.T) {
	t.Parallel()
	w := waitingWorld(t)
	got := w.visit(proKey, "/pro?etat=waiting").wants(http.StatusOK, "").has("Attend votre réponse depuis 14\u00a0jours", "/pro/echanges/a1xpair/conversation?cherche=waiting&amp;etat=waiting",
		`href="/pro/echanges/a1xpair?etat=waiting"`, "Qui attend depuis le plus longtemps vient en premier.")
	checkMarkup(t, "ledger", got.body)
	if !w.core.sought[0].Oldest {
		t.Error("the list does not begin with who waits longest")
	}
	w.visit(proKey, "/pro")
	if w.core.sought[1].Oldest {
		t.Error("all exchanges are listed oldest first")
	}
	got = w.visit(proKey, "/pro/echanges/a1xpair?etat=waiting").wants(http.StatusOK, "").has(`class="button" href="/pro/echanges/a1xpair/conversation?cherche=waiting&amp;etat=waiting">Répondre`,
		`class="button second" type="submit">Écrire un nouveau message`, `href="/pro/conversations/a1open?etat=waiting"`, `<span class="tag waiting">Attend votre réponse</span>`,
		"etat=waiting\">Échanges</a>")
	checkMarkup(t, "exchange", got.body)
	to := w.visit(proKey, "/pro/echanges/a1xpair/conversation?cherche=waiting&etat=waiting").wants(http.StatusSeeOther, "").header.Get("Location")
	if to != "/pro/conversations/a1open?etat=waiting" {
		t.Fatalf("led to %s", to)
	}
	got = w.visit(proKey, to).wants(http.StatusOK, "").has(`<summary class="button">Répondre</summary>`, "Matricule INS "+ins, `href="/pro/echanges/a1xpair?etat=waiting"`,
		"Attend votre réponse depuis 14\u00a0jours", "etat=waiting\">Échanges</a>", "bal="+w.app.mailboxKey(must("claire.martin@cabinet.mssante.fr")), "À&nbsp;: <bdi>Dr Claire Martin")
	checkMarkup(t, "desk thread", got.body)
	if strings.Contains(string(got.body), "Écrire au patient") {
		t.Error("an answer is offered as a new message")
	}
	w.visit(proKey, "/pro/conversations/a1open?etat=nonsense").wants(http.StatusOK, "").lacks("nonsense")
	w.visit(proKey, "/pro/echanges/a1none/conversation?cherche=waiting").wants(http.StatusNotFound, "")
	if to = w.visit(proKey, "/pro/echanges/a1xpair/conversation?cherche=undelivered").header.Get("Location"); !strings.HasPrefix(to, "/pro/conversations/") {
		t.Errorf("without such a conversation, led to %s", to)
	}
}

// TestDeskThread_afterAnAnswer_tellsWhoStillWaits: the count of the list is a moment old, and tells of others only.
func TestDeskThread_afterAnAnswer_tellsWhoStillWaits(t *testing.T) {
	t.Parallel()
	w := waitingWorld(t)
	severalPairs(w)
	form := "csrf=" + csrfToken + "&operation=op&texte=Bonjour"
	to := w.post(proKey, "/pro/conversations/a1open/ecrire?etat=waiting", form).wants(http.StatusSeeOther, "").header.Get("Location")
	if to != "/pro/conversations/a1open?etat=waiting&fait=envoye" {
		t.Fatalf("sent on to %s", to)
	}
	w.core.pairs[0].Waiting, w.core.pairs[0].Noted = true, rules.ListWaiting
	w.core.pairs[2].Waiting = true
	w.visit(proKey, to).wants(http.StatusOK, "").has("Message envoyé. 3 patients attendent encore votre réponse", "etat=waiting\">voir la liste")
	w.visit(proKey, "/pro/conversations/a1open?etat=unread&fait=envoye").has("etat=waiting\">voir la liste")
	w.visit(proKey, "/pro/conversations/a1open?etat=nobody&fait=envoye").has("etat=nobody\">voir ceux que personne ne suit")
	w.core.pairs[0].Waiting, w.core.pairs[2].Waiting, w.core.pairs[0].Noted = false, false, 0
	got := w.visit(proKey, to).wants(http.StatusOK, "").has("Message envoyé. Un patient attend encore votre réponse")
	checkMarkup(t, "sent", got.body)
	w.core.pairs[0].Noted = rules.ListWaiting // counted still, although it was answered
	w.visit(proKey, to).wants(http.StatusOK, "").has("Message envoyé. Plus aucun patient n’attend votre réponse.")
	w.core.failOn["Tally"] = kind(conversations.KindUnavailable)
	w.visit(proKey, to).wants(http.StatusOK, "").has("Message envoyé.").lacks("patients attendent", "Plus aucun")
}

// TestDesk_conversationEnded_exchangeOpen: D4: an exchange stays open when one of its conversations is ended, and the
// words tell the two apart.
func TestDesk_conversationEnded_exchangeOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thread := w.core.threads[openID]
	thread.State = string(rules.ThreadEnded)
	w.core.threads[openID] = thread
	w.visit(proKey, "/pro/echanges/a1xpair").has(`state-open">Échange ouvert`, `state-ended">Conversation terminée`).lacks("Échange terminé")
	w.visit(proKey, "/pro/conversations/a1open").has("(conversation terminée)", `state-ended">Conversation terminée`)
	w.visit(proKey, "/clinique").has("Conversation terminée").lacks("Échange terminé")
}

// TestExchange_unreachable_offersNothingToSend: D4, D36: the sentence of the class, and no button that leads nowhere.
func TestExchange_unreachable_offersNothingToSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.pairs[0].State = rules.ThreadUnreachable
	got := w.visit(proKey, "/pro/echanges/a1xpair").wants(http.StatusOK, "").has("Ce patient ne peut pas être joint par ce canal. Prévenez-le par un autre moyen.").
		lacks("Écrire un nouveau message", "Répondre</a>", "Mettre fin aux échanges")
	checkMarkup(t, "unreachable", got.body)
}

// TestDesk_undelivered_leadsToWhereItIsRead: O89: an answer that did not reach the mailbox is read in its conversation.
func TestDesk_undelivered_leadsToWhereItIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.pairs[0].Failed = true
	thread := w.core.threads[openID]
	thread.Failed = true
	w.core.threads[openID] = thread
	const words = "Réponse non arrivée dans votre messagerie"
	w.visit(proKey, "/pro").has("Réponses non arrivées <span class=\"count\">", words+"&nbsp;: la lire<span class=\"sr\"> ici, de Jeanne Dupont", "/pro/echanges/a1xpair/conversation?cherche=undelivered").lacks("Non remis")
	w.visit(proKey, "/pro/echanges/a1xpair").has(words+"&nbsp;: la lire</a>", words+", à lire ici</span>")
	if to := w.visit(proKey, "/pro/echanges/a1xpair/conversation?cherche=undelivered").header.Get("Location"); to != "/pro/conversations/a1open" {
		t.Errorf("led to %s", to)
	}
}

// TestEnd_whileThePatientWaits_warns: D6, D7: who ends one exchange is warned as who ends several, and may take it back.
func TestEnd_whileThePatientWaits_warns(t *testing.T) {
	t.Parallel()
	w := waitingWorld(t)
	got := w.visit(proKey, "/pro/echanges/a1xpair/fin").wants(http.StatusOK, "").has("Ce patient attend votre réponse depuis 14\u00a0jours", "répondez d’abord")
	checkMarkup(t, "end", got.body)
	w.core.quiet = true
	w.visit(proKey, "/pro/echanges/a1xpair/fin").has("Aucune conversation n’accepte de réponse", "vous pouvez annuler jusque-là.").lacks("peut encore répondre")
	w.core.pairs[0].Waiting, w.core.pairs[0].Planned = false, conversations.Planned{At: now.Add(time.Minute), By: "Dr Claire Martin"}
	got = w.visit(proKey, "/pro/conversations/a1open").has("Fin de l’échange prévue le", `action="/pro/echanges/a1xpair/fin/annulation"`, "Annuler la fin prévue")
	checkMarkup(t, "planned", got.body)
	w.core.pairs[0].Planned = conversations.Planned{}
	w.core.pairs[0].State, w.core.pairs[0].EndedBy, w.core.pairs[0].EndedAt = rules.ThreadEnded, "Dr Claire Martin", now
	for _, path := range []string{"/pro", "/pro/echanges/a1xpair"} {
		w.visit(proKey, path).has("</time>, par <bdi>Dr Claire Martin</bdi>")
	}
}

// TestDeskThread_copiesAndReceipt: R79, D22: who is in copy of one's own message is told as such, and a receipt that was
// asked for and has not come too.
func TestDeskThread_copiesAndReceipt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thread := w.core.threads[openID]
	m := &thread.Messages[0]
	m.Mine, m.Asked, m.Delivery = true, true, &conversations.Delivery{State: conversations.DeliveryDelivered, At: now}
	w.core.threads[openID] = thread
	w.visit(proKey, "/pro/conversations/a1open").has("En copie&nbsp;: <bdi>Cabinet du Parc", "</time> – accusé de lecture demandé, pas encore ouvert")
	m.Delivery.State = conversations.DeliveryRead
	w.visit(proKey, "/pro/conversations/a1open").has("Ouvert le").lacks("pas encore ouvert")
	m.Delivery.State, m.Asked = conversations.DeliveryDelivered, false
	w.visit(proKey, "/pro/conversations/a1open").has("Remis le").lacks("accusé de lecture demandé")
}

// TestTeam_comesBesideTheMessages: what colleagues know takes one line, notes are counted, and what was just done stands
// at the head of the page.
func TestTeam_comesBesideTheMessages(t *testing.T) {
	t.Parallel()
	w := teamWorld(t)
	got := w.visit(proKey, "/pro/conversations/a1open?fait="+string(page.NoticeNoted)+"&etat=open").wants(http.StatusOK, "").
		has(`<details open><summary class="quiet">Une note interne</summary>`, "/confier?etat=open")
	checkMarkup(t, "team", got.body)
	to := w.post(proKey, "/pro/conversations/a1open/suivre?etat=open", "csrf="+csrfToken+"&bal="+ownedKey()).header.Get("Location")
	if to != "/pro/conversations/a1open?etat=open&fait=suivi" {
		t.Errorf("sent on to %s", to)
	}
}
