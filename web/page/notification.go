package page

import "mesbridge/conversations"

// Names of the fields of the form by which a patient says how he is told.
const (
	FieldEmail = "courriel"
	FieldTold  = "averti"
)

// Notification is the page on which a patient says where he is told that a message waits, and whether (R124).
type Notification struct {
	conversations.Notification
	Notice Notice
	Fault  string // of the address; empty: none
}

func (Notification) title() string    { return "Être averti par e-mail" }
func (Notification) template() string { return "notification" }
