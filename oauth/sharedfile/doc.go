// Package sharedfile keeps what commands edit and running bridges read in one file, without a message between them.
//
// It promises that edits of several processes happen one after the other ([Edit]), that a file appears whole or not at
// all, for its owner alone ([Replace]), and that a reader sees by a look that costs a few microseconds whether it was
// replaced or changed ([Same]).
package sharedfile
