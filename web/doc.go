// Package web is the HTTP border: the French pages of patients and professionals, the REST API under
// /api/v1, and the mount of the OAuth handlers, on gofiber.
//
// It promises that every path under /api/ asks for a token before it says anything else, that every
// request body has a limit and is never read beyond it, that an error for outsiders is a code of the
// frozen list and holds nothing personal, and that neither a URL, a log line nor a metric holds an
// INS, a name, a subject or an address. It decides nothing about messages: package conversations does,
// and this package tells its verdicts.
//
// [New] is where to start; routes.go and pages.go list what is served. Handlers see no gofiber type:
// an API call is a [request] that gives an [answer], a page a [visit] that gives a [view].
package web
