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
	Thread conversations.ID
	CSRF   string
	Kind   string // media type under which the browser shows it; empty: it can only be saved
}

func (p Reading) title() string  { return "Document " + p.Name }
func (Reading) template() string { return "reading" }

// Paper reports whether the browser's own reader of documents shows it.
func (p Reading) Paper() bool { return p.Kind == filetype.PDF }

// Link is the document as a file to save.
func (p Reading) Link() FileLink {
	return FileLink{AttachmentLine: p.AttachmentLine, Thread: p.Thread, CSRF: p.CSRF}
}
