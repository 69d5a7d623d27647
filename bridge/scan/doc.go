// Package scan asks ClamAV's clamd whether a message is infected (O168), over its socket and with its
// INSTREAM command, while the message arrives.
//
// It promises that a message is called clean only when clamd said so about all of its octets: a scanner
// that is away, slow, cut off or says anything else is an error. It gives no temporary file and no path to
// clamd, and keeps nothing. [New] is where to start.
package scan
