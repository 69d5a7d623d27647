package page

import (
	"strconv"
	"strings"
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

// Lists of a board that its page arranges by itself: announced ends by their instant, and what is closed for good.
const (
	ListClosing = "closing"
	ListClosed  = string(rules.EpisodeClosed)
)

// Choices are the lists of the board by their query values.
func (Board) Choices() []BoardChoice {
	return []BoardChoice{
		{string(rules.EpisodeOpen), "En cours"}, {ListClosing, "Clôture annoncée"}, {"waiting", "À traiter avant clôture"}, {ListClosed, "Closes"},
	}
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

// Late reports whether the end was to come already, and a conversation waits for an answer (D24).
func (r EpisodeRow) Late() bool { return r.Waiting() && !r.Pending() }

// Patient is the patient's name, from a conversation that the visitor may read; empty without one.
func (r EpisodeRow) Patient() string {
	for _, t := range r.Threads {
		if len(t.With) > 0 {
			return t.With[0]
		}
	}
	return ""
}

// Episode is the page of one episode, with what a close would end (preview), and its forms.
type Episode struct {
	EpisodeRow
	Box       string // key of the mailbox, to go back
	Operation string // makes a form sent twice count once
	Notice    Notice
	Form      ClosingForm
}

// Done is the sentence of the notice. A close with a delay is only announced yet. Before the conversations in which the
// patient can be told, the sentence is left open: the template ends it.
func (p Episode) Done() string {
	switch {
	case p.Notice == NoticeClosed && p.Pending():
		return "Clôture annoncée au patient."
	case len(p.Reachable()) > 0:
		return strings.TrimSuffix(p.Notice.Words(), ".")
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
