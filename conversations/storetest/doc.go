// Package storetest holds what every [conversations.Store] must do, as a suite of tests, and a store
// that fails on demand for the tests of those who use one.
//
// [Run] is where to start for an implementation, [Faulty] for a user. The suite promises that a store
// which passes keeps the comments of the interface: it looks only through the interface, and so it
// cannot see what a store keeps beside it.
package storetest
