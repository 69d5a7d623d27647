package web

import "mesbridge/conversations"

// title is the one-sentence title of a problem. It holds nothing of the request.
func (p *problem) title(french bool) string {
	en, fr := titles(p.code)
	if p.english != "" {
		en, fr = p.english, p.french
	}
	if french {
		return fr
	}
	return en
}

// titles gives both titles of a code. The French ones are those of wording.md where it has one.
func titles(c code) (english, french string) {
	switch c {
	case codeUnauthenticated:
		return "A valid access token is needed.", "Un jeton d’accès valide est nécessaire."
	case codeInsufficientScope:
		return "The token does not allow this call.", "Le jeton ne permet pas cet appel."
	case codeNotFound:
		return "There is no such thing here.", "Cet élément n’existe pas ici."
	case codeMethodNotAllowed:
		return "This path does not know the method.", "Cette adresse ne connaît pas cette méthode."
	case codeInvalidRequest:
		return "The request is not valid.", "La demande n’est pas valide."
	case codeUnsupportedMedia:
		return "The body must be application/json, without encoding.", "Le corps doit être en application/json, sans encodage."
	case codeOtherBody:
		return "This idempotency key was used for another request.", "Cette clé d’idempotence a servi pour une autre demande."
	case codeTooLarge:
		return "The content is larger than allowed.", "La taille du ou des documents dépasse la limite autorisée."
	case codeNotHabilitated:
		return "The caller may not act for this mailbox.", "L’appelant ne peut pas agir pour cette boîte aux lettres."
	case codeUnavailable:
		return "The service cannot answer now. Try again later.", "Le service ne peut pas répondre maintenant. Réessayez plus tard."
	case codeINSInvalid:
		return "The INS is not valid: 15 characters, key included.",
			"Adresse invalide : le matricule INS doit compter 15 caractères, clé comprise."
	case codeInternal:
		return "The service failed.", "Le service a rencontré une erreur."
	case codeTermsNotAccepted:
		return "The terms of use are not accepted yet: see /api/v1/terms.", "Les conditions d’utilisation ne sont pas encore acceptées."
	case codeObjectionRecorded:
		return "A refusal of the patient is recorded on your side.", "Une opposition du patient est enregistrée de votre côté."
	case codeThreadNotOpened:
		return "No professional opened this conversation.", "Un professionnel doit écrire en premier."
	}
	return kindTitles(c)
}

// kindTitles gives the titles of the codes that only the core gives.
func kindTitles(c code) (english, french string) {
	switch conversations.Kind(c) { //nolint:exhaustive // titles has the rest
	case conversations.KindThreadClosed:
		return "The professional ended the exchange.", "Le professionnel a mis fin à vos échanges."
	case conversations.KindReplyNotAllowed:
		return "This message does not allow a reply.", "Ce message n’autorise pas la réponse."
	case conversations.KindBlockedByPatient:
		return "You blocked this professional.", "Vous avez bloqué ce professionnel."
	case conversations.KindPatientOpposed:
		return "The state of this mailbox does not allow this.", "L’état de cette messagerie ne le permet pas."
	case conversations.KindUnreachable:
		return "The mailbox of this patient cannot receive your message. Tell the patient by other means.",
			"Message non distribué : la messagerie de ce patient ne peut pas recevoir votre message. Prévenez le patient par un autre moyen."
	case conversations.KindMailboxUnknown:
		return "Patient not found: no mailbox is open for this INS. Check the identity.",
			"Patient non trouvé : aucune messagerie Mon espace santé n’est ouverte pour ce matricule INS. Vérifiez l’identité ; sinon, remettez le document par un autre moyen."
	case conversations.KindEpisodeUnknown:
		return "There is no such episode in this facility.", "Cette prise en charge n’existe pas dans cet établissement."
	case conversations.KindWrongPatient:
		return "This concerns another patient.", "Le document joint ou la prise en charge concerne un autre patient que le destinataire."
	case conversations.KindMinorConfidential:
		return "The patient is a minor whose representatives read the messages. Say confidential: no, or use another way.",
			"Ce patient est mineur : ses représentants lisent ses messages. Indiquez que le message n’est pas confidentiel ; sinon, ne pas utiliser ce canal."
	case conversations.KindRateLimited:
		return "Too many requests. Try again later.", "Trop de demandes. Réessayez plus tard."
	case conversations.KindAlreadyLinked:
		return "A login is bound to this account already.", "Une identité est déjà rattachée à cette messagerie."
	case conversations.KindStaleState:
		return "The conversation changed meanwhile. Read it again.", "La conversation a changé entre-temps. Relisez-la."
	}
	return titles(codeInternal)
}
