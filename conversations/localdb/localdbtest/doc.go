// Package localdbtest opens the local database for tests, in memory or in a directory of the test, and fails a test
// that cannot open it. [Open] is where to start.
package localdbtest
