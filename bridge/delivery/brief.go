package delivery

import (
	"fmt"

	"mesbridge/conversations"
)

// Subjects that software of professionals compares (R44, R46); exact.
const (
	subjectFailed    = "Message non distribué"
	subjectTooLarge  = "Undelivered Mail Returned to Sender"
	subjectDelivered = "Accusé de réception"
)

// brief is what a notice says: to the reader, and to software.
type brief struct {
	subject, action, status, text string
}

// brief chooses the words. The kinds of D36 have one text for each class, whatever the cause (R49,
// D13): nothing tells a block from a closed mailbox.
func (n Notice) brief() brief {
	failed := func(status, text string) brief { return brief{subjectFailed, "failed", status, text + "\r\n"} }
	switch n.Report.Failure { //nolint:exhaustive // the kinds of a page or of the API never make a notice
	case "":
		return brief{subjectDelivered, "delivered", "2.0.0", n.deliveredText()}
	case conversations.KindMailboxUnknown:
		return failed("5.1.1", "Patient non trouvé : aucune messagerie Mon espace santé n’est ouverte pour ce matricule INS. "+
			"Vérifiez l’identité ; sinon, remettez le document par un autre moyen.")
	case conversations.KindINSInvalid:
		return failed("5.1.3", "Adresse invalide : le matricule INS doit compter 15 caractères, clé comprise.")
	case conversations.KindUnreachable, conversations.KindBlockedByPatient, conversations.KindPatientOpposed:
		return failed("5.2.1", "Message non distribué : la messagerie de ce patient ne peut pas recevoir votre message. "+
			"Prévenez le patient par un autre moyen.")
	case conversations.KindWrongPatient:
		return failed("5.6.0", "Message non distribué : le document joint concerne un autre patient que le destinataire.")
	case conversations.KindTooLarge:
		b := failed("5.3.4", "Message non distribué : il dépasse la taille limite de 25 Mo, pièces jointes comprises. "+
			"Renvoyez-le avec des documents plus légers, ou en plusieurs messages.")
		b.subject = subjectTooLarge
		return b
	}
	return failed("5.0.0", "Message non distribué : une erreur technique a empêché sa remise. "+
		"Renvoyez-le, ou prévenez le patient par un autre moyen.")
}

// deliveredText says what a receipt means, and what it does not (R53).
func (n Notice) deliveredText() string {
	const nbsp = "\u00a0"
	at := n.Report.ArrivedAt.In(n.Zone)
	return fmt.Sprintf("Remis le %s à %s (heure de Paris) : votre message est arrivé dans la messagerie Mon espace santé du patient.\r\n"+
		"Cet accusé de réception ne veut pas dire que le message a été lu.\r\n",
		at.Format("02/01/2006"), at.Format("15"+nbsp+"h"+nbsp+"04"))
}
