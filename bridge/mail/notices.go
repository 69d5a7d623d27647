package mail

import (
	"fmt"
	"slices"
)

// MaxNotices is the most notices that a view carries, whatever the message.
const MaxNotices = 20

// Notices, shown to the reader above the message (D11: plain French, nothing technical).
const (
	noticeHeader    = "L’en-tête de ce message comporte des lignes illisibles ; elles ont été laissées de côté."
	noticeBoundary  = "Une partie de ce message est mal délimitée : elle est affichée telle qu’elle est arrivée et proposée en pièce jointe."
	noticeEncoding  = "Une partie de ce message utilise un codage inconnu : elle est affichée telle qu’elle est arrivée et proposée en pièce jointe."
	noticeDamaged   = "Une partie du texte est arrivée abîmée : ce qui a pu être lu est affiché et proposé en pièce jointe."
	noticeCharset   = "Certains caractères de ce message peuvent être mal affichés : leur codage est inconnu ou erroné."
	noticeLong      = "Le texte de ce message est trop long pour être affiché en entier : il est proposé en pièce jointe."
	noticeImages    = "Les images insérées dans le texte ne sont pas affichées."
	noticeHTML      = "La mise en forme de ce message n’a pas pu être lue : seul le texte est affiché."
	noticeLimit     = "Ce message comporte un trop grand nombre de parties : la suite est proposée en pièce jointe."
	noticeEncrypted = "Ce message contient une partie chiffrée, qui ne peut pas être lue ici ; elle est proposée en pièce jointe."
	noticeMore      = "D’autres parties de ce message sont arrivées abîmées."
)

func noticeDamagedFile(name string) string {
	return fmt.Sprintf("La pièce jointe « %s » est arrivée abîmée : elle contient ce qui a pu être lu.", name)
}

func noticeUnknownFile(name string) string {
	return fmt.Sprintf("La pièce jointe « %s » utilise un codage inconnu : elle est proposée telle qu’elle est arrivée.", name)
}

func noticeUnreadable(name string) string {
	return fmt.Sprintf("Les documents de la pièce jointe « %s » n’ont pas tous pu être lus : elle est proposée telle qu’elle est arrivée.", name)
}

func noticeSkipped(name string) string {
	return fmt.Sprintf("Certains fichiers de la pièce jointe « %s » n’ont pas été ouverts : ils sont chiffrés ou leur nom n’est pas sûr.", name)
}

func noticeMissing(name string) string {
	return fmt.Sprintf("Un document annoncé dans la pièce jointe « %s » n’y est pas ou ne peut pas être lu.", name)
}

func noticeAltered(title string) string {
	if title == "" {
		title = "sans titre"
	}
	return fmt.Sprintf("Le document « %s » n’est pas arrivé tel que son expéditeur l’annonce : il a pu être abîmé. Demandez-lui de le renvoyer.", title)
}

// notices gathers each notice once, in order, up to MaxNotices.
type notices []string

func (n *notices) add(s string) {
	if slices.Contains(*n, s) || len(*n) == MaxNotices {
		return
	}
	if len(*n) == MaxNotices-1 {
		s = noticeMore
	}
	*n = append(*n, s)
}
