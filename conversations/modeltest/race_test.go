//go:build race

package modeltest

// slowdown is by how much runs are shorter under the race detector; make test-redis makes them whole.
const slowdown = 8
