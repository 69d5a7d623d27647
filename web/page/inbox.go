package page

import "mesbridge/conversations"

// Home is the landing page.
type Home struct {
	Notice Notice // what ended the visitor's session; empty otherwise
}

func (Home) title() string    { return "Accueil" }
func (Home) template() string { return "home" }

// Inbox is the list of a patient's conversations, newest first.
type Inbox struct {
	Items   []conversations.ThreadLine
	Next    string // cursor of the following page; empty on the last
	Further bool   // not the first page
	Notice  Notice
	Room    Room
}

func (p Inbox) title() string {
	if p.Further {
		return "Mes messages, suite"
	}
	return "Mes messages"
}
func (Inbox) template() string { return "inbox" }
