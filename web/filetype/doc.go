// Package filetype decides which documents a patient may attach to a reply (R113): the eight kinds
// that Mon espace santé offers, by file name, and by content as far as it is recognised.
//
// It refuses a document whose content is plainly something else than its name says. It is no virus
// scanner, and it does not prove that a document can be opened.
package filetype
