// Package bodies keeps the raw bytes of messages, sealed with the patient's data key. It has two engines:
// [Store], in the local data directory, small bodies in the local database and larger ones in one file each;
// and [Objects], in a bucket on S3, one object each.
//
// Both promise that a body whose Commit returned is durable, whole; that a body that was not committed
// cannot be read; and that a byte that changed gives [ErrAltered], never other text. No body
// larger than 64 kB is in memory whole.
//
// A body is committed before the message that it belongs to. Collect removes those whose
// message never was.
package bodies
