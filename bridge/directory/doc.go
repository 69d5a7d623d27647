// Package directory is the local table of professional mailboxes: who stands behind an address that
// writes to a patient, and whom a professional may look for (I208). It is read from the flat extraction of the
// Annuaire Santé (O138, I122-I125), or from what package fhir keeps of its API, swapped whole (O139), and answers from
// memory, so that no call leaves the mail path.
//
// It gives names, never trust: a mailbox on the red list is legitimately missing (I105, O75), and the
// domain is judged by the white list alone. An unknown address is answered with the address and
// nothing else.
//
// [Table] is where to start. [Write] makes a file of the same format, for tests and the demonstration.
package directory
