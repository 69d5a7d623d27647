// Package page renders the French pages: server-side templates, one small style sheet, and a script for each of the
// few pages that a script of ours makes easier.
//
// It promises that everything works without JavaScript, that no page has inline code, that what a message says stays inside its
// frame on the page, and that no address is shown, because it is given none but the mailboxes of the
// professional who looks at the page himself. It decides nothing: which page, with which status, is
// the business of package web.
//
// Start with [Renderer]; the data of each page is in the file of its name.
package page
