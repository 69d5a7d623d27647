// Package mail reads and writes the bytes of Internet messages: RFC 5322 headers and the MIME of
// RFC 2045 to 2047, 2183 and 2231. It is the only place of the bridge that knows them.
//
// It promises three things. What arrives is never lost: broken MIME is shown as far as it can be
// read, told in plain French, and the rest is offered as an attachment (D11). What is counted is what
// is shown: [Intake], which looks at a message while it passes during SMTP DATA, and [Codec.View],
// which reads it for display, stand on one walk and one set of decisions, so their attachments always
// agree. And memory is bounded: neither holds a message; only header blocks and the text that is
// shown are kept.
//
// The walk is our own, iterative and linear in the size of the message, because go-message reads
// nested multiparts in quadratic time; go-message decodes charsets and composes, and is never given
// more than one level of multipart.
//
// It refuses only what could be read differently by two programs or is too much to read: bare line
// ends, an author that is missing or not alone, and what exceeds [Limits].
//
// Start with [NewIntake] for mail coming in and [NewCodec] for the rest.
package mail
