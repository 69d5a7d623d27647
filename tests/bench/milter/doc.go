// Command milter is a mail filter that asks for everything and lets it pass: what it costs a general mail
// server to consult rules about every message (docs/performance.md), before any rule is computed. Only
// tests/bench starts it.
package main
