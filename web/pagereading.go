package web

import (
	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/filetype"
	"mesbridge/web/page"
)

// readingPage shows one attachment on a page of its own: a message, or a document that browsers show. It opens nothing
// itself, so that looking at a document once is one line in the patient's history.
func readingPage(a *App, v visit) (view, error) {
	line, err := a.deps.Conversations.AttachmentLine(v.ctx, v.patient, v.piece)
	switch {
	case err != nil:
		return view{}, err
	case line.Type == page.MessageType:
		return attachedPage(a, v)
	}
	if !v.may(rules.MayManage) {
		line.Savable = false
	}
	return show(page.Reading{AttachmentLine: line, Thread: v.id, CSRF: v.csrf, Kind: filetype.Shown(line.Type, line.Name)})
}

// attachedPage shows an attached message.
func attachedPage(a *App, v visit) (view, error) {
	m, err := a.deps.Conversations.Attached(v.ctx, v.who.actor(), v.patient, v.piece)
	if err != nil {
		return view{}, err
	}
	return show(page.Attached{Attached: m, Thread: v.id})
}

// readingFile sends the document of such a page.
func readingFile(a *App, v visit) (view, error) {
	return inBrowser(a.deps.Conversations.Attachment(detached(v.ctx), v.who.actor(), v.patient, v.piece))
}

// documentReadingPage shows a saved document in the same way.
func documentReadingPage(a *App, v visit) (view, error) {
	d, err := a.deps.Conversations.DocumentLine(v.ctx, v.patient, v.id)
	if err != nil {
		return view{}, err
	}
	return show(page.Reading{AttachmentLine: d.AttachmentLine, CSRF: v.csrf, Kind: filetype.Shown(d.Type, d.Name)})
}

// documentReadingFile sends the document of such a page.
func documentReadingFile(a *App, v visit) (view, error) {
	return inBrowser(a.deps.Conversations.Document(detached(v.ctx), v.who.actor(), v.patient, v.id))
}

// inBrowser shows a document that was opened, when it is of a kind that browsers show.
func inBrowser(d conversations.Download, err error) (view, error) {
	if err != nil {
		return view{}, err
	}
	if filetype.Shown(d.Type, d.Name) == "" {
		return view{}, notFound()
	}
	return view{download: &d, inline: true}, nil
}
