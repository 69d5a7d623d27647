// Package bodies keeps the raw bytes of messages in the local data directory, sealed with the
// patient's data key: small ones in the local database, larger ones in one file each.
//
// It promises that a body whose Commit returned is on disk, whole; that a body that was not committed
// cannot be read; and that a byte that changed on disk gives [ErrAltered], never other text. No body
// larger than 64 kB is in memory whole.
//
// A body is committed before the message that it belongs to. [Store.Collect] removes those whose
// message never was.
package bodies
