// Package psc reads what Pro Santé Connect tells about a professional in its ID token and userinfo (I30–I46): who it
// is, and in which exercise situations that person works.
//
// It promises to understand every shape that the samples of ANS show: lists that are one object, numbers that are
// text, empty strings for what is absent, names that differ in case. What it cannot read it leaves out; only a
// missing or unusable national identifier is an error. It decides no right: a login proves an identity and nothing
// else (I47).
//
// Start with [Read] in person.go.
package psc
