package page

import (
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// patientState names the state of a conversation to the patient, in words (I198, I219).
func patientState(s string) string {
	switch rules.ReplyState(s) {
	case rules.Open:
		return "Réponse possible"
	case rules.Ended:
		return "Échange terminé"
	case rules.NoReply:
		return "Réponse non autorisée"
	case rules.Blocked:
		return "Bloqué par vous"
	case rules.Frozen:
		return "Lecture seule"
	}
	return "Lecture seule"
}

// deskThreadState names the state of one conversation to a professional: an exchange may be open although one of its
// conversations is ended (D4).
func deskThreadState(s string) string {
	switch rules.ThreadState(s) { //nolint:exhaustive // the others are those of an exchange
	case rules.ThreadOpen:
		return "Conversation ouverte"
	case rules.ThreadEnded:
		return "Conversation terminée"
	}
	return deskState(s)
}

// deskState names the state of an exchange to a professional (wording.md, D4).
func deskState(s string) string {
	switch rules.ThreadState(s) {
	case rules.ThreadOpen:
		return "Échange ouvert"
	case rules.ThreadNoReply:
		return "Réponse du patient non autorisée"
	case rules.ThreadEnded:
		return "Échange terminé"
	case rules.ThreadUnreachable:
		return "Injoignable par ce canal"
	}
	return "Injoignable par ce canal"
}

// deliveryWords tells where one of the patient's messages stands (wording.md).
func deliveryWords(d conversations.Delivery) string {
	switch d.State {
	case conversations.DeliveryQueued:
		return told("Envoi en cours", d.Detail)
	case conversations.DeliverySent, conversations.DeliveryDelivered:
		return told("Remis à la messagerie du professionnel (ne veut pas dire lu)", d.Detail)
	case conversations.DeliveryRead:
		return "Ouvert par le professionnel"
	case conversations.DeliveryFailed:
		switch {
		case d.Detail == "":
			return "Non remis" + nbsp + ": votre message n’est pas arrivé. Contactez ce professionnel par téléphone."
		case strings.HasPrefix(d.Detail, "Non remis"):
			return d.Detail
		}
		return "Non remis" + nbsp + ": " + d.Detail
	}
	return "Envoi en cours"
}

// told adds a sentence to a state.
func told(state, detail string) string {
	if detail == "" {
		return state
	}
	return state + ". " + detail
}
