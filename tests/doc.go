// Package tests holds the tests of the whole: the built program with real clients and a real
// redis-server (story, crash), and the repository itself (which package may import which, whether every
// rule that is cited exists).
package tests
