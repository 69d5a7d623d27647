package web

// callers are the columns of the access matrix. The first three own what the rows name: the patient, the
// professional and the establishment of the tests.
func callers() []string {
	return []string{
		"patient", "professional", "clinic",
		"anonymous", "other-patient", "representative", "expired-representative", "caregiver", "revoked-caregiver", "other-professional", "administrator", "secretary",
		"other-clinic", "wrong-scope", "expired-token", "revoked-token",
	}
}

// Cells that many rows have. A name alone may do what the row says to the owner's thing; a name with * may make
// the call, which then is about the caller's own and touches nothing of the owner's. Whoever is not named is
// refused.
const (
	nobody          = ""
	holder          = "patient representative"
	reader          = "patient representative caregiver"                // the caregiver may read and answer (R133)
	ownAccount      = "patient representative other-patient*"           // takes ?for=
	ownReading      = "patient representative caregiver other-patient*" // the same, for a caregiver too
	inPerson        = "patient* other-patient* representative* expired-representative* caregiver* revoked-caregiver*"
	users           = "professional secretary"                                                               // of the mailbox
	anyDesk         = "professional* secretary* other-professional* administrator*"                          // persons, about their own mailboxes
	anyBox          = anyDesk + " clinic* other-clinic*"                                                     // and applications
	ofEstablishment = "professional* secretary*"                                                             // whose mailbox is an establishment's
	officer         = "administrator*"                                                                       // enrols patients (D26)
	listKeeper      = "administrator"                                                                        // of the mailbox (I119)
	establishing    = "clinic"                                                                               // of the visit (I120)
	formerly        = "representative caregiver"                                                             // who gives a profile up
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
		"GET /inbox":                          ownReading,
		"POST /inbox":                         nobody, // D3
		"GET /inbox/contacts":                 ownReading,
		"PUT /inbox/contacts/{id}/block":      holder,
		"DELETE /inbox/contacts/{id}/block":   holder,
		"GET /inbox/attachments/{id}":         reader,
		"GET /inbox/messages/{id}/original":   reader,
		"POST /inbox/attachments/{id}/save":   holder,
		"GET /inbox/documents":                ownReading,
		"GET /inbox/documents/{id}":           reader,
		"DELETE /inbox/documents/{id}":        holder,
		"GET /inbox/history":                  ownReading,
		"GET /inbox/objections":               ownAccount,
		"PUT /inbox/objections/{id}":          ownAccount, // the id is the caller's choice
		"DELETE /inbox/objections/{id}":       ownAccount,
		"GET /inbox/{id}":                     reader,
		"DELETE /inbox/{id}":                  holder,
		"POST /inbox/{id}/opened":             reader,
		"POST /inbox/{id}/replies":            reader,
		"GET /account":                        ownReading,
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
		"GET /webhooks":                       users,
		"POST /webhooks":                      users,
		"GET /webhooks/{id}":                  users,
		"DELETE /webhooks/{id}":               users,
		"POST /webhooks/{id}/rotate":          users,
		"POST /webhooks/{id}/test":            users,
		"GET /webhooks/{id}/calls":            users,
		"POST /webhooks/{id}/replay":          users,
		"GET /directory":                      anyBox,
		"GET /mailboxes":                      anyBox,
		"GET /mailboxes/{id}/users":           listKeeper,
		"POST /mailboxes/{id}/users":          listKeeper,
		"DELETE /mailboxes/{id}/users/{user}": listKeeper,

		"GET /conversations/{id}/team":                     users,
		"POST /conversations/{id}/presence":                users,
		"PUT /conversations/{id}/care":                     users,
		"DELETE /conversations/{id}/care":                  users,
		"POST /conversations/{id}/care/handover":           users,
		"POST /conversations/{id}/notes":                   users,
		"DELETE /conversations/{id}/notes/{note}":          users,
		"GET /mailboxes/{id}/templates":                    users,
		"POST /mailboxes/{id}/templates":                   users,
		"PUT /mailboxes/{id}/templates/{template}":         users,
		"DELETE /mailboxes/{id}/templates/{template}":      users,
		"GET /mailboxes/{id}/absence":                      listKeeper,
		"PUT /mailboxes/{id}/absence":                      listKeeper,
		"DELETE /mailboxes/{id}/absence":                   listKeeper,
		"POST /exchanges/end":                              users,
		"DELETE /exchanges/{id}/end":                       users,
		"GET /conversations/{id}/attachments/{attachment}": users,

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
	anyReader  = "patient representative caregiver other-patient*"
	ownPages   = "patient* other-patient* representative* expired-representative* caregiver* revoked-caregiver*"
	anyPro     = "professional secretary other-professional* administrator*"
)

// pageAccess lists who may see each page and send each form.
func pageAccess() map[string]string {
	return map[string]string{
		"GET /messages":                                      anyReader,
		"GET /messages/liste":                                anyReader,
		"GET /evenements":                                    anyReader,
		"GET /messages/{id}":                                 reader,
		"POST /messages/{id}/repondre":                       reader,
		"POST /messages/{id}/brouillon":                      reader,
		"GET /messages/{id}/pieces/{piece}":                  reader,
		"GET /messages/{id}/pieces/{piece}/lecture":          reader,
		"GET /messages/{id}/pieces/{piece}/contenu":          reader,
		"GET /messages/{id}/originaux/{piece}":               reader,
		"GET /messages/{id}/supprimer":                       holder,
		"POST /messages/{id}/supprimer":                      holder,
		"POST /messages/{id}/pieces/{piece}/enregistrer":     holder,
		"GET /documents":                                     anyReader,
		"GET /documents/{id}":                                reader,
		"GET /documents/{id}/lecture":                        reader,
		"GET /documents/{id}/contenu":                        reader,
		"GET /documents/{id}/supprimer":                      holder,
		"POST /documents/{id}/supprimer":                     holder,
		"GET /oppositions":                                   anyPatient,
		"POST /oppositions":                                  anyPatient,
		"POST /oppositions/{id}/lever":                       anyPatient,
		"GET /historique":                                    anyReader,
		"GET /notifications":                                 anyPatient,
		"POST /notifications":                                anyPatient,
		"GET /donnees":                                       anyPatient,
		"GET /donnees.zip":                                   anyPatient,
		"GET /historique.csv":                                anyReader,
		"GET /aidants":                                       anyPatient,
		"POST /aidants":                                      anyPatient,
		"POST /aidants/{id}/fin":                             holder,
		"POST /aidants/{id}/retablir":                        holder,
		"GET /profils":                                       ownPages,
		"POST /profils/choisir":                              "representative* caregiver*",
		"POST /profils/code":                                 ownPages,
		"POST /profils/accepter":                             ownPages,
		"POST /profils/refuser":                              ownPages,
		"GET /profils/{id}/fin":                              "representative* caregiver*",
		"POST /profils/{id}/fin":                             formerly,
		"GET /compte":                                        anyReader,
		"GET /compte/{id}":                                   anyPatient,
		"POST /compte/{id}":                                  anyPatient,
		"GET /conditions":                                    ownPages + " " + anyDesk,
		"POST /conditions":                                   ownPages + " " + anyDesk,
		"GET /contacts":                                      anyReader,
		"GET /contacts/{id}/bloquer":                         holder,
		"GET /connexions":                                    ownPages + " " + anyDesk,
		"POST /connexions":                                   ownPages + " " + anyDesk,
		"POST /contacts/{id}/bloquer":                        holder,
		"POST /contacts/{id}/debloquer":                      holder,
		"GET /pro":                                           anyPro,
		"POST /pro":                                          anyDesk, // where it leads is GET
		"GET /pro/echanges/{id}":                             users,
		"GET /pro/echanges/{id}/conversation":                users,
		"GET /pro/ecrire":                                    anyDesk,
		"POST /pro/ecrire":                                   users,
		"POST /pro/ecrire/message":                           users,
		"GET /pro/conversations/{id}":                        users,
		"POST /pro/conversations/{id}/ecrire":                users,
		"GET /pro/conversations/{id}/fin":                    users,
		"POST /pro/conversations/{id}/fin":                   users,
		"GET /pro/echanges/{id}/fin":                         users,
		"POST /pro/echanges/{id}/fin":                        users,
		"POST /pro/ecrire/annuaire":                          users, // only templates are looked at
		"POST /pro/conversations/{id}/annuaire":              users,
		"GET /pro/annuaire":                                  anyDesk,
		"POST /pro/annuaire":                                 anyDesk,
		"POST /pro/annuaire/copie":                           anyDesk,
		"GET /pro/boites":                                    "professional* secretary* other-professional* administrator", // who sees the absence
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
		"POST /pro/representations/enregistrer":              officer,
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
		"POST /pro/fins":                                       users,
		"POST /pro/fins/confirmation":                          users,
		"POST /pro/fins/annulation":                            users,
		"POST /pro/echanges/{id}/fin/annulation":               users,
		"GET /pro/conversations/{id}/pieces/{piece}":           users,
	}
}

// openRoutes are served to anybody, by their pattern: nothing of anybody's stands there without a session.
func openRoutes() []string {
	return []string{
		"/", "/clinique", "/accessibilite", "/developpeurs", "/healthz", "/readyz", "/openapi.json", "/oauth/*", LinkPath, "/.well-known/openid-configuration",
	}
}
