// Package xdmtest makes synthetic health documents for tests: CDA R2 documents, METADATA.XML and IHE XDM
// archives of fictitious people. It is imported by tests alone.
package xdmtest
