package page

import (
	"cmp"
	"strings"

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
		what := "enregistré une opposition" + against(l)
		return byPatient(l, "Vous avez "+what+".", "a "+what+" en votre nom.")
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
		what := "invité " + cmp.Or(l.Whom, "quelqu’un") + " à agir pour vous."
		return byPatient(l, "Vous avez "+what, "a "+what)
	case rules.DelegateAccepted:
		return byPatient(l, "Une invitation à agir pour vous a été acceptée.", "a accepté d’agir pour vous.")
	case rules.DelegateRefused:
		return byPatient(l, "Une invitation à agir pour vous a été refusée.", "a refusé d’agir pour vous.")
	case rules.DelegateDeclared:
		if l.Whom != "" {
			return "Le service a enregistré qui vous représente" + nbsp + ": " + l.Whom + "."
		}
		return "Le service a enregistré qui vous représente."
	case rules.DelegateEnded:
		return accessEnded(l)
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
		return byPatient(l, "Vous avez rétabli "+access(l)+".", "a rétabli "+access(l)+".")
	}
	return "Une opération a été enregistrée."
}

// accessEnded tells that somebody acts for the patient no more, or was to and is not any more.
func accessEnded(l conversations.HistoryLine) string {
	switch {
	case l.Actor == "" && l.ActorKind != conversations.ActorPatient && l.Whom != "": // with the account of the person
		return "L’accès de " + l.Whom + " à votre messagerie a pris fin."
	case l.Invited:
		return byPatient(l, "Vous avez retiré "+access(l)+".", "a retiré "+access(l)+".")
	}
	return byPatient(l, "Vous avez mis fin à "+access(l)+".", "a mis fin à "+access(l)+".")
}

// access names what the person of a line has: an access, or an invitation that was not accepted.
func access(l conversations.HistoryLine) string {
	switch {
	case l.Whom == "":
		return "un accès à votre messagerie"
	case l.Invited:
		return "l’invitation de " + l.Whom
	case l.Whom == l.Actor && l.ActorKind != conversations.ActorPatient:
		return "son accès à votre messagerie"
	}
	return "l’accès de " + l.Whom + " à votre messagerie"
}

// against says to what the objection of a line is, and with whom.
func against(l conversations.HistoryLine) string {
	if l.Objection == nil {
		return ""
	}
	to := " à la réception de messages"
	if l.Objection.Kind == rules.AgainstExchange {
		to = " à l’échange d’informations entre professionnels"
	}
	return to + " (" + Freeze{}.Whom(*l.Objection) + ")"
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

// Byline is By where the sentence does not begin with that name.
func (p History) Byline(l conversations.HistoryLine) string {
	if by := p.By(l); !strings.HasPrefix(Sentence(l), by) {
		return by
	}
	return ""
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
	opened := "ouvert"
	if l.Reopened {
		opened = "rouvert"
	}
	switch l.Account {
	case rules.Active:
		if mine {
			return "Vous avez " + opened + " votre messagerie."
		}
		return "Votre messagerie a été " + opened + "e."
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
