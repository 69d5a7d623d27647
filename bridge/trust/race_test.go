//go:build race

package trust_test

// raceFactor is how much slower the race detector makes a test.
const raceFactor = 20
