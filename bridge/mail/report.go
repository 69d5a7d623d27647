package mail

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"mesbridge/conversations"
)

// Report is what a message says as a report about another one (RFC 3464, RFC 8098), or as an automatic
// answer to it (RFC 3834).
type Report struct {
	IsReport   bool                  // a multipart/report, or one that says so by its parts
	Automatic  bool                  // a program answered for a person
	Author     conversations.Address // of the report itself; zero when it cannot be read
	EnvID      string                // Original-Envelope-Id
	References []string              // Message-IDs that it names, the surest first, without angle brackets
	Items      []ReportItem
}

// ReportItem is what a report says of one recipient. Texts are lower case; an address that cannot be read
// is zero.
type ReportItem struct {
	Original, Final conversations.Address
	Action          string // RFC 3464 section 2.3.3
	Status          string // RFC 3463, three numbers; empty when there is none
	Disposition     string // type of RFC 8098 section 3.2.6
	Faulty          bool   // a disposition with a modifier of error or failure
}

// Bounds of what is read of a report.
const (
	maxReportText  = 64 << 10 // octets of each part
	maxReportItems = 100
)

// ReportReader looks, while the octets of a message pass, for what it says as a report. A message that is
// none costs no more than its header. It never fails: what cannot be read says nothing. It is not safe for
// concurrent use.
type ReportReader struct {
	walk   *walker
	always bool // read it whatever its header says
	done   bool // the rest says nothing
	report Report

	subject string
	failed  bool     // the header alone says that a message failed
	named   []string // Message-IDs of the message that was returned, and in the text
	answers []string // those that the header answers

	leaf *content
	part *reportPart
	text string // start of the first text
}

// reportPart is a part that is read, up to a bound.
type reportPart struct {
	kind reportKind
	text bytes.Buffer
}

// reportKind is how a part is read.
type reportKind int

const (
	partText        reportKind = iota // for people
	partStatus                        // message/delivery-status
	partDisposition                   // message/disposition-notification
	partOriginal                      // the message that it is about, or its header
)

// Write keeps the start.
func (p *reportPart) Write(b []byte) (int, error) {
	p.text.Write(b[:min(len(b), maxReportText-p.text.Len())])
	return len(b), nil
}

// NewReportReader returns a reader for one message. With always, it also reads messages whose header does not
// say that they are reports: what comes with a null reverse-path is one, however it looks.
func NewReportReader(limits Limits, always bool) *ReportReader {
	r := &ReportReader{always: always}
	r.walk = newWalker(limits, false, r)
	return r
}

// Write takes the next octets.
func (r *ReportReader) Write(p []byte) (int, error) {
	if !r.done {
		if _, err := r.walk.Write(p); err != nil {
			r.done = true
		}
	}
	return len(p), nil
}

// Close ends the message and tells what was read.
func (r *ReportReader) Close() Report {
	if !r.done {
		_ = r.walk.Close() // what is broken there says nothing
	}
	if r.always {
		r.guess()
	}
	r.report.References = firstOfEach(slices.Concat(r.report.References, r.named, r.answers))
	return r.report
}

// header implements visitor.
func (r *ReportReader) header(block []byte, fields []field, _ bool) error {
	var ids ancestry
	for _, f := range fields {
		ids.read(f)
		r.heading(rawName(block, f), unfold(f.value))
	}
	r.answers = nearestFirst(ids.inReplyTo, ids.references)
	if !r.always && !r.report.IsReport {
		return errFound // nothing more is to be read
	}
	return nil
}

// heading reads one field of the message's own header.
func (r *ReportReader) heading(name, value string) {
	low := strings.ToLower(strings.Trim(value, asciiSpace))
	word, _, _ := strings.Cut(low, ";")
	switch name {
	case "content-type":
		r.report.IsReport = r.report.IsReport || strings.Trim(word, asciiSpace) == "multipart/report"
	case "auto-submitted": // with a sender of its own, auto-generated is a document that a program sends
		word, _, _ = strings.Cut(strings.Trim(word, asciiSpace), " ")
		r.report.Automatic = r.report.Automatic || word == "auto-replied" || r.always && word != "no"
	case "x-autoreply", "x-autorespond", "x-autoresponder": // before RFC 3834
		r.report.Automatic = r.report.Automatic || low != "no" && low != "false"
	case "precedence":
		r.report.Automatic = r.report.Automatic || low == "auto_reply"
	case "from":
		if list, _ := readAddresses(value); len(list) == 1 {
			r.report.Author = list[0].Address
		}
	case "subject":
		r.subject = decodeText(value)
	case "x-failed-recipients": // Exim
		r.failed = true
		list, _ := readAddresses(value)
		for _, a := range list {
			r.add(ReportItem{Final: a.Address, Action: actionFailed})
		}
	}
}

// begin implements visitor.
func (r *ReportReader) begin(l *leaf) io.Writer {
	r.leaf, r.part = nil, nil
	kind, wanted := partKind(l.mediaType)
	if !wanted || kind == partText && (!r.always || r.text != "") {
		return nil
	}
	r.part = &reportPart{kind: kind}
	r.leaf = newContent(l, r.part)
	return r.leaf
}

// partKind tells how a part is read. The global types are those of RFC 6533.
func partKind(mediaType string) (reportKind, bool) {
	switch mediaType {
	case "message/delivery-status", "message/global-delivery-status":
		return partStatus, true
	case "message/disposition-notification", "message/global-disposition-notification":
		return partDisposition, true
	case "text/rfc822-headers", "text/rfc822-header", "message/rfc822", "message/rfc822-headers", "message/global", "message/global-headers":
		return partOriginal, true
	case "text/plain":
		return partText, true
	}
	return 0, false
}

// drop implements visitor.
func (r *ReportReader) drop() { r.leaf, r.part = nil, nil }

// end implements visitor.
func (r *ReportReader) end() error {
	if r.part == nil {
		return nil
	}
	_ = r.leaf.close() // damage says nothing
	content := r.part.text.Bytes()
	switch r.part.kind {
	case partStatus:
		r.report.IsReport = true
		r.status(content)
	case partDisposition:
		r.report.IsReport = true
		r.disposition(content)
	case partOriginal:
		fields, _, _ := splitHeader(nil, content)
		for _, f := range fields {
			if f.name == "message-id" {
				r.named = append(r.named, messageIDs(unfold(f.value))...)
			}
		}
	case partText:
		r.text = string(content)
	}
	r.leaf, r.part = nil, nil
	return nil
}

// add keeps what is said of one recipient.
func (r *ReportReader) add(i ReportItem) {
	if len(r.report.Items) < maxReportItems {
		r.report.Items = append(r.report.Items, i)
	}
}

// rawName is the lower-case name of a field in its block.
func rawName(block []byte, f field) string {
	return strings.ToLower(strings.TrimRight(string(block[f.start:f.colon]), " \t"))
}

// firstOfEach keeps the first of each id.
func firstOfEach(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(ids, func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}
