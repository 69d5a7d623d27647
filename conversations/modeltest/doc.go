// Package modeltest holds the tests that compare the whole of package conversations, on a real Redis and real
// local stores, with a model of it.
//
// The model (model_*_test.go) is written from the decisions D4, D6-D8, D12-D16, D24, D29 and D34, not from package
// rules, whose functions it never calls: it keeps what happened to each patient as a list, and finds every answer
// by looking through that list, with nothing kept in between. A test draws commands at random, gives each to the
// model and to the service, and compares the answers and what everybody sees (TestModel). A step is two numbers,
// so that a run is replayed, and made shorter, as text.
//
// The second test lets many clients give commands about one patient at once, through several services, and asks
// whether one order of the commands explains all the answers (TestLinearizable).
package modeltest
