// Package trusttest makes a synthetic trust space for tests: a root, an issuing authority,
// certificates good and bad, revocation lists and signed white lists. Nothing in it is secret, and no
// program uses it.
package trusttest
