// Package redistest starts real Redis servers for tests: durable at each command, on a unix socket, as a
// cluster of one node, or as one of masters with their replicas, in a directory that the test removes. It
// fails a test that cannot start one; only what asks for another program is skipped without it. [Start] and
// [StartNodes] are where to start.
package redistest
