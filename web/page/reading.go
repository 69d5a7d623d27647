package page

import (
	"mesbridge/conversations"
	"mesbridge/web/filetype"
)

// MessageType is the media type of an attached message.
const MessageType = "message/rfc822"

// Reading is one document to look at.
type Reading struct {
	conversations.AttachmentLine
	Thread conversations.ID // that it came in; empty: it is one of the patient's saved documents
	CSRF   string
	Kind   string // media type under which the browser shows it; empty: it can only be saved
}

func (p Reading) title() string  { return "Document " + p.Name }
func (Reading) template() string { return "reading" }

// Paper reports whether the browser's own reader of documents shows it.
func (p Reading) Paper() bool { return p.Kind == filetype.PDF }

// File is the path under which it is downloaded; what a browser shows is under contenu there.
func (p Reading) File() string {
	if p.Thread == "" {
		return "/documents/" + string(p.ID)
	}
	return "/messages/" + string(p.Thread) + "/pieces/" + string(p.ID)
}
