//go:build !race

package modeltest

// slowdown is by how much runs are shorter.
const slowdown = 1
