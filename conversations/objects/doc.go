// Package objects keeps small and large objects in one bucket of an S3-compatible server.
//
// It promises that an object whose [Bucket.Put] returned is held by the server, whole: its SHA-256 travels
// with it and the server compares. An object is never replaced by another one: Put is conditional
// (If-None-Match), and [Open] refuses a server that does not know the condition. [Bucket.Remove] takes every
// version away, so that a bucket with versions forgets too. Each call ends within the time limit that [Open]
// was given, its repeats included; a call that failed may or may not have been carried out.
//
// Keys of objects hold opaque ids only, for they stand in the server's logs. Content is sealed by whoever
// puts it here. minio-go makes the calls and repeats those that may be repeated.
package objects
