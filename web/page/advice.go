package page

import (
	"mesbridge/conversations"
	"mesbridge/rules"
)

// Advice is what a page says of a verdict before a message is written (D29). Its text stands in the form, so that a search
// for somebody to put in copy can show it again without another question about the patient.
type Advice string

// What may be said.
const (
	AdviceReachable   Advice = "joignable"
	AdviceUnknown     Advice = "inconnu"     // nothing joins the two
	AdviceObjected    Advice = "oppose"      // to exchange about him, which stops no message (D14 c)
	AdviceReason      Advice = "motif"       // a refusal is recorded, and a reason overcomes it (D14 d)
	AdviceRecorded    Advice = "refus"       // a refusal is recorded, and nothing overcomes it
	AdviceUnreachable Advice = "injoignable" // the class of D36
	AdviceNotFound    Advice = "absent"
	AdviceNotNow      Advice = "attente"
	AdviceLimited     Advice = "trop" // too many questions in an hour (D29)
	AdviceNone        Advice = "sans" // it could not be asked for now
)

// AdviceOf is what a page says of a verdict. soft reports that a reason overcomes the refusal.
func AdviceOf(v conversations.ContactVerdict, soft bool) Advice {
	switch {
	case v.Refusal.Code == rules.PatientUnreachable:
		return AdviceUnreachable
	case v.Refusal.Code == rules.MailboxUnknown:
		return AdviceNotFound
	case v.Refusal.Code == rules.ObjectionRecorded && soft:
		return AdviceReason
	case v.Refusal.Code == rules.ObjectionRecorded:
		return AdviceRecorded
	case v.Refusal.Refused():
		return AdviceNotNow
	case !v.Objected.IsZero():
		return AdviceObjected
	case v.Reachability == rules.Reachable:
		return AdviceReachable
	}
	return AdviceUnknown
}

// AdviceNamed is the advice of a text in a form; what is none is as if it could not be asked for.
func AdviceNamed(text string) Advice {
	if a := Advice(text); a.Words() != "" {
		return a
	}
	return AdviceNone
}

// Words are the sentence of an advice (wording.md).
func (a Advice) Words() string {
	switch a {
	case AdviceReachable:
		return "La messagerie de ce patient peut recevoir votre message."
	case AdviceUnknown:
		return "Rien n’est dit de la messagerie de ce patient avant l’envoi\u00a0: aucun échange ne le relie encore à cette boîte."
	case AdviceObjected:
		return "Ce patient s’oppose à l’échange d’informations le concernant avec vous ou votre structure. Votre message peut lui parvenir."
	case AdviceReason, AdviceRecorded:
		return "Une opposition de ce patient est enregistrée de votre côté."
	case AdviceUnreachable:
		return "Injoignable par ce canal. Prévenez le patient par un autre moyen."
	case AdviceNotFound:
		return "Patient non trouvé\u00a0: aucune messagerie Mon espace santé n’est ouverte pour ce matricule INS. Vérifiez l’identité\u00a0; sinon, remettez le document par un autre moyen."
	case AdviceNotNow:
		return "Votre message ne peut pas être envoyé en ce moment."
	case AdviceLimited:
		return "Vous avez demandé beaucoup d’avis cette heure-ci\u00a0: celui-ci n’est pas donné. Vous pouvez écrire."
	case AdviceNone:
		return "L’avis ne peut pas être donné en ce moment. Vous pouvez écrire\u00a0: le service dira si le message n’arrive pas."
	}
	return ""
}

// Refused reports whether the message would not arrive as it stands.
func (a Advice) Refused() bool { return a == AdviceReason || a.Final() }

// Final reports whether no word of the writer makes the message arrive.
func (a Advice) Final() bool {
	switch a {
	case AdviceRecorded, AdviceUnreachable, AdviceNotFound, AdviceNotNow:
		return true
	case AdviceReachable, AdviceUnknown, AdviceObjected, AdviceReason, AdviceLimited, AdviceNone:
	}
	return false
}
