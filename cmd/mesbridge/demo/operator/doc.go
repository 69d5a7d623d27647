// Package operator plays the other end of the mail in the demonstration: a professional operator that
// takes mail for its domains over mutual TLS, and the ordinary mail server of the patients' private
// addresses. Each message becomes one file of a Maildir, byte for byte as it was received.
//
// It refuses mail in clear text or without a certificate of the demonstration's CA, unless it was
// asked to be plain. It is not an operator for real mail: nobody reads its boxes, nothing is limited
// but the size, and a message cut in the last chunk of BDAT would be kept as whole, which the bridge,
// sending with DATA alone, cannot cause.
//
// [New] is where to start.
package operator
