// Package servertest runs the server programs that tests need as children of the test: none outlives it, even when it
// is killed, and one that does not answer in time fails it. [Process] is where to start.
package servertest
