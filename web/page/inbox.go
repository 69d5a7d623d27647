package page

import (
	"fmt"
	"net/url"
	"strings"

	"mesbridge/conversations"
)

// Home is the landing page.
type Home struct {
	Notice Notice // what ended the visitor's session; empty otherwise
	Return string // path on this host that was asked for without a session; empty: none
}

// Way is the path of a login that goes on to the page that was asked for.
func (p Home) Way(login string) string { return Way(login, p.Return) }

// Way is the path of a login that goes on to a path on this host; an empty one is where the login leads by itself.
func Way(login, path string) string {
	if path == "" {
		return login
	}
	separator := "?"
	if strings.Contains(login, separator) {
		separator = "&"
	}
	return login + separator + url.Values{"return": {path}}.Encode()
}

func (Home) title() string    { return "Accueil" }
func (Home) template() string { return "home" }

// Inbox is the list of a patient's conversations, newest first.
type Inbox struct {
	Items   []conversations.ThreadLine
	Mark    string // of what the list shows
	Next    string // cursor of the following page; empty on the last
	Further bool   // not the first page
	Notice  Notice
	Room    Room
	Empty   Empty // of a list without a message
	Closure conversations.Closure
	Also    []AlsoFor // for whom else the viewer acts
}

// Empty is what somebody without a message can expect.
type Empty struct {
	Told bool // an e-mail tells him of a message
	Asks bool // he may choose whether it does
}

// AlsoFor is a person for whom the viewer acts.
type AlsoFor struct {
	Name, Key string
	Unread    int  // conversations
	More      bool // there may be more of them than were counted
	Counted   bool
}

// Words tells in words what is unread, empty when it was not counted.
func (a AlsoFor) Words() string {
	switch {
	case !a.Counted:
		return ""
	case a.Unread == 0 && a.More:
		return "aucune conversation récente non lue"
	case a.Unread == 0:
		return "aucune conversation non lue"
	case a.Unread == 1:
		return "1 conversation non lue"
	}
	return fmt.Sprintf("%d conversations non lues", a.Unread)
}

func (p Inbox) title() string {
	if p.Further {
		return "Mes messages, suite"
	}
	return "Mes messages"
}
func (Inbox) template() string { return "inbox" }

// Unread tells in words how many conversations of the page are not read.
func (p Inbox) Unread() string {
	n := 0
	for _, i := range p.Items {
		if i.Unread {
			n++
		}
	}
	switch n {
	case 0:
		return "Liste à jour. Aucune conversation non lue."
	case 1:
		return "Liste à jour. 1 conversation non lue."
	}
	return fmt.Sprintf("Liste à jour. %d conversations non lues.", n)
}
