package mail

import (
	"bytes"
	"strings"
)

// field is one header field. It points into the block it was read from.
type field struct {
	name  string // lower case for a name of knownName, otherwise empty
	value []byte // as sent, folded, with its final line end
	start int    // offset of the field in its block
	colon int    // offset of its colon in its block
}

// splitHeader reads a header block field by field and keeps what can be read.
//
// A line that is no field continues the one before it when that ends on a semicolon: its indentation
// was lost. Otherwise it is left out, and damaged is set, as long as a field follows it. Without one it is taken for the start of a body whose blank line was forgotten: rest is
// then its offset, and otherwise the end of the block. A line that starts with two hyphens always
// ends the header, because it is a delimiter and never a field. The fields are appended to dst.
func splitHeader(dst []field, block []byte) (fields []field, rest int, damaged bool) {
	fields, rest = dst, -1 // rest: first of the unreadable lines since the last field
	for at := 0; at < len(block); {
		end := at + lineLength(block[at:])
		line := block[at:end]
		if isBlank(line) || bytes.HasPrefix(line, []byte("--")) {
			if rest >= 0 {
				return fields, rest, damaged
			}
			if isBlank(line) {
				at = end
			}
			return fields, at, damaged
		}
		name, colon := fieldName(line)
		switch {
		case len(fields) > len(dst) && rest < 0 && continues(line, colon, fields[len(fields)-1].value):
			last := &fields[len(fields)-1]
			last.value = block[last.colon+1 : end]
		case colon > 0:
			damaged = damaged || rest >= 0
			rest = -1
			fields = append(fields, field{name: name, value: line[colon+1:], start: at, colon: at + colon})
		case rest < 0:
			rest = at
		}
		at = end
	}
	if rest < 0 {
		rest = len(block)
	}
	return fields, rest, damaged
}

// continues reports whether line continues a field with the given value so far.
func continues(line []byte, colon int, value []byte) bool {
	return line[0] == ' ' || line[0] == '\t' || colon <= 0 && bytes.HasSuffix(bytes.TrimRight(value, asciiSpace), []byte(";"))
}

// lineLength is the length of the first line of p, its line end included.
func lineLength(p []byte) int {
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		return i + 1
	}
	return len(p)
}

// isBlank reports whether a line is empty but for its line end.
func isBlank(line []byte) bool { return len(trimLineEnd(line)) == 0 }

// trimLineEnd cuts one LF or CRLF.
func trimLineEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

// fieldName reads the name of the field that starts with line, and the offset of its colon; colon is
// not positive when the line starts no field. White space before the colon is obsolete but allowed to
// readers (RFC 5322 section 4.5).
func fieldName(line []byte) (name string, colon int) {
	colon = bytes.IndexByte(line, ':')
	if colon <= 0 {
		return "", 0
	}
	raw := bytes.TrimRight(line[:colon], " \t")
	for _, c := range raw {
		if c <= ' ' || c > '~' {
			return "", 0
		}
	}
	if len(raw) == 0 {
		return "", 0
	}
	return knownName(raw), colon
}

// longestName is the length of the longest name of knownName.
const longestName = len("disposition-notification-to")

// knownName returns the lower-case form of the field names that this package reads, and "" for all
// others. It allocates nothing: it runs for each field of each message.
func knownName(raw []byte) string {
	if len(raw) > longestName {
		return ""
	}
	var buf [longestName]byte
	for i, c := range raw {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	switch string(buf[:len(raw)]) {
	case "from":
		return "from"
	case "sender":
		return "sender"
	case "reply-to":
		return "reply-to"
	case "to":
		return "to"
	case "cc":
		return "cc"
	case "subject":
		return "subject"
	case "date":
		return "date"
	case "message-id":
		return "message-id"
	case "in-reply-to":
		return "in-reply-to"
	case "references":
		return "references"
	case "x-mss-mes":
		return "x-mss-mes"
	case "auto-submitted":
		return "auto-submitted"
	case "content-id":
		return "content-id"
	case "content-type":
		return "content-type"
	case "content-disposition":
		return "content-disposition"
	case "content-transfer-encoding":
		return "content-transfer-encoding"
	case "disposition-notification-to":
		return "disposition-notification-to"
	case "return-path", "received", "delivered-to", "x-received", "x-original-to", "received-spf",
		"authentication-results", "arc-seal", "arc-message-signature", "arc-authentication-results":
		return traceField
	}
	return ""
}

// traceField is the name under which splitHeader gives the fields that servers put on top of a
// message at each hop: those of RFC 5321 section 4.4, their common private forms, and the results and
// seals of RFC 7208, 8601 and 8617. They differ when an operator sends the same message again, and
// are left out of what makes two messages the same.
const traceField = "trace"

// firstLasting is the offset in the block of the first field that is not a trace field, or the end of
// the block when there is none.
func firstLasting(fields []field, block []byte) int {
	for _, f := range fields {
		if f.name != traceField {
			return f.start
		}
	}
	return len(block)
}

// asciiSpace is the white space that is cut from values. Other white space is part of the value: a
// subject with a no-break space beside [FIN] is not that marker (D5).
const asciiSpace = " \t\r\n"

// unfold joins the lines of a value: line ends go, the white space after them stays (RFC 5322 section
// 2.2.3). ASCII white space around the whole is cut.
func unfold(value []byte) string {
	value = bytes.Trim(value, asciiSpace)
	if bytes.IndexByte(value, '\n') < 0 {
		return string(value)
	}
	var b strings.Builder
	b.Grow(len(value))
	for line := range bytes.Lines(value) {
		b.Write(trimLineEnd(line))
	}
	return b.String()
}
