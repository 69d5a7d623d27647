// Package fhir keeps a copy of the mailboxes of the Annuaire Santé, read from its FHIR API (O129-O137, I89-I105).
//
// It promises that the copy is whole at every instant: what a crawl brought comes into service in one step, a crawl
// that was cut goes on where it stopped, and whatever the server does, what was there stays. What comes is bounded in
// size, in pages and in time, and only the server that was asked is followed. Nothing here stands on the path of a
// mail: who writes is looked up in [directory.Table], which is made from the copy.
//
// [Copy] is where to start; [Client] asks the server.
package fhir
