// Package clientfile keeps the OAuth clients of an installation in one file that the command line
// edits and a running bridge reads.
//
// The file holds no secret: of a client's secret only the SHA-256 stands in it, and of its keys the
// public halves. It is JSON, replaced whole, readable by its owner alone. A change counts at the next
// use of any token, because [Register] looks at the file each time it is asked: a client that was
// removed stops at once. A file that cannot be read stops every client of it (D17): not knowing is not
// yes.
//
// [Register] reads, [File] edits; both check everything that oauth asks of a client.
package clientfile
