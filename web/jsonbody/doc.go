// Package jsonbody reads the JSON bodies of the API strictly: member names are compared exactly,
// unknown and repeated members are refused with their name, and every fault tells where it is
// (docs/contract.md, "HTTP").
//
// The standard decoder alone accepts "TEXT" for "text", takes the last of two members of one name, and
// does not say where a wrong type stood. [Decode] is where to start.
package jsonbody
