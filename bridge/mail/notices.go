package mail

import (
	"fmt"
	"slices"
	"strings"
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
	noticeImages    = "Les images qui se trouvent sur un autre site ne sont pas chargées, pour protéger votre vie privée."
	noticePictures  = "Certaines images n’ont pas pu être affichées dans le texte ; celles qui sont arrivées sont proposées en pièces jointes."
	noticeHTML      = "La mise en forme de ce message n’a pas pu être lue : seul le texte est affiché."
	noticeLimit     = "Ce message comporte un trop grand nombre de parties : la suite est proposée en pièce jointe."
	noticeEncrypted = "Ce message contient une partie chiffrée, qui ne peut pas être lue ici ; elle est proposée en pièce jointe."
	noticeSealed    = "Ce message contient une partie signée électroniquement, qui ne peut pas être lue ici ; elle est proposée en pièce jointe."
	noticeTNEF      = "Une pièce jointe est dans un format propre à Outlook (winmail.dat) et peut contenir d’autres documents ; elle est proposée telle qu’elle est arrivée."
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

// formatNotice is what to tell about a file that most programs cannot open; empty for all others. Such
// files are never opened here: they are offered whole (OP22; RFC 8551, RFC 3156, MS-OXTNEF).
func (l *leaf) formatNotice() string {
	name := strings.ToLower(l.name(0))
	switch l.mediaType {
	case "application/pgp-encrypted":
		return noticeEncrypted
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return l.secureNotice()
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return noticeTNEF
	case "application/octet-stream":
		switch {
		case strings.HasSuffix(name, ".p7m"):
			return l.secureNotice()
		case name == "winmail.dat":
			return noticeTNEF
		}
	}
	return ""
}

// secureNotice tells what keeps an S/MIME part from being read here (RFC 8551 section 3.2.2).
func (l *leaf) secureNotice() string {
	switch strings.ToLower(l.params.token("smime-type")) {
	case "signed-data", "certs-only", "compressed-data":
		return noticeSealed
	}
	return noticeEncrypted
}

// notices gathers each notice once, in order, up to MaxNotices. An empty one is none.
type notices []string

func (n *notices) add(s string) {
	if s == "" || slices.Contains(*n, s) || len(*n) == MaxNotices {
		return
	}
	if len(*n) == MaxNotices-1 {
		s = noticeMore
	}
	*n = append(*n, s)
}
