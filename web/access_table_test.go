package web

// callers are the columns of the access matrix. The first three own what the rows name: the patient, the
// professional and the establishment of the tests.
func callers() []string {
	return []string{
		"patient", "professional", "clinic",
		"anonymous", "other-patient", "representative", "expired-representative", "other-professional", "administrator", "secretary",
		"other-clinic", "wrong-scope", "expired-token", "revoked-token",
	}
}

// Cells that many rows have. A name alone may do what the row says to the owner's thing; a name with * may make
// the call, which then is about the caller's own and touches nothing of the owner's. Whoever is not named is
// refused.
const (
	nobody          = ""
	holder          = "patient representative"
	ownAccount      = "patient representative other-patient*"                                                // takes ?for=
	inPerson        = "patient* other-patient* representative* expired-representative*"                      // is about the caller alone
	users           = "professional secretary"                                                               // of the mailbox
	anyDesk         = "professional* secretary* other-professional* administrator*"                          // persons, about their own mailboxes
	anyBox          = anyDesk + " clinic* other-clinic*"                                                     // and applications
	ofEstablishment = "professional* secretary*"                                                             // whose mailbox is an establishment's
	officer         = "administrator*"                                                                       // enrols patients (D26)
	listKeeper      = "administrator"                                                                        // of the mailbox (I119)
	establishing    = "clinic"                                                                               // of the visit (I120)
	formerly        = "representative"                                                                       // who gives a profile up
	everyPerson     = inPerson + " professional* secretary* other-professional* administrator* wrong-scope*" // not applications (D32)
)

// apiAccess lists who may make each call of the API; see the constants above.
func apiAccess() map[string]string {
	return map[string]string{
		"GET /profiles":                       inPerson,
		"DELETE /profiles/{id}":               formerly,
		"POST /invitations/view":              inPerson, // whoever has the code
		"POST /invitations/accept":            inPerson,
		"POST /invitations/refuse":            inPerson,
		"GET /delegates":                      ownAccount,
		"POST /delegates":                     ownAccount,
		"DELETE /delegates/{id}":              holder,
		"POST /delegates/{id}/restore":        holder,
		"GET /inbox":                          ownAccount,
		"POST /inbox":                         nobody, // D3
		"GET /inbox/contacts":                 ownAccount,
		"PUT /inbox/contacts/{id}/block":      holder,
		"DELETE /inbox/contacts/{id}/block":   holder,
		"GET /inbox/attachments/{id}":         holder,
		"GET /inbox/messages/{id}/original":   holder,
		"POST /inbox/attachments/{id}/save":   holder,
		"GET /inbox/documents":                ownAccount,
		"GET /inbox/documents/{id}":           holder,
		"DELETE /inbox/documents/{id}":        holder,
		"GET /inbox/history":                  ownAccount,
		"GET /inbox/objections":               ownAccount,
		"PUT /inbox/objections/{id}":          ownAccount, // the id is the caller's choice
		"DELETE /inbox/objections/{id}":       ownAccount,
		"GET /inbox/{id}":                     holder,
		"DELETE /inbox/{id}":                  holder,
		"POST /inbox/{id}/opened":             holder,
		"POST /inbox/{id}/replies":            holder,
		"GET /account":                        ownAccount,
		"POST /account":                       ownAccount,
		"GET /terms":                          everyPerson,
		"POST /terms":                         everyPerson,
		"GET /exchanges":                      users,
		"POST /exchanges/{id}/end":            users,
		"GET /conversations":                  users,
		"POST /conversations":                 users,
		"GET /conversations/{id}":             users,
		"POST /conversations/{id}/messages":   users,
		"POST /conversations/{id}/end":        users,
		"PUT /oppositions":                    users,
		"POST /verdicts":                      users,
		"GET /mailboxes":                      anyBox,
		"GET /mailboxes/{id}/users":           listKeeper,
		"POST /mailboxes/{id}/users":          listKeeper,
		"DELETE /mailboxes/{id}/users/{user}": listKeeper,

		"GET /conversations/{id}/team":                users,
		"POST /conversations/{id}/presence":           users,
		"PUT /conversations/{id}/care":                users,
		"DELETE /conversations/{id}/care":             users,
		"POST /conversations/{id}/care/handover":      users,
		"POST /conversations/{id}/notes":              users,
		"DELETE /conversations/{id}/notes/{note}":     users,
		"GET /mailboxes/{id}/templates":               users,
		"POST /mailboxes/{id}/templates":              users,
		"PUT /mailboxes/{id}/templates/{template}":    users,
		"DELETE /mailboxes/{id}/templates/{template}": users,
		"GET /mailboxes/{id}/absence":                 listKeeper,
		"PUT /mailboxes/{id}/absence":                 listKeeper,
		"DELETE /mailboxes/{id}/absence":              listKeeper,

		"GET /enrolments":           officer,
		"POST /enrolments":          officer,
		"DELETE /enrolments/{id}":   listKeeper, // the one who handed it over
		"POST /representations":     officer,
		"POST /representations/end": officer,

		"GET /facilities/{finess}/episodes":                 establishing,
		"GET /facilities/{finess}/episodes/{visit}":         establishing,
		"PUT /facilities/{finess}/episodes/{visit}":         establishing,
		"GET /facilities/{finess}/episodes/{visit}/preview": establishing,
	}
}

// Cells of the pages. A session is a person's: applications have none. Whoever represents somebody has chosen that
// profile; on pages about himself it makes no difference.
const (
	anyPatient = "patient representative other-patient*"
	ownPages   = "patient* other-patient* representative* expired-representative*"
	anyPro     = "professional secretary other-professional* administrator*"
)

// pageAccess lists who may see each page and send each form.
func pageAccess() map[string]string {
	return map[string]string{
		"GET /messages":                                      anyPatient,
		"GET /messages/liste":                                anyPatient,
		"GET /evenements":                                    anyPatient,
		"GET /messages/{id}":                                 holder,
		"POST /messages/{id}/repondre":                       holder,
		"POST /messages/{id}/brouillon":                      holder,
		"GET /messages/{id}/pieces/{piece}":                  holder,
		"GET /messages/{id}/pieces/{piece}/lecture":          holder,
		"GET /messages/{id}/pieces/{piece}/contenu":          holder,
		"GET /messages/{id}/originaux/{piece}":               holder,
		"GET /messages/{id}/supprimer":                       holder,
		"POST /messages/{id}/supprimer":                      holder,
		"POST /messages/{id}/pieces/{piece}/enregistrer":     holder,
		"GET /documents":                                     anyPatient,
		"GET /documents/{id}":                                holder,
		"POST /documents/{id}/supprimer":                     holder,
		"GET /oppositions":                                   anyPatient,
		"POST /oppositions":                                  anyPatient,
		"POST /oppositions/{id}/lever":                       anyPatient,
		"GET /historique":                                    anyPatient,
		"GET /notifications":                                 anyPatient,
		"POST /notifications":                                anyPatient,
		"GET /donnees":                                       anyPatient,
		"GET /donnees.zip":                                   anyPatient,
		"GET /historique.csv":                                anyPatient,
		"GET /aidants":                                       anyPatient,
		"POST /aidants":                                      anyPatient,
		"POST /aidants/{id}/fin":                             holder,
		"POST /aidants/{id}/retablir":                        holder,
		"GET /profils":                                       ownPages,
		"POST /profils/choisir":                              "representative*",
		"POST /profils/code":                                 ownPages,
		"POST /profils/accepter":                             ownPages,
		"POST /profils/refuser":                              ownPages,
		"GET /profils/{id}/fin":                              "representative*",
		"POST /profils/{id}/fin":                             formerly,
		"GET /compte":                                        anyPatient,
		"GET /compte/{id}":                                   anyPatient,
		"POST /compte/{id}":                                  anyPatient,
		"GET /conditions":                                    ownPages + " " + anyDesk,
		"POST /conditions":                                   ownPages + " " + anyDesk,
		"GET /contacts":                                      anyPatient,
		"GET /contacts/{id}/bloquer":                         holder,
		"POST /contacts/{id}/bloquer":                        holder,
		"POST /contacts/{id}/debloquer":                      holder,
		"GET /pro":                                           anyPro,
		"GET /pro/echanges/{id}":                             users,
		"GET /pro/ecrire":                                    anyDesk,
		"POST /pro/ecrire":                                   users,
		"POST /pro/ecrire/message":                           users,
		"GET /pro/conversations/{id}":                        users,
		"POST /pro/conversations/{id}/ecrire":                users,
		"GET /pro/conversations/{id}/fin":                    users,
		"POST /pro/conversations/{id}/fin":                   users,
		"GET /pro/echanges/{id}/fin":                         users,
		"POST /pro/echanges/{id}/fin":                        users,
		"GET /pro/boites":                                    anyDesk,
		"GET /pro/boites/{id}":                               listKeeper,
		"POST /pro/boites/{id}/utilisateurs":                 listKeeper,
		"POST /pro/boites/{id}/utilisateurs/{piece}/retirer": listKeeper,
		"GET /clinique/tableau":                              ofEstablishment,
		"GET /clinique/tableau.csv":                          ofEstablishment,
		"GET /pro/inscriptions":                              officer,
		"POST /pro/inscriptions":                             officer,
		"POST /pro/inscriptions/code":                        officer,
		"POST /pro/inscriptions/{id}/retirer":                listKeeper,
		"GET /pro/representations":                           officer,
		"POST /pro/representations":                          officer,
		"POST /pro/representations/fin":                      officer,
		"GET /clinique/venues/{id}":                          users,
		"POST /clinique/venues/{id}/cloture":                 users,
		"POST /clinique/venues/{id}/annulation":              users,

		"POST /pro/conversations/{id}/suivre":                  users,
		"POST /pro/conversations/{id}/laisser":                 users,
		"POST /pro/conversations/{id}/confier":                 users,
		"POST /pro/conversations/{id}/notes":                   users,
		"POST /pro/conversations/{id}/notes/{piece}/supprimer": users,
		"GET /pro/boites/{id}/modeles":                         users,
		"POST /pro/boites/{id}/modeles":                        users,
		"GET /pro/boites/{id}/modeles/{piece}":                 users,
		"POST /pro/boites/{id}/modeles/{piece}":                users,
		"POST /pro/boites/{id}/modeles/{piece}/supprimer":      users,
		"GET /pro/boites/{id}/absence":                         listKeeper,
		"POST /pro/boites/{id}/absence":                        listKeeper,
		"POST /pro/boites/{id}/absence/fin":                    listKeeper,
	}
}

// openRoutes are served to anybody, by their pattern: nothing of anybody's stands there without a session.
func openRoutes() []string {
	return []string{
		"/", "/clinique", "/accessibilite", "/developpeurs", "/healthz", "/readyz", "/openapi.json", "/oauth/*", LinkPath, "/.well-known/openid-configuration",
	}
}
