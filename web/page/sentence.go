package page

import (
	"mesbridge/conversations"
	"mesbridge/rules"
)

// Sentence tells one act of a patient's history in plain French. It names mailboxes as the pages do, and
// no address (R71, I159).
func Sentence(l conversations.HistoryLine) string {
	with := l.With
	if with == "" {
		with = "un professionnel"
	}
	mine := l.ActorKind == conversations.ActorPatient
	switch l.Code {
	case string(rules.MessageReceived):
		return receivedWords(l, with)
	case string(rules.ReplySent):
		return byPatient(l, "Vous avez répondu dans une conversation.", "a répondu en votre nom.")
	case string(rules.ExchangeEnded), string(rules.ConversationEnded):
		return endedWords(l, with)
	case string(rules.BlockSet):
		return byPatient(l, "Vous avez bloqué "+with+".", "a bloqué "+with+" en votre nom.")
	case string(rules.BlockLifted):
		return byPatient(l, "Vous avez débloqué "+with+".", "a débloqué "+with+" en votre nom.")
	case string(rules.ObjectionSet):
		return byPatient(l, "Vous avez enregistré une opposition.", "a enregistré une opposition en votre nom.")
	case string(rules.ObjectionLifted):
		return byPatient(l, "Vous avez levé une opposition.", "a levé une opposition en votre nom.")
	case string(rules.OppositionRecorded):
		return sentence(with, "a enregistré ce que vous lui avez dit"+nbsp+": ne pas recevoir de messages ici, ou pas d’échange avec d’autres professionnels.")
	case string(rules.ConversationDeleted):
		return byPatient(l, "Vous avez supprimé une conversation.", "a supprimé une conversation en votre nom.")
	case string(rules.ConversationPurged):
		return "Une conversation que vous aviez supprimée a été effacée définitivement."
	case string(rules.DocumentSaved):
		return byPatient(l, "Vous avez enregistré un document.", "a enregistré un document en votre nom.")
	case string(rules.DocumentDeleted):
		return byPatient(l, "Vous avez supprimé un document enregistré.", "a supprimé un document enregistré en votre nom.")
	case string(rules.TermsAccepted):
		return "Vous avez accepté les conditions d’utilisation."
	case string(rules.MinorityNoted):
		return "Le service a noté votre majorité ou votre minorité."
	case string(rules.LifeNoted):
		return eventWords(l.Event)
	case string(rules.AccountChanged):
		return accountWords(l, mine)
	case string(rules.ConversationOpened):
		return byPatient(l, "Vous avez ouvert une conversation.", "a ouvert une conversation en votre nom.")
	case string(conversations.TraceLogin):
		return "Connexion à votre messagerie."
	case string(conversations.TraceLogout):
		return "Déconnexion de votre messagerie."
	case string(conversations.TraceDownload):
		if l.With != "" { // he who acts for the patient opens it with no mailbox
			return sentence(with, "a ouvert une pièce jointe de vos échanges.")
		}
		return byPatient(l, "Vous avez ouvert une pièce jointe.", "a ouvert une pièce jointe en votre nom.")
	case string(conversations.TraceTaken):
		return byPatient(l, "Vous avez téléchargé toutes vos données.", "a téléchargé toutes vos données.")
	case string(conversations.TraceNotification):
		return byPatient(l, "Vous avez choisi comment être averti.", "a changé comment vous êtes averti.")
	case string(conversations.TraceConsulted):
		return byPatient(l, "Vous avez relu une conversation.", "a lu une conversation.")
	case string(rules.VerdictAsked):
		return sentence(with, "a vérifié si votre messagerie est ouverte.")
	case string(rules.ReceiptSent):
		return "Un accusé de lecture a été envoyé à " + with + "."
	case string(rules.VisitOpened):
		return "Un établissement a indiqué qu’il vous prend en charge."
	case string(rules.VisitClosed):
		return "Un établissement a indiqué la fin de votre prise en charge."
	}
	return delegateSentence(l)
}

// delegateSentence tells an act about who acts for the patient.
func delegateSentence(l conversations.HistoryLine) string {
	switch rules.ChangeKind(l.Code) { //nolint:exhaustive // Sentence has the rest
	case rules.DelegateInvited:
		return byPatient(l, "Vous avez invité quelqu’un à agir pour vous.", "a invité quelqu’un à agir pour vous.")
	case rules.DelegateAccepted:
		return byPatient(l, "Une invitation à agir pour vous a été acceptée.", "a accepté d’agir pour vous.")
	case rules.DelegateRefused:
		return byPatient(l, "Une invitation à agir pour vous a été refusée.", "a refusé d’agir pour vous.")
	case rules.DelegateDeclared:
		return "Le service a enregistré qui vous représente."
	case rules.DelegateEnded:
		return byPatient(l, "Vous avez mis fin à un accès à votre messagerie.", "a mis fin à un accès à votre messagerie.")
	case rules.EnrolmentMade:
		return sentence(agent(l), "vous a remis un code pour rattacher votre identité à votre messagerie.")
	case rules.EnrolmentEnded:
		return sentence(agent(l), "a retiré un code qui vous avait été remis.")
	case rules.EnrolmentRefused:
		return "Une personne d’une autre identité a essayé un code qui vous avait été remis. Il n’a rien ouvert."
	case rules.SubjectBound:
		return "Votre identité a été rattachée à votre messagerie."
	case rules.SubjectUnbound:
		return "Votre identité a été détachée de votre messagerie."
	case rules.DelegateRestored:
		return byPatient(l, "Vous avez rétabli un accès à votre messagerie.", "a rétabli un accès à votre messagerie.")
	}
	return "Une opération a été enregistrée."
}

// eventWords tells a life event (D33).
func eventWords(e rules.LifeEvent) string {
	switch e { //nolint:exhaustive // the others are told to nobody
	case rules.INSChanged, rules.INSMerged:
		return "Votre matricule INS a changé. Votre messagerie reste la même, et l’ancienne adresse y mène toujours."
	case rules.Majority:
		return "Vous avez 18 ans" + nbsp + ": vos représentants n’ont plus accès à votre messagerie."
	case rules.GuardianshipBegan:
		return "Le service a noté une mesure de protection."
	case rules.GuardianshipEnded:
		return "Le service a noté la fin d’une mesure de protection."
	case rules.DeathCorrected:
		return "Une information notée par erreur a été corrigée. Votre messagerie fonctionne de nouveau."
	}
	return "Une information sur votre situation a été notée."
}

// sentence begins with a name: its first letter is a capital.
func sentence(who, what string) string {
	if who == "un professionnel" {
		who = "Un professionnel"
	}
	return who + " " + what
}

// agent is the name of whoever enrolled the patient.
func agent(l conversations.HistoryLine) string {
	if l.Actor == "" {
		return "Le service"
	}
	return l.Actor
}

// byPatient tells an act of the patient, or of whoever acts for him.
func byPatient(l conversations.HistoryLine, own, other string) string {
	if l.ActorKind == conversations.ActorPatient || l.Actor == "" {
		return own
	}
	return l.Actor + " " + other
}

func receivedWords(l conversations.HistoryLine, with string) string {
	what := "vous a écrit."
	if l.Notes.Has(rules.Ending) {
		what = "a mis fin à vos échanges."
	}
	s := sentence(with, what)
	if l.Notes.Has(rules.Unmatched) {
		s += " Aucun annuaire ne dit si votre opposition le concerne."
	}
	return s
}

func endedWords(l conversations.HistoryLine, with string) string {
	switch l.How {
	case rules.ByEpisode:
		return "Votre prise en charge par " + with + " est terminée" + nbsp + ": un échange est clos."
	case rules.ByWindow:
		return "Le délai pour répondre à " + with + " a pris fin."
	case rules.BySubject, rules.ByAPI:
	}
	if l.Code == string(rules.ConversationEnded) {
		return sentence(with, "a mis fin à une conversation.")
	}
	return sentence(with, "a mis fin à vos échanges.")
}

func accountWords(l conversations.HistoryLine, mine bool) string {
	switch l.Account {
	case rules.Active:
		if mine {
			return "Vous avez ouvert votre messagerie."
		}
		return "Votre messagerie a été ouverte."
	case rules.NotActivated:
		return "Votre messagerie a été créée."
	case rules.MessagingClosed:
		return "Vous avez fermé votre messagerie."
	case rules.Closed:
		if mine {
			return "Vous avez fermé votre compte."
		}
		return "Votre compte a été fermé."
	case rules.Suspended:
		return "L’accès à votre messagerie a été suspendu."
	case rules.Opposed:
		return "Votre opposition à la messagerie a été enregistrée."
	case rules.Absent, rules.Purged:
	}
	return "Votre dossier a été préparé."
}
