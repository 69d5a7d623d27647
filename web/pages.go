package web

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// pageRoute is one page that needs a login.
type pageRoute struct {
	method string
	path   string
	kind   PrincipalKind // empty: any person
	right  rules.Rights  // that whoever acts for the patient needs to see the page (R133); 0: reading. The core decides on forms
	limit  int64         // of a form with documents, in octets, whose page tells itself when it was cut; 0: a small form
	serve  func(a *App, v visit) (view, error)
	// expired shows the form again when its token is not the session's, with what was typed; nil shows a
	// page that says so. It must change nothing.
	expired func(a *App, v visit) (view, error)
	freely  bool // also for who has not accepted the terms of use (D32)
	quietly bool // asked for by a page, not by the person: it is no activity, and nobody is sent to log in
}

// pageRoutes lists the pages that need a login.
func (a *App) pageRoutes() []pageRoute {
	const get, post = http.MethodGet, http.MethodPost
	return []pageRoute{
		{method: get, path: "/messages", kind: Patient, serve: inboxPage},
		{method: get, path: "/messages/liste", kind: Patient, serve: listPage, quietly: true},
		{method: get, path: "/evenements", kind: Patient, serve: eventsPage, quietly: true},
		{method: get, path: "/messages/{id}", kind: Patient, serve: conversationPage},
		{
			method: post, path: "/messages/{id}/repondre", kind: Patient, limit: withEncoding(a.cfg.MaxReplyBytes),
			serve: replyForm, expired: replyExpired,
		},
		{method: post, path: "/messages/{id}/brouillon", kind: Patient, limit: maxDraft, serve: draftForm},
		{method: get, path: "/messages/{id}/pieces/{piece}", kind: Patient, serve: pieceFile},
		{method: get, path: "/messages/{id}/pieces/{piece}/lecture", kind: Patient, serve: readingPage},
		{method: get, path: "/messages/{id}/pieces/{piece}/contenu", kind: Patient, serve: readingFile},
		{method: get, path: "/messages/{id}/originaux/{piece}", kind: Patient, serve: originalFile},
		{method: get, path: "/messages/{id}/supprimer", kind: Patient, right: rules.MayManage, serve: deletePage},
		{method: post, path: "/messages/{id}/supprimer", kind: Patient, serve: deleteForm},
		{method: post, path: "/messages/{id}/pieces/{piece}/enregistrer", kind: Patient, serve: saveForm},
		{method: get, path: "/documents", kind: Patient, serve: documentsPage},
		{method: get, path: "/documents/{id}", kind: Patient, serve: documentFile},
		{method: get, path: "/documents/{id}/lecture", kind: Patient, serve: documentReadingPage},
		{method: get, path: "/documents/{id}/contenu", kind: Patient, serve: documentReadingFile},
		{method: get, path: "/documents/{id}/supprimer", kind: Patient, right: rules.MayManage, serve: deleteDocumentPage},
		{method: post, path: "/documents/{id}/supprimer", kind: Patient, serve: deleteDocumentForm},
		{method: get, path: "/oppositions", kind: Patient, right: rules.MayBlock, serve: objectionsPage},
		{method: post, path: "/oppositions", kind: Patient, serve: objectForm},
		{method: post, path: "/oppositions/{id}/lever", kind: Patient, serve: withdrawForm},
		{method: get, path: "/historique", kind: Patient, serve: historyPage},
		{method: get, path: "/historique.csv", kind: Patient, serve: historyFile},
		{method: get, path: "/notifications", kind: Patient, right: rules.MayGovern, serve: notificationPage},
		{method: post, path: "/notifications", kind: Patient, serve: notificationForm},
		{method: get, path: "/donnees", kind: Patient, right: rules.MayGovern, serve: takeawayPage},
		{method: get, path: "/donnees.zip", kind: Patient, right: rules.MayGovern, serve: takeawayFile},
		{method: get, path: "/compte", kind: Patient, serve: accountPage},
		{method: get, path: "/compte/{id}", kind: Patient, right: rules.MayGovern, serve: commandPage},
		{method: post, path: "/compte/{id}", kind: Patient, serve: commandForm},
		{method: get, path: "/conditions", serve: termsPage, freely: true},
		{method: post, path: "/conditions", serve: termsForm, freely: true},
		{method: get, path: connectionsPath, serve: connectionsPage, freely: true},
		{method: post, path: connectionsPath, serve: endConnectionForm, freely: true},
		{method: get, path: "/contacts", kind: Patient, serve: contactsPage},
		{method: get, path: "/contacts/{id}/bloquer", kind: Patient, right: rules.MayBlock, serve: blockPage},
		{method: post, path: "/contacts/{id}/bloquer", kind: Patient, serve: blockForm},
		{method: post, path: "/contacts/{id}/debloquer", kind: Patient, serve: unblockForm},
		{method: get, path: "/aidants", kind: Patient, right: rules.MayGovern, serve: delegatesPage},
		{method: post, path: "/aidants", kind: Patient, serve: inviteForm},
		{method: post, path: "/aidants/{id}/fin", kind: Patient, serve: endDelegateForm},
		{method: post, path: "/aidants/{id}/retablir", kind: Patient, serve: restoreDelegateForm},
		{method: get, path: profilesPath, kind: Patient, serve: profilesPage},
		{method: post, path: "/profils/choisir", kind: Patient, serve: chooseForm},
		{method: post, path: "/profils/code", kind: Patient, serve: codeForm},
		{method: post, path: "/profils/accepter", kind: Patient, serve: acceptForm},
		{method: post, path: "/profils/refuser", kind: Patient, serve: declineForm},
		{method: get, path: "/profils/{id}/fin", kind: Patient, serve: giveUpPage},
		{method: post, path: "/profils/{id}/fin", kind: Patient, serve: giveUpForm},
		{method: get, path: "/pro", kind: Professional, serve: deskPage},
		{method: post, path: "/pro", kind: Professional, serve: searchForm},
		{method: get, path: "/pro/echanges/{id}", kind: Professional, serve: exchangePage},
		{method: get, path: "/pro/echanges/{id}/conversation", kind: Professional, serve: soughtPage},
		{method: post, path: endsPath, kind: Professional, serve: endsPage},
		{method: post, path: endsPath + "/confirmation", kind: Professional, serve: endsForm},
		{method: post, path: endsPath + "/annulation", kind: Professional, serve: keepAllForm},
		{method: post, path: "/pro/echanges/{id}/fin/annulation", kind: Professional, serve: keepForm},
		{method: get, path: "/pro/conversations/{id}/pieces/{piece}", kind: Professional, serve: deskPiece},
		{method: get, path: writePath, kind: Professional, serve: writePage},
		{method: post, path: writePath, kind: Professional, serve: composePage},
		{method: post, path: writePath + "/message", kind: Professional, limit: withEncoding(a.cfg.MaxMessageBytes), serve: sendForm},
		{method: get, path: "/pro/conversations/{id}", kind: Professional, serve: deskThreadPage},
		{method: post, path: "/pro/conversations/{id}/ecrire", kind: Professional, limit: withEncoding(a.cfg.MaxMessageBytes), serve: continueForm},
		{method: get, path: "/pro/conversations/{id}/fin", kind: Professional, serve: endThreadPage},
		{method: post, path: "/pro/conversations/{id}/fin", kind: Professional, serve: endThreadForm},
		{method: post, path: "/pro/conversations/{id}/suivre", kind: Professional, serve: takeCareForm},
		{method: post, path: "/pro/conversations/{id}/laisser", kind: Professional, serve: releaseCareForm},
		{method: post, path: "/pro/conversations/{id}/confier", kind: Professional, serve: handOverForm},
		{method: post, path: "/pro/conversations/{id}/notes", kind: Professional, serve: noteForm},
		{method: post, path: "/pro/conversations/{id}/notes/{piece}/supprimer", kind: Professional, serve: deleteNoteForm},
		{method: get, path: "/pro/echanges/{id}/fin", kind: Professional, serve: endPage},
		{method: post, path: "/pro/echanges/{id}/fin", kind: Professional, serve: endForm},
		{method: post, path: writePath + "/annuaire", kind: Professional, limit: withEncoding(a.cfg.MaxMessageBytes), serve: composeCopyForm},
		{method: post, path: "/pro/conversations/{id}/annuaire", kind: Professional, limit: withEncoding(a.cfg.MaxMessageBytes), serve: continueCopyForm},
		{method: get, path: directoryPath, kind: Professional, serve: directoryPage},
		{method: post, path: directoryPath, kind: Professional, serve: directoryForm},
		{method: post, path: directoryPath + "/copie", kind: Professional, serve: directoryCopyForm},
		{method: get, path: mailboxesPath, kind: Professional, serve: mailboxesPage},
		{method: get, path: mailboxesPath + "/{id}", kind: Professional, serve: usersPage},
		{method: post, path: mailboxesPath + "/{id}/utilisateurs", kind: Professional, serve: admitUserForm},
		{method: post, path: mailboxesPath + "/{id}/utilisateurs/{piece}/retirer", kind: Professional, serve: dismissUserForm},
		{method: get, path: "/clinique/tableau", kind: Professional, serve: dashboardPage},
		{method: get, path: "/clinique/tableau.csv", kind: Professional, serve: dashboardFile},
		{method: get, path: mailboxesPath + "/{id}/modeles", kind: Professional, serve: templatesPage},
		{method: post, path: mailboxesPath + "/{id}/modeles", kind: Professional, serve: addTemplateForm},
		{method: get, path: mailboxesPath + "/{id}/modeles/{piece}", kind: Professional, serve: templatePage},
		{method: post, path: mailboxesPath + "/{id}/modeles/{piece}", kind: Professional, serve: changeTemplateForm},
		{method: post, path: mailboxesPath + "/{id}/modeles/{piece}/supprimer", kind: Professional, serve: deleteTemplateForm},
		{method: get, path: mailboxesPath + "/{id}/absence", kind: Professional, serve: absencePage},
		{method: post, path: mailboxesPath + "/{id}/absence", kind: Professional, serve: absenceForm},
		{method: post, path: mailboxesPath + "/{id}/absence/fin", kind: Professional, serve: endAbsenceForm},
		{method: get, path: enrolPath, kind: Professional, serve: officerPage(enrolmentsPage)},
		{method: post, path: enrolPath, kind: Professional, serve: officerPage(confirmEnrolment)},
		{method: post, path: enrolPath + "/code", kind: Professional, serve: officerPage(handCodeForm)},
		{method: post, path: enrolPath + "/{id}/retirer", kind: Professional, serve: officerPage(revokeCodeForm)},
		{method: get, path: representationPath, kind: Professional, serve: officerPage(representationsPage)},
		{method: post, path: representationPath, kind: Professional, serve: officerPage(confirmRepresentation)},
		{method: post, path: representationPath + "/enregistrer", kind: Professional, serve: officerPage(declareForm)},
		{method: post, path: representationPath + "/fin", kind: Professional, serve: officerPage(dismissForm)},
		{method: get, path: "/clinique/venues/{id}", kind: Professional, serve: episodePage},
		{method: post, path: "/clinique/venues/{id}/cloture", kind: Professional, serve: closeEpisodeForm},
		{method: post, path: "/clinique/venues/{id}/annulation", kind: Professional, serve: cancelEpisodeForm},
	}
}

// mountPages registers the pages: those that need a login, and those that anybody may see.
func (a *App) mountPages(f *fiber.App) {
	for _, r := range a.pageRoutes() {
		h := under(r.path, a.pageHandler(r))
		f.Add(r.method, fiberPath(r.path), h)
		if r.method == http.MethodGet {
			f.Add(http.MethodHead, fiberPath(r.path), h)
		}
	}
	for path, serve := range map[string]func(*App, visit) (view, error){
		"/": homePage, "/clinique": facilityPage, "/accessibilite": accessibilityPage, "/developpeurs": developerPage,
	} {
		f.Get(path, under(path, a.publicHandler(serve)))
	}
}

// pageHandler serves a page that needs a login: visitor first, then form, then page.
func (a *App) pageHandler(r pageRoute) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, err := a.visitOf(c, r.quietly)
		switch {
		case errors.Is(err, ErrUnauthenticated) && r.quietly:
			return c.SendStatus(http.StatusUnauthorized)
		case errors.Is(err, ErrUnauthenticated):
			return a.askLogin(c, r)
		case err != nil:
			return unavailable(err)
		}
		a.rememberDoor(c, v.who.Kind)
		if r.kind != "" && v.who.Kind != r.kind {
			return a.sendView(c, v, view{status: http.StatusForbidden, page: otherAudience(r.kind)})
		}
		if err := readPath(c, r.path, &v); err != nil {
			return err
		}
		if sent, err := a.askTerms(c, v, r); sent || err != nil {
			return err
		}
		if out, err := a.profileOfVisit(c, &v, r); err != nil || out != nil {
			if err != nil {
				return err
			}
			return a.sendView(c, v, *out)
		}
		if !v.may(r.right) {
			return a.sendView(c, v, view{status: http.StatusForbidden, page: notGranted()})
		}
		serve := r.serve
		if r.method == http.MethodPost {
			if v.form, err = readForm(c, max(r.limit, maxSmallBody)); err != nil {
				return err
			}
			if v.form.cut && r.limit == 0 {
				return tooLarge()
			}
			if !sameToken(v.form.value(fieldCSRF), v.csrf) {
				if serve = r.expired; serve == nil {
					return a.sendView(c, v, view{status: http.StatusForbidden, page: formExpired(stepBack(r, v.id), v.form.typed(), requestID(c))})
				}
			}
		}
		out, err := serve(a, v)
		if err != nil {
			if r.method == http.MethodGet && r.path != accountPath && v.who.Kind == Patient && conversations.KindOf(err) == conversations.KindPatientOpposed {
				return c.Redirect(accountPath, http.StatusSeeOther) // it says why nothing can be read
			}
			return givingBack(err, v.form.typed())
		}
		return a.sendView(c, v, out)
	}
}

// readPath reads the ids of a path into a visit.
func readPath(c *fiber.Ctx, path string, v *visit) (err error) {
	if strings.Contains(path, "{id}") {
		if v.id, err = outsideID(c.Params("id")); err != nil {
			return err
		}
	}
	if strings.Contains(path, "{piece}") {
		v.piece, err = outsideID(c.Params("piece"))
	}
	return err
}

// visitOf tells who visits.
func (a *App) visitOf(c *fiber.Ctx, quietly bool) (visit, error) {
	v := visit{
		ctx: c.UserContext(), query: func(name string) string { return c.Query(name) },
		unseen: c.Method() == http.MethodHead || strings.Contains(c.Get("Sec-Purpose"), "prefetch"),
	}
	if v.cookie = c.Cookies(a.cfg.SessionCookie); v.cookie == "" {
		return v, ErrUnauthenticated
	}
	ask := a.deps.Authenticator.Session
	if quietly {
		ask = a.deps.Authenticator.Unattended
	}
	var err error
	v.who, v.csrf, err = ask(v.ctx, v.cookie)
	return v, err
}

// publicHandler serves a page that anybody may see; a visitor who cannot be told is a stranger.
func (a *App) publicHandler(serve func(*App, visit) (view, error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, err := a.visitOf(c, false)
		if err != nil {
			v.who, v.csrf = Principal{}, ""
		}
		out, err := serve(a, v)
		if err != nil {
			return err
		}
		return a.sendView(c, v, out)
	}
}

// sendView writes what a page handler gave.
func (a *App) sendView(c *fiber.Ctx, v visit, out view) error {
	if out.cookie != nil {
		c.Cookie(out.cookie)
	}
	switch {
	case out.download != nil && out.inline:
		return a.showFile(c, *out.download)
	case out.download != nil:
		return a.sendFile(c, *out.download)
	case out.archive != nil:
		return a.sendArchive(c, *out.archive)
	case out.redirect != "":
		return c.Redirect(out.redirect, http.StatusSeeOther)
	}
	if out.watch != nil {
		return a.sendStream(c, v, out)
	}
	if out.data != nil {
		return c.Status(cmp.Or(out.status, http.StatusOK)).JSON(out.data)
	}
	var b bytes.Buffer
	viewer := v.viewer()
	viewer.Stay = a.stay(v)
	if err := a.pages.Render(&b, viewer, out.page); err != nil {
		return err
	}
	if out.status != 0 {
		c.Status(out.status)
	}
	c.Set(fiber.HeaderContentSecurityPolicy, a.policyOf(viewer, out.page))
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(b.Bytes())
}

// atConversation is the path of a conversation's page.
func atConversation(id conversations.ID) string { return "/messages/" + string(id) }
