package delivery

import (
	"fmt"
	"strings"
	"time"
)

// What a patient reads when a message did not arrive, and nothing else (O89): never an address, never
// a server's words (D11). Each says what to do next.
const (
	sentenceUnknown   = "Non remis : cette messagerie n’existe pas ou n’existe plus. Contactez ce professionnel par téléphone."
	sentenceClosed    = "Non remis : cette messagerie ne reçoit pas de messages. Contactez ce professionnel par téléphone."
	sentenceFull      = "Non remis : la messagerie de ce professionnel est pleine. Réessayez plus tard, ou contactez-le par téléphone."
	sentenceTooLarge  = "Non remis : votre message est trop volumineux pour la messagerie de ce professionnel. Renvoyez-le avec des documents plus légers, ou en plusieurs messages."
	sentenceRefused   = "Non remis : la messagerie de ce professionnel a refusé le message. Contactez-le par téléphone."
	sentenceSilent    = "Non remis : la messagerie de ce professionnel n’a pas pu recevoir le message à temps. Réessayez plus tard, ou contactez-le par téléphone."
	sentenceInsecure  = "Non remis : la messagerie de ce professionnel ne permet pas un envoi sécurisé. Contactez-le par téléphone."
	sentenceUntrusted = "Non remis : l’identité de la messagerie de ce professionnel n’a pas pu être vérifiée. Contactez-le par téléphone."
	sentenceGone      = "Non remis : ce professionnel ne peut plus être joint par cette messagerie. Contactez-le par téléphone."
	sentenceOurs      = "Non remis : une erreur technique de notre côté a empêché l’envoi. Écrivez de nouveau votre message."
)

// silentFor is the sentence of a message that was given up after a time (O87).
func silentFor(giveUp time.Duration) string {
	return strings.Replace(sentenceSilent, "à temps", fmt.Sprintf("pendant %d heures", int(giveUp.Hours())), 1)
}

// sentence is what the patient reads when f is final, after a queue that gives up after giveUp.
func (f *fault) sentence(giveUp time.Duration) string {
	switch f.kind {
	case faultUnlisted:
		return sentenceGone
	case faultNoMail:
		return sentenceClosed
	case faultTLS:
		return sentenceInsecure
	case faultCertificate:
		return sentenceUntrusted
	case faultOurs:
		return sentenceOurs
	case faultRefused:
		return f.refusal()
	case faultLink, faultDeferred:
	}
	return silentFor(giveUp)
}

// ReportedSentence is what the patient reads when a report tells a failure, by its enhanced code (RFC 3463);
// an empty one, or one that is not permanent, tells no more than that.
func ReportedSentence(status string) string {
	var class, subject, detail int
	if n, err := fmt.Sscanf(status, "%d.%d.%d", &class, &subject, &detail); err != nil || n != 3 {
		return sentenceRefused
	}
	if class == 4 || subject == 4 { // the queue of another server gave up
		return sentenceSilent
	}
	if s := byStatus(subject, detail); s != "" {
		return s
	}
	return sentenceRefused
}

// refusal reads the reply codes of R51 and the enhanced codes of RFC 3463. The enhanced code is the
// more exact of the two; 552 alone is taken for the size, as RFC 1870 has it.
func (f *fault) refusal() string {
	reply := replyOf(f.err)
	if reply == nil {
		return sentenceRefused
	}
	if s := byStatus(reply.EnhancedCode[1], reply.EnhancedCode[2]); s != "" {
		return s
	}
	switch reply.Code {
	case 510, 513, 550, 551, 553:
		return sentenceUnknown
	case 523, 552:
		return sentenceTooLarge
	}
	return sentenceRefused
}

// byStatus reads subject and detail of an enhanced code (RFC 3463); empty when they tell nothing.
func byStatus(subject, detail int) string {
	switch {
	case subject == 2 && detail == 2:
		return sentenceFull
	case subject == 2 && detail == 3, subject == 3 && detail == 4:
		return sentenceTooLarge
	case subject == 1:
		return sentenceUnknown
	case subject == 2:
		return sentenceClosed
	case subject > 0:
		return sentenceRefused
	}
	return ""
}
