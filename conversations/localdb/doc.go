// Package localdb is the one local database of a data directory: small bodies, data keys and the
// journal live in it, each in a key range of its own (keys.go).
//
// It promises that [DB.Sync] returns only when what it wrote is on disk, whole, and that a second
// process is kept out. It never retries a failed sync: what the disk then holds is unknown, so the
// database refuses every later call and closes [DB.Failed], at which the process has to end. The next
// start reads what is really there.
//
// Start with [Open]. Values are opaque here; the packages that write them seal them.
package localdb
