package page

import "mesbridge/conversations"

// Attached is a message that came attached to another one.
type Attached struct {
	conversations.Attached
	Thread conversations.ID
}

func (p Attached) title() string  { return "Message joint " + p.Name }
func (Attached) template() string { return "attached" }

// FileNames lists the attachments of the attached message.
func (p Attached) FileNames() []string {
	names := make([]string, len(p.View.Attachments))
	for i, a := range p.View.Attachments {
		names[i] = a.Name
	}
	return names
}
