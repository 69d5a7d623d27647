package mail

import (
	"strconv"
	"strings"
)

// parameter is one parameter of a structured field, as it stands. Its name is lower case.
type parameter struct {
	name, value string
}

// parameters are the parameters of a Content-Type or Content-Disposition in the order they stand.
type parameters []parameter

// parseStructured reads a value with parameters (RFC 2045 section 5.1) and the common broken forms of
// it: no semicolon before the first parameter, unquoted blanks, brackets and equal signs, a quote that
// is never closed, parameters given twice (the first counts). head is lower case.
func parseStructured(s string) (head string, p parameters) {
	end := strings.IndexAny(s, "; \t")
	if end < 0 {
		end = len(s)
	}
	head = strings.ToLower(s[:end])
	for s = s[end:]; s != ""; {
		s = strings.TrimLeft(s, "; \t\r\n")
		end = strings.IndexAny(s, "=;")
		if end < 0 {
			break
		}
		if s[end] == ';' {
			s = s[end:]
			continue
		}
		name := strings.ToLower(strings.Trim(s[:end], asciiSpace))
		var value string
		value, s = cutValue(strings.TrimLeft(s[end+1:], asciiSpace))
		p = append(p, parameter{name: name, value: value})
	}
	return head, p
}

// cutValue reads one parameter value, quoted or not.
func cutValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s, ';')
		if end < 0 {
			end = len(s)
		}
		return strings.TrimRight(s[:end], asciiSpace), s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:]
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default: // also a backslash of a Windows path, which many senders do not double
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// token returns a parameter whose value is one token or quoted string, without what may follow a
// blank in an unquoted value.
func (p parameters) token(name string) string {
	value, _ := p.raw(name)
	value, _, _ = strings.Cut(value, " (")
	return value
}

func (p parameters) raw(name string) (string, bool) {
	for _, q := range p {
		if q.name == name {
			return q.value, true
		}
	}
	return "", false
}

// maxSegments bounds the continuations of one parameter.
const maxSegments = 100

// text returns a parameter decoded to UTF-8: by RFC 2231 when it is in that form, whole or in
// numbered segments, and otherwise by RFC 2047, which is not allowed there but usual. Control
// characters become spaces.
func (p parameters) text(name string) string {
	if v, ok := p.raw(name + "*"); ok {
		return escapedText(extended(v))
	}
	if label, octets, escaped := p.segments(name); escaped {
		return escapedText(label, octets)
	} else if len(octets) > 0 {
		return decodeText(string(octets))
	}
	v, _ := p.raw(name)
	return decodeText(v)
}

// escapedText decodes a value of RFC 2231.
func escapedText(label string, octets []byte) string {
	text, _ := toUTF8(octets, label)
	return strings.Map(blankControl, text)
}

// segments joins name*0, name*1 and so on (RFC 2231 section 3). escaped reports whether any of them
// is in the extended form.
func (p parameters) segments(name string) (label string, octets []byte, escaped bool) {
	for i := range maxSegments {
		segment := name + "*" + strconv.Itoa(i)
		if v, ok := p.raw(segment + "*"); ok && i == 0 {
			label, octets = extended(v)
			escaped = true
		} else if ok {
			octets = append(octets, unescape([]byte(v), '%')...)
			escaped = true
		} else if v, ok = p.raw(segment); ok {
			octets = append(octets, v...)
		} else {
			break
		}
	}
	return label, octets, escaped
}

// extended reads charset'language'percent-encoded (RFC 2231 section 4).
func extended(v string) (label string, octets []byte) {
	label, rest, ok := strings.Cut(v, "'")
	if !ok {
		return "", unescape([]byte(v), '%')
	}
	if _, after, ok := strings.Cut(rest, "'"); ok {
		rest = after
	}
	return label, unescape([]byte(rest), '%')
}
