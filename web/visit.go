package web

import (
	"cmp"
	"context"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// visit is a page request whose visitor is known, and whose form carries the session's token.
type visit struct {
	ctx     context.Context
	who     Principal
	cookie  string                  // of the session
	csrf    string                  // token of the forms, of the session and the profile
	session string                  // token of the forms about the visitor in person; empty: csrf
	patient conversations.PatientID // whose mailbox the page is about
	acting  *conversations.Profile  // for whom the visitor acts; nil: himself
	chosen  string                  // profile that he chose, on pages about himself
	id      conversations.ID        // {id} of the path
	piece   conversations.ID        // {piece} of the path: an attachment or a message
	query   func(name string) string
	form    form // of a POST
	unseen  bool // nobody looks at the page: HEAD, or a browser that fetches ahead
}

// may reports whether the visitor has a right; whoever acts for himself has all (R133).
func (v visit) may(r rules.Rights) bool { return v.acting == nil || v.acting.Rights.Has(r) }

// viewer is the visitor as the pages greet him.
func (v visit) viewer() page.Viewer {
	return page.Viewer{
		Name: v.who.Name, Patient: v.who.Kind == Patient, Professional: v.who.Kind == Professional, CSRF: v.csrf,
		Officer:     v.who.Enrols,
		SessionCSRF: cmp.Or(v.session, v.csrf), Acting: actingViewer(v.acting),
		Exercise: v.who.Exercise, OtherExercise: otherExercise(v.who),
	}
}

// otherExercise is where a professional with several exercises chooses another one (I46).
func otherExercise(who Principal) string {
	if who.Exercises < 2 {
		return ""
	}
	return "/oauth/exercise?return=%2Fpro"
}

// view is what a page handler gives: a page, or where to go next, or a document.
type view struct {
	status   int // 0 is 200
	page     page.Page
	redirect string // path on this host, answered as 303
	download *conversations.Download
	archive  *archive
	inline   bool                    // the document is shown in the browser: it was looked at, and is of a kind that does no harm
	data     any                     // JSON for a script of ours
	watch    *conversations.Watching // a stream of events
	stale    bool                    // the page that asks for the stream shows an old list
	cookie   *fiber.Cookie           // set with the answer
}

// show is a page with status 200.
func show(p page.Page) (view, error) { return view{page: p}, nil }

// goTo sends the visitor on after a form, so that a reload does not send the form again.
func goTo(path string) (view, error) { return view{redirect: path}, nil }
