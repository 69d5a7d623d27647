// Command floor is the least that durable intake of mail costs here: go-smtp with STARTTLS and client
// certificates, the bytes appended to a log whose syncs are shared, and one script in a Redis that syncs
// its append-only file always. It reads no header, knows no rule and encrypts nothing. What the bridge
// does beyond it is measured against it (docs/performance.md). Only tests/bench starts it.
package main
