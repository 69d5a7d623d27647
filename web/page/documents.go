package page

import (
	"slices"
	"strings"

	"mesbridge/conversations"
	"mesbridge/web/filetype"
)

// Card is a health document as the page shows it (OP14).
type Card struct {
	conversations.DocumentLine
	// Files are what the patient can open of it: its PDF as it is attached to the message, else as the
	// document embeds it.
	Files []conversations.AttachmentLine
}

// Cards are the health documents of the message, each once, in the order of its attachments.
func (v MessageView) Cards() []Card {
	var cards []Card
	for _, a := range v.Message.Attachments {
		for _, d := range a.Documents {
			c := Card{DocumentLine: d}
			for _, e := range d.Embedded {
				c.Files = append(c.Files, v.attached(e))
			}
			cards = append(cards, c)
		}
	}
	return cards
}

// attached returns the attachment with the same content as an embedded file, which is its copy for readers
// (R101), and the embedded file itself when there is none.
func (v MessageView) attached(e conversations.AttachmentLine) conversations.AttachmentLine {
	same := func(a conversations.AttachmentLine) bool { return a.SHA256 == e.SHA256 && a.Bytes == e.Bytes }
	if i := slices.IndexFunc(v.Message.Attachments, same); i >= 0 {
		return v.Message.Attachments[i]
	}
	return e
}

// Files are the attachments that no card offers and that are made for people.
func (v MessageView) Files() []conversations.AttachmentLine {
	cards := v.Cards()
	offered := func(a conversations.AttachmentLine) bool {
		return slices.ContainsFunc(cards, func(c Card) bool {
			return slices.ContainsFunc(c.Files, func(f conversations.AttachmentLine) bool { return f.ID == a.ID })
		})
	}
	return slices.DeleteFunc(slices.Clone(v.Message.Attachments), func(a conversations.AttachmentLine) bool {
		return technical(a) || offered(a)
	})
}

// Technical are the attachments that are made for software: the originals of the documents, whole (OP14).
func (v MessageView) Technical() []conversations.AttachmentLine {
	return slices.DeleteFunc(slices.Clone(v.Message.Attachments), func(a conversations.AttachmentLine) bool { return !technical(a) })
}

// FileLink is a file to download, in its conversation.
type FileLink struct {
	conversations.AttachmentLine
	Thread conversations.ID
	CSRF   string
	Hint   string // id of the element that says what saving means; empty: none
	Before string // place in the conversation that the page shows; empty: its end
}

// See reports whether a page of ours shows the file.
func (l FileLink) See() bool { return filetype.Shown(l.Type, l.Name) != "" }

// Link prepares a file for its template.
func (v MessageView) Link(a conversations.AttachmentLine) FileLink {
	return FileLink{AttachmentLine: a, Thread: v.Thread, CSRF: v.CSRF, Hint: "g-" + v.Anchor, Before: v.Before}
}

// Savable reports whether a file of the message can be saved among the patient's documents.
func (v MessageView) Savable() bool {
	return slices.ContainsFunc(v.Message.Attachments, func(a conversations.AttachmentLine) bool {
		return unsaved(a) || slices.ContainsFunc(a.Documents, func(d conversations.DocumentLine) bool {
			return slices.ContainsFunc(d.Embedded, unsaved)
		})
	})
}

// unsaved reports whether a file can be saved and is not yet.
func unsaved(a conversations.AttachmentLine) bool { return a.Savable && !a.Saved }

// technical reports whether an attachment holds health documents, or is an archive that bears the name of one
// and could not be read.
func technical(a conversations.AttachmentLine) bool {
	return len(a.Documents) > 0 || strings.EqualFold(a.Name, "IHE_XDM.zip")
}

// ShownTitle is the title, or the kind of document when it has none.
func (c Card) ShownTitle() string {
	switch {
	case c.Title != "":
		return c.Title
	case c.Kind != "":
		return c.Kind
	}
	return "Document sans titre"
}

// ShownKind is the kind of document in words, empty when the title says the same.
func (c Card) ShownKind() string {
	if c.Kind == c.ShownTitle() {
		return ""
	}
	return c.Kind
}

// By is who wrote the document, and for whom.
func (c Card) By() string {
	switch {
	case c.Author == "":
		return c.Organisation
	case c.Organisation == "", c.Author == c.Organisation:
		return c.Author
	}
	return c.Author + ", " + c.Organisation
}

// Trouble is what is wrong with the document, empty for nothing.
func (c Card) Trouble() string {
	switch c.Integrity {
	case conversations.IntegrityAltered:
		return "Ce document n’est pas arrivé tel que son expéditeur l’annonce. Demandez-lui de le renvoyer."
	case conversations.IntegrityMissing:
		return "Ce document est annoncé, mais il ne peut pas être lu. Demandez à son expéditeur de le renvoyer."
	case conversations.IntegrityUnverified, conversations.IntegrityVerified:
	}
	return ""
}
