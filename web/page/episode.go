package page

import (
	"strconv"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Board is a list of an establishment's episodes.
type Board struct {
	FINESS  string
	Box     string // key of the mailbox by which the professional is of the establishment
	State   string // which ones are listed, as the query says it
	Items   []EpisodeRow
	Next    string
	Further bool
}

// EpisodeRow is one episode of a board.
type EpisodeRow struct {
	conversations.EpisodeLine
	Now time.Time
}

// Choices are the lists of the board by their query values.
func (Board) Choices() []BoardChoice {
	return []BoardChoice{{"open", "En cours"}, {"closing", "Clôture annoncée"}, {"waiting", "À traiter avant clôture"}, {"closed", "Closes"}}
}

// BoardChoice is one list of a board.
type BoardChoice struct{ Value, Words string }

// Words names the state of an episode.
func (r EpisodeRow) Words() string {
	switch {
	case r.State == rules.EpisodeOpen:
		return "En cours"
	case r.Waiting():
		return "À traiter avant clôture"
	case r.Closing(r.Now):
		return "Clôture annoncée"
	}
	return "Close"
}

// Open reports whether the visit goes on.
func (r EpisodeRow) Open() bool { return r.State == rules.EpisodeOpen }

// Talks tells how many of its conversations are open, and in how many the patient wrote last.
func (r EpisodeRow) Talks() string {
	open, asked := 0, 0
	for _, t := range r.Threads {
		if t.State == string(rules.ThreadOpen) {
			open++
		}
		if t.Asked {
			asked++
		}
	}
	words := several(open, "conversation ouverte", "conversations ouvertes")
	if open == 0 {
		words = "Aucune conversation ouverte"
	}
	if asked > 0 {
		words += ", " + several(asked, "attend une réponse", "attendent une réponse")
	}
	return words
}

// several counts in words.
func several(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// Pending reports whether an announced end is still to come.
func (r EpisodeRow) Pending() bool { return r.Closing(r.Now) }

// Episode is the page of one episode, with what a close would end (preview), and its forms.
type Episode struct {
	EpisodeRow
	Box       string // key of the mailbox, to go back
	Operation string // makes a form sent twice count once
	Notice    Notice
	Fault     string // of the close form; empty: none
	Grace     string
	Message   string
	Contact   string
}

// Done is the sentence of the notice. A close with a delay is only announced yet.
func (p Episode) Done() string {
	if p.Notice == NoticeClosed && p.Pending() {
		return "Clôture annoncée aux patients."
	}
	return p.Notice.Words()
}

func (p Episode) title() string  { return "Venue " + p.Visit.Number + " (" + p.Words() + ")" }
func (Episode) template() string { return "episode" }

// Subject is the subject of a conversation, or words for none, or for one that the visitor may not read.
func (Episode) Subject(t conversations.EpisodeThread) string {
	if len(t.With) == 0 {
		return "Conversation d’une autre boîte de l’établissement"
	}
	return shownSubject(t.Subject)
}

// Fate tells what a close by hand would do to a conversation, or what an announced one will.
func (Episode) Fate(t conversations.EpisodeThread) string {
	switch {
	case t.Waiting:
		return "À traiter avant clôture" + nbsp + ": le patient attend une réponse."
	case !t.Ends:
		return "Une clôture n’y change rien."
	case t.Asked:
		return "Une clôture immédiate la termine, bien que le dernier message soit du patient."
	}
	return "Une clôture la termine."
}

// Closable reports whether a close would change something.
func (p Episode) Closable() bool {
	if p.State == rules.EpisodeOpen {
		return true
	}
	for _, t := range p.Threads {
		if t.Ends {
			return true
		}
	}
	return false
}

// ClosingNotice is the message that tells a patient of an announced end: the first refused instant, and whom
// to contact next (D24). With no instant he cannot reply already, and none is told.
func ClosingNotice(zone *time.Location) func(from string, until time.Time, contact string) string {
	return func(from string, until time.Time, contact string) string {
		text := "Votre prise en charge par " + from + " se termine."
		if !until.IsZero() {
			text += " Vous pouvez répondre dans cette conversation jusqu’au " + lastInstant(until.In(zone)) + "."
		}
		if contact == "" {
			contact = "téléphone du cabinet ou du service"
		}
		return text + "\n\n" + nextContact(contact)
	}
}

// lastInstant tells the first refused instant in plain text, as [calendar.until] does.
func lastInstant(l time.Time) string {
	if isMidnight(l) {
		return day(l.AddDate(0, 0, -1)) + " inclus"
	}
	return day(l) + " à " + clock(l) + " (heure de Paris)"
}

// nextContact tells the patient whom to contact after an end.
func nextContact(contact string) string {
	return "Ensuite, pour joindre ce professionnel" + nbsp + ": " + contact + "."
}
