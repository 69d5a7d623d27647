package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// apiBase is where the API begins.
const apiBase = "/api/v1"

// termsPath is the call that a person may make before accepting the terms of use (D32).
const termsPath = "/terms"

// endpoints lists the API. Literal segments come before {id} on the same place, for the first match
// serves (docs/contract.md, "HTTP").
func (a *App) endpoints() []endpoint {
	const (
		get, post, put, del   = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		read, reply, blocking = "patient.read", "patient.reply", "patient.block"
		managing              = "patient.manage"
		hooking               = "webhook.manage"
	)
	patient, desk := []PrincipalKind{Patient}, []PrincipalKind{Professional, Application}
	clinic, person := []PrincipalKind{Application}, []PrincipalKind{Professional}
	replySize, messageSize := withEncoding(a.cfg.MaxReplyBytes), withEncoding(a.cfg.MaxMessageBytes)
	return []endpoint{
		{get, "/profiles", read, patient, 0, profiles, ""},
		{del, "/profiles/{id}", managing, patient, 0, giveUp, ""},
		{post, "/invitations/view", read, patient, 0, invitation, ""},
		{post, "/invitations/accept", managing, patient, 0, acceptInvitation, ""},
		{post, "/invitations/refuse", managing, patient, 0, refuseInvitation, ""},
		{get, "/delegates", managing, patient, 0, ofPatient(delegates), ""},
		{post, "/delegates", managing, patient, 0, ofPatient(invite), ""},
		{del, "/delegates/{id}", managing, patient, 0, act(Conversations.EndDelegate), ""},
		{post, "/delegates/{id}/restore", managing, patient, 0, ofPatient(restoreDelegate), ""},
		{get, "/inbox", read, patient, 0, ofPatient(inbox), ""},
		{post, "/inbox", reply, patient, replySize, ofPatient(newThread), ""},
		{get, "/inbox/contacts", read, patient, 0, ofPatient(contacts), ""},
		{put, "/inbox/contacts/{id}/block", blocking, patient, 0, ofPatient(block), ""},
		{del, "/inbox/contacts/{id}/block", blocking, patient, 0, ofPatient(unblock), ""},
		{get, "/inbox/attachments/{id}", read, patient, 0, bytesOf(Conversations.Attachment), ""},
		{get, "/inbox/messages/{id}/original", read, patient, 0, bytesOf(Conversations.Original), ""},
		{post, "/inbox/attachments/{id}/save", managing, patient, 0, ofPatient(saveAttachment), ""},
		{get, "/inbox/documents", read, patient, 0, ofPatient(documents), ""},
		{get, "/inbox/documents/{id}", read, patient, 0, bytesOf(Conversations.Document), ""},
		{del, "/inbox/documents/{id}", managing, patient, 0, act(Conversations.DeleteDocument), ""},
		{get, "/inbox/history", read, patient, 0, ofPatient(history), ""},
		{get, "/inbox/objections", blocking, patient, 0, ofPatient(objections), ""},
		{put, "/inbox/objections/{id}", blocking, patient, 0, ofPatient(object), ""},
		{del, "/inbox/objections/{id}", blocking, patient, 0, ofPatient(withdraw), ""},
		{get, "/inbox/{id}", read, patient, 0, ofPatient(inboxThread), ""},
		{del, "/inbox/{id}", managing, patient, 0, act(Conversations.DeleteThread), ""},
		{post, "/inbox/{id}/opened", read, patient, 0, act(Conversations.Opened), ""},
		{post, "/inbox/{id}/replies", reply, patient, replySize, ofPatient(replies), ""},
		{get, "/account", read, patient, 0, ofPatient(account), ""},
		{post, "/account", managing, patient, 0, ofPatient(manageAccount), ""},
		{get, termsPath, "", []PrincipalKind{Patient, Professional}, 0, terms, ""},
		{post, termsPath, "", []PrincipalKind{Patient, Professional}, 0, acceptTerms, ""},

		{get, "/exchanges", "thread.read", desk, 0, exchanges, "lister les échanges d’une boîte"},
		{post, "/exchanges/end", "thread.close", desk, 0, planEnds, "mettre fin à plusieurs échanges, avec dix minutes pour annuler"},
		{post, "/exchanges/{id}/end", "thread.close", desk, 0, endExchange, "mettre fin à un échange"},
		{del, "/exchanges/{id}/end", "thread.close", desk, 0, keepExchange, "annuler une fin prévue"},
		{get, "/conversations", "thread.read", desk, 0, deskThreads, "lister les conversations d’une boîte"},
		{post, "/conversations", "thread.open", desk, messageSize, openThread, "écrire un premier message à un patient"},
		{get, "/conversations/{id}", "thread.read", desk, 0, deskThread, "lire une conversation"},
		{get, "/conversations/{id}/attachments/{attachment}", "thread.read", desk, 0, deskAttachment, "ouvrir une pièce jointe"},
		{post, "/conversations/{id}/messages", "thread.write", desk, messageSize, write, "écrire un message de plus"},
		{post, "/conversations/{id}/end", "thread.close", desk, 0, endThread, "mettre fin à une seule conversation"},
		{get, "/conversations/{id}/team", "thread.read", desk, 0, getTeam, "savoir qui s’occupe d’une conversation, et lire les notes internes"},
		{post, "/conversations/{id}/presence", "thread.read", desk, 0, attend, "dire à l’équipe qu’on lit une conversation"},
		{put, "/conversations/{id}/care", "thread.write", desk, 0, takeCare, "s’occuper d’une conversation"},
		{del, "/conversations/{id}/care", "thread.write", desk, 0, releaseCare, "ne plus s’occuper d’une conversation"},
		{post, "/conversations/{id}/care/handover", "thread.write", desk, 0, handOver, "confier une conversation à un collègue"},
		{post, "/conversations/{id}/notes", "thread.write", desk, 0, addNote, "laisser une note interne"},
		{del, "/conversations/{id}/notes/{note}", "thread.write", desk, 0, deleteNote, "supprimer sa note interne"},
		{put, "/oppositions", "thread.write", desk, 0, recordOpposition, "enregistrer l’opposition d’un patient"},
		{post, "/verdicts", "thread.read", desk, 0, verdict, "demander si un message arriverait"},

		{get, "/directory", "thread.read", desk, 0, directory, "chercher la boîte aux lettres d’un professionnel"},

		{get, "/webhooks", hooking, desk, 0, webhooks, "lister les adresses qui sont averties"},
		{post, "/webhooks", hooking, desk, 0, addWebhook, "faire avertir un logiciel de ce qui arrive"},
		{get, "/webhooks/{id}", hooking, desk, 0, getWebhook, "lire un abonnement"},
		{del, "/webhooks/{id}", hooking, desk, 0, removeWebhook, "supprimer un abonnement"},
		{post, "/webhooks/{id}/rotate", hooking, desk, 0, rotateWebhook, "changer son secret"},
		{post, "/webhooks/{id}/test", hooking, desk, 0, testWebhook, "envoyer un essai"},
		{get, "/webhooks/{id}/calls", hooking, desk, 0, webhookCalls, "voir ce qui a été transmis"},
		{post, "/webhooks/{id}/replay", hooking, desk, 0, replayWebhook, "faire transmettre à nouveau"},

		{get, "/mailboxes", "thread.read", desk, 0, mailboxes, "lister ses boîtes aux lettres"},
		{get, "/mailboxes/{id}/templates", "thread.read", desk, 0, templates, "lister les modèles de message d’une boîte"},
		{post, "/mailboxes/{id}/templates", "thread.write", desk, 0, addTemplate, "ajouter un modèle de message"},
		{put, "/mailboxes/{id}/templates/{template}", "thread.write", desk, 0, changeTemplate, "modifier un modèle de message"},
		{del, "/mailboxes/{id}/templates/{template}", "thread.write", desk, 0, deleteTemplate, "supprimer un modèle de message"},
		{get, "/mailboxes/{id}/absence", "thread.read", person, 0, getAbsence, ""},
		{put, "/mailboxes/{id}/absence", "thread.write", person, 0, declareAbsence, ""},
		{del, "/mailboxes/{id}/absence", "thread.write", person, 0, endAbsence, ""},
		{get, "/mailboxes/{id}/users", "admin", person, 0, mailboxUsers, ""},
		{post, "/mailboxes/{id}/users", "admin", person, 0, admitUser, ""},
		{del, "/mailboxes/{id}/users/{user}", "admin", person, 0, dismissUser, ""},

		{get, enrolmentsPath, "patient.enrol", person, 0, byOfficer(enrolments), ""},
		{post, enrolmentsPath, "patient.enrol", person, 0, byOfficer(handCode), ""},
		{del, enrolmentsPath + "/{id}", "patient.enrol", person, 0, byOfficer(revokeCode), ""},
		{post, "/representations", "patient.enrol", person, 0, byOfficer(declareRepresentation), ""},
		{post, "/representations/end", "patient.enrol", person, 0, byOfficer(endRepresentation), ""},

		{get, "/facilities/{finess}/episodes", "episode.close", clinic, 0, listEpisodes, "lister les prises en charge"},
		{get, "/facilities/{finess}/episodes/{visit}", "episode.close", clinic, 0, getEpisode, "lire une prise en charge"},
		{put, "/facilities/{finess}/episodes/{visit}", "episode.close", clinic, 0, putEpisode, "ouvrir ou clore une prise en charge"},
		{get, "/facilities/{finess}/episodes/{visit}/preview", "episode.close", clinic, 0, previewEpisode, "voir ce qu’une clôture terminerait"},
	}
}

// mount registers everything that is served.
func (a *App) mount(f *fiber.App) {
	f.Use(a.observe)
	f.Use(compressed())
	f.Use(a.forPrograms)
	f.Use(a.authenticate)
	a.mountAPI(f)
	for pattern, h := range map[string]fiber.Handler{
		"/healthz": a.healthz, "/readyz": a.readyz, "/openapi.json": a.serveOpenAPI,
	} {
		f.Get(pattern, under(pattern, h))
	}
	oauth := bridged(a.deps.OAuth)
	f.All("/oauth/*", under("/oauth/*", oauth))
	f.All("/.well-known/openid-configuration", under("/.well-known/openid-configuration", oauth))
	for _, asset := range a.pages.Assets() {
		f.Get(asset.Path, under("/assets/*", serveAsset(asset)))
	}
	a.mountLinking(f)
	a.mountPages(f)
}

// mountAPI registers the endpoints, and for every path of theirs the answer to all other methods.
func (a *App) mountAPI(f *fiber.App) {
	all := a.endpoints()
	methods := map[string][]string{}
	for _, e := range all {
		methods[e.path] = append(methods[e.path], e.method)
	}
	for i := range all {
		e := &all[i]
		pattern := apiBase + e.path
		f.Add(e.method, fiberPath(pattern), under(pattern, a.handler(e)))
		if e.method == http.MethodGet {
			f.Add(http.MethodHead, fiberPath(pattern), under(pattern, a.handler(e)))
		}
		if last := slices.IndexFunc(all[i+1:], func(o endpoint) bool { return o.path == e.path }); last < 0 {
			f.All(fiberPath(pattern), under(pattern, otherMethods(methods[e.path])))
		}
	}
}

// otherMethods answers the methods that a path does not have.
func otherMethods(have []string) fiber.Handler {
	if slices.Contains(have, http.MethodGet) {
		have = append(slices.Clone(have), http.MethodHead)
	}
	allow := strings.Join(have, ", ")
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderAllow, allow)
		return &problem{status: http.StatusMethodNotAllowed, code: codeMethodNotAllowed}
	}
}

// fiberPath writes {id} as gofiber does.
func fiberPath(pattern string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(pattern)
}
