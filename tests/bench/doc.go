// Command bench measures the bridge against other mail servers in the same run, on this machine, and
// prints tables with the ratios of the goals of docs/performance.md: `make bench`, or BENCH=quick to see in
// a minute and a half that it works.
//
// Peers take turns (A B A B …), each repeat after a warm-up; figures are medians of the repeats. The peers
// are the bridge (its demonstration with 10 000 more patients and a managed redis-server), Postfix, Postfix
// with a mail filter that is asked about every message (the fair peer: without one, Postfix knows no rule),
// and the floor, a program that only makes the bytes durable. Postfix runs from a directory of its own;
// the system's is never touched. Postfix answers 250 when its queue file is synced, and then drops the
// message by its discard transport.
//
// The client runs in this process, on the same processors as the servers: only ratios within one run mean
// anything elsewhere. It pipelines, sets TCP_QUICKACK (else Postfix over TLS shows stalls of 40 ms that are
// the client's), and offers TLS resumption to every peer alike. An error of a client, or a message that was
// accepted and is not in an inbox afterwards, ends the run with a failure.
package main
