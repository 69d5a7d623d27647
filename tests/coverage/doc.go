// Command coverage writes docs/rules/coverage.md: which rule is shown by which scenario of rules/testdata,
// and where each row of the official tables is tested. It runs at the root of the repository, and promises
// the same text for the same files; a row without a scenario is told, and fails the test beside it.
package main
