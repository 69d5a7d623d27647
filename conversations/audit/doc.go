// Package audit hands traces out: to the authority, to an auditor, to whoever must answer what became of
// a message (O156, O158).
//
// It promises that nothing of a message's content is in what it writes (O155), that a cell cannot become
// a formula in a spreadsheet, and that the manifest which [Export] returns tells hashes, counts and the
// places of the traces in the sealed chains. What stands in clear in the journal, opaque ids, codes and
// times, is always there; who acted, and the Message-ID, only where the patient's key can be read.
package audit
