// Package trust tells who belongs to the trust space: the signed white list of domains (O10-O46), the
// distinguished names that it binds to them (O28-O33), and the TLS identities on both sides of a
// connection (O47-O63).
//
// It promises that a list serves only after every step of O39 passed, that a list in service stays
// when its successor is refused (O15), and that a certificate is judged anew on every connection,
// resumed or not (O63). Chains are files that an administrator provides and are never fetched (O49);
// lists and what was withdrawn come from files or, by the packages below this one, from the network.
//
// [Verify] reads a list, [Store] holds the one in service, [Identity] is our own certificate and what
// we check of a peer's, [Renewal] replaces it, [Sign] makes a list for tests and for the demonstration.
package trust
