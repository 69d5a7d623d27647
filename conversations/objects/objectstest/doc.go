// Package objectstest starts a real S3 server for tests, versitygw on a directory that the test removes. It
// fails a test that cannot start one; it never skips. [Start] is where to start.
package objectstest
