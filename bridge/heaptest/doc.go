// Package heaptest tells a test how much memory an act of its process holds at once. [Watch] is where to start.
package heaptest
