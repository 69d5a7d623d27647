// Package fetch gets signed documents over HTTP: the white list, revocation lists, answers about one
// certificate.
//
// It promises that what comes is bounded in size and time, that no other host than the one asked for
// answers, and that https is believed by roots of our own choice alone, never by the system's (O11).
// Whether a document is good is for its signature to say, not for the connection that brought it.
//
// [Client] asks, [Repeat] asks again and again, [Keep] puts what came on disk.
package fetch
