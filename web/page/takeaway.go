package page

import (
	"mesbridge/conversations"
	"mesbridge/rules"
)

// Takeaway is the page from which a patient takes all his data away.
type Takeaway struct{ Room Room }

func (Takeaway) title() string    { return "Télécharger mes données" }
func (Takeaway) template() string { return "takeaway" }

// TakeawayNotice stands in the archive and says what its files are.
const TakeawayNotice = "Copie de vos données\r\n\r\n" +
	"messages/\u00a0: vos messages, un fichier chacun, du plus récent échange au plus ancien. Un logiciel de messagerie les ouvre.\r\n" +
	"Les adresses des professionnels y sont remplacées par leurs noms.\r\n" +
	"documents/\u00a0: les documents que vous avez enregistrés.\r\n" +
	"contacts.csv, oppositions.csv, historique.csv\u00a0: des tableaux, qu’un tableur ouvre.\r\n\r\n" +
	"Ces fichiers parlent de votre santé\u00a0: gardez-les dans un endroit sûr.\r\n"

// ObjectionWords names the kind of an objection.
func ObjectionWords(k rules.ObjectionKind) string {
	if k == rules.AgainstExchange {
		return "échange d’informations entre professionnels"
	}
	return "réception de messages"
}

// ScopeWords says in words whom an objection binds.
func ScopeWords(o conversations.Objection) string { return scopeWords(o.Scope, o.Value, o.Meaning) }
