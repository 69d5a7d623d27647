package page

import (
	"net/url"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Choice is one mailbox that the professional may choose. Address is his own; Key stands for it in
// URLs, which hold no address.
type Choice struct {
	Key     string
	Address string
	Chosen  bool
}

// Desk is a professional's list of exchanges.
type Desk struct {
	Mailboxes []Choice
	Chosen    Choice
	Absence   conversations.Absence // of the mailbox, as far as the professional may declare one
	State     string                // the list shown, empty for all
	Items     []conversations.ExchangeLine
	Next      string
	Further   bool
	Notice    Notice
	Ended     conversations.ExchangeLine // that the notice tells of; without ID: it names none
	AsOf      time.Time
	Tally     conversations.Tally
	Planned   []conversations.ExchangeLine // whose end is to come, of all lists (D7)
	AllChosen bool                         // every exchange that can be ended is ticked
	Shared    bool                         // several may act for the mailbox
	Search    *Search                      // nil: nobody was looked for
}

// StateChoice is a list that one may choose, with how many exchanges stand in it.
type StateChoice struct {
	Value, Words string
	List         rules.Lists
	Care         conversations.CareFilter // of a shared mailbox only; nobody counts these
	Count        int
}

// deskLists are the lists that one may choose (D4, D22).
func deskLists() []StateChoice {
	return []StateChoice{
		{Words: "Tous"},
		{Value: "open", Words: "Ouverts", List: rules.ListOpen},
		{Value: "waiting", Words: "En attente de votre réponse", List: rules.ListWaiting},
		{Value: "nobody", Words: "Sans personne", List: rules.ListWaiting, Care: conversations.NoCare},
		{Value: "mine", Words: "Suivis par moi", Care: conversations.MyCare},
		{Value: "unread", Words: "Non lus par le patient", List: rules.ListUnread},
		{Value: "undelivered", Words: "Réponses non arrivées", List: rules.ListUndelivered},
		{Value: "ended", Words: "Terminés", List: rules.ListEnded},
		{Value: "unreachable", Words: "Injoignables", List: rules.ListUnreachable},
	}
}

// ListNamed returns the list of a name in URLs; ok is false for what is none.
func ListNamed(name string) (list StateChoice, ok bool) {
	for _, s := range deskLists() {
		if s.Value == name {
			return s, true
		}
	}
	return StateChoice{}, false
}

// OldestFirst reports whether a list begins with its oldest: who waits longest is to be answered first.
func OldestFirst(list rules.Lists) bool { return list == rules.ListWaiting }

// OldestFirst reports whether the list shown begins with its oldest.
func (p Desk) OldestFirst() bool {
	list, _ := ListNamed(p.State)
	return OldestFirst(list.List)
}

// WaitingFirst reports whether the page shown begins with who waits longest, among all that the list holds.
func (p Desk) WaitingFirst() bool {
	list, _ := ListNamed(p.State)
	return OldestFirst(list.List) || list.Care == conversations.MyCare && !p.Further && p.Next == ""
}

// Place is the list of a mailbox that a page was reached from, for the way back. All stand in URLs.
type Place struct {
	Mailbox string // its key; empty: the first of the visitor's
	List    string // name of a list (ListNamed); empty: all
	Sealed  string // of a search, in the place of a list (Search); empty: none
}

// Ledger is the URL of the list.
func (p Place) Ledger() string { return p.After("") }

// After is the URL of the list that tells what was just done; empty: nothing.
func (p Place) After(done Notice) string {
	query := url.Values{}
	if p.Mailbox != "" {
		query.Set("bal", p.Mailbox)
	}
	if p.List != "" {
		query.Set("etat", p.List)
	}
	if p.Sealed != "" {
		query.Set("recherche", p.Sealed)
	}
	if done != "" {
		query.Set("fait", string(done))
	}
	if len(query) == 0 {
		return "/pro"
	}
	return "/pro?" + query.Encode()
}

// States are the lists that one may choose, with their counts.
func (p Desk) States() []StateChoice {
	states := deskLists()
	if !p.Shared {
		states = slices.DeleteFunc(states, func(s StateChoice) bool { return s.Care != conversations.AnyCare })
	}
	for i := range states {
		states[i].Count = p.Tally.Lists[states[i].List]
		if states[i].List == 0 {
			states[i].Count = p.Tally.All
		}
	}
	return states
}

// Endable reports whether an end can be given to an exchange: it is open, and none is planned.
func (Desk) Endable(e conversations.ExchangeLine) bool { return endable(e) }

func endable(e conversations.ExchangeLine) bool {
	return !e.Unreadable && e.State == rules.ThreadOpen && e.Planned.At.IsZero()
}

// Selectable reports whether several exchanges of the page can be ended together.
func (p Desk) Selectable() bool {
	first := slices.IndexFunc(p.Items, endable)
	return first >= 0 && slices.ContainsFunc(p.Items[first+1:], endable)
}

// Answered is the search whose answer stands in the place of the lists; nil: they are shown, also under a question that
// could not be asked.
func (p Desk) Answered() *Search {
	if p.Search == nil || p.Search.Fault != "" {
		return nil
	}
	return p.Search
}

func (p Desk) title() string {
	if p.Search != nil {
		return p.Search.title()
	}
	if p.Further {
		return "Échanges de la boîte, suite"
	}
	return "Échanges de la boîte"
}
func (Desk) template() string { return "desk" }

// End is the confirmation page of the end of an exchange, with what falls silent (D6).
type End struct {
	Exchange conversations.ExchangeLine
	Silenced []conversations.ThreadLine
	Place
	Now time.Time
}

func (p End) title() string  { return "Mettre fin aux échanges avec " + p.Exchange.Patient.Name }
func (End) template() string { return "end" }

// Subject is the subject of a conversation, or words for none.
func (End) Subject(l conversations.ThreadLine) string { return shownSubject(l.Subject) }

// Facility is the page of an establishment: its entry points, and for who is logged in the
// conversations of a mailbox.
type Facility struct {
	Calls     []Call
	Mailboxes []Choice
	Chosen    Choice
	Items     []conversations.ThreadLine
	Next      string
	Further   bool
	Episodes  *Board // episodes of the mailbox's establishment; nil: it has none
}

// Call is one entry point of the API that an application of an establishment may use.
type Call struct{ Method, Path, Scope, Meaning string }

func (p Facility) title() string {
	if p.Further {
		return "Établissement, suite"
	}
	return "Établissement"
}
func (Facility) template() string { return "facility" }

// Subject is the subject of a conversation, or words for none.
func (Facility) Subject(l conversations.ThreadLine) string { return shownSubject(l.Subject) }
