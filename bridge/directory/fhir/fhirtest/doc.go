// Package fhirtest plays the FHIR API of the Annuaire Santé for tests: its searches, its page tokens, its key, and what
// it does not serve (O129-O137, I89-I98).
package fhirtest
