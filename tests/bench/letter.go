package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// Marks of the parts of a letter that vary. They have the width of what replaces them, so that the next
// letter is made in place: the client must cost less than the servers.
const (
	markSender  = "\x01\x01\x01"                                                 // number of the sender's mailbox
	markPatient = "\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02" // matricule
	markNumber  = "\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03"                     // of the letter
	markBefore  = "\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04"                     // number of an earlier letter of its conversation
)

// arrivalMark stands before a letter's number in its text, so that whoever receives it can be told which
// one it is.
const arrivalMark = "arrivee-"

// senders is how many mailboxes write.
const senders = 200

// post says between whom letters go.
type post struct {
	from, to string // addresses, with marks
}

// toPatients goes from the professionals of a domain to patients.
func toPatients(domain, citizens string) post {
	return post{"medecin-" + markSender + "@" + domain, markPatient + "@" + citizens}
}

// letter is a message with its envelope, ready to be sent.
type letter struct {
	envelope []byte // MAIL, RCPT and DATA
	content  []byte // with the final dot
	places   []place
}

// place is where a varying part stands.
type place struct {
	at   []byte // in envelope or content
	mark byte
}

// newLetter makes a letter of size octets, as an answer to earlier ones when before is not 0. A larger
// one has a text and a document, a smaller one is plain text.
func newLetter(p post, size, before int) *letter {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Dr Mesure <%s>\r\nTo: <%s>\r\nSubject: Mesure %s\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\n", p.from, p.to, markNumber)
	fmt.Fprintf(&b, "Message-ID: <%s@mesure.mssante.fr>\r\n", markNumber)
	if before > 0 {
		b.WriteString("References:" + strings.Repeat(" <"+markBefore+"@mesure.mssante.fr>", before) + "\r\n")
	}
	b.WriteString("MIME-Version: 1.0\r\n")
	text := "Content-Type: text/plain; charset=utf-8\r\n\r\n" + arrivalMark + markNumber + "\r\n"
	if size <= 16<<10 {
		b.WriteString(text)
		fill(&b, size, "Bonjour, ceci est une ligne de texte comme un médecin en écrit.")
	} else {
		const edge = "=_mesure"
		b.WriteString("Content-Type: multipart/mixed; boundary=\"" + edge + "\"\r\n\r\n--" + edge + "\r\n" + text + "--" + edge + "\r\n")
		b.WriteString("Content-Type: application/pdf; name=\"mesure.pdf\"\r\nContent-Disposition: attachment; filename=\"mesure.pdf\"\r\n")
		b.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
		end := "--" + edge + "--\r\n"
		fill(&b, size-len(end), base64.StdEncoding.EncodeToString([]byte("%PDF-1.4 fifty-seven octets of a document, more or less....")[:57]))
		b.WriteString(end)
	}
	l := &letter{content: append(b.Bytes(), ".\r\n"...)}
	l.envelope = fmt.Appendf(nil, "MAIL FROM:<%s> SIZE=%d\r\nRCPT TO:<%s>\r\nDATA\r\n", p.from, b.Len(), p.to)
	l.find()
	return l
}

// fill appends lines until b has size octets, or a few more when the last line would be cut too short.
func fill(b *bytes.Buffer, size int, line string) {
	for size-b.Len() > 2*len(line) {
		b.WriteString(line + "\r\n")
	}
	if rest := size - b.Len() - len(line) - 4; rest >= 0 {
		b.WriteString(line + "\r\n" + strings.Repeat("A", rest) + "\r\n")
	}
}

// find notes where the varying parts stand.
func (l *letter) find() {
	for _, text := range [][]byte{l.envelope, l.content} {
		for i := 0; i < len(text); i++ {
			if mark := text[i]; mark >= markSender[0] && mark <= markBefore[0] {
				n := bytes.IndexFunc(text[i:], func(r rune) bool { return r != rune(mark) })
				l.places = append(l.places, place{text[i : i+n], mark})
				i += n - 1
			}
		}
	}
}

// write makes the letter the one with a number, from a sender to a patient.
func (l *letter) write(number uint64, sender int, patient string, before ...uint64) {
	for _, p := range l.places {
		switch p.mark {
		case markSender[0]:
			digits(p.at, uint64(sender))
		case markPatient[0]:
			copy(p.at, patient)
		case markNumber[0]:
			digits(p.at, number)
		case markBefore[0]:
			digits(p.at, before[0])
			before = before[1:]
		}
	}
}

// digits writes n in decimal over the whole width of b.
func digits(b []byte, n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}
