// Package revocation tells whether a certificate was withdrawn (O50-O52): by revocation lists in files
// that somebody else keeps fresh, by lists that it fetches from where the certificates say, or, where no
// list tells, by asking the responder of the authority (OCSP, RFC 6960).
//
// It promises that a list or an answer counts only when the authority of the certificate signed it and
// while it is in force; that one in force stays in service when its successor cannot be had or is not
// good; and that silence is never "not withdrawn": without anything in force the answer is [ErrUnknown],
// on which mail waits.
//
// [Open] makes a [Checker]; [Checker.Run] keeps it fresh.
package revocation
