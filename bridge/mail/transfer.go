package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
)

// transfer is a content transfer encoding (RFC 2045 section 6).
type transfer int

const (
	transferNone    transfer = iota // 7bit, 8bit, binary: the octets themselves
	transferBase64                  // RFC 2045 section 6.8
	transferQuoted                  // RFC 2045 section 6.7
	transferUnknown                 // anything else: the octets are kept as they came
)

// readTransfer names an encoding. Besides the names of the RFC it takes what careless software
// writes for "no encoding": other spellings, and the media type or charset put in the wrong field.
func readTransfer(value string) transfer {
	value, _, _ = strings.Cut(strings.ToLower(value), ";")
	if strings.Contains(value, "/") {
		return transferNone
	}
	value = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, value)
	switch value {
	case "base64":
		return transferBase64
	case "quotedprintable":
		return transferQuoted
	case "", "7bit", "8bit", "7bits", "8bits", "binary", "none", "plain", "text", "usascii", "utf8", "iso88591":
		return transferNone
	}
	return transferUnknown
}

// decoder decodes a stream. It never fails on what it is given: what it cannot read is left out or
// kept as it stands, and damaged tells after Close that something was left out.
type decoder interface {
	io.WriteCloser
	damaged() bool
}

// newDecoder returns the decoder of an encoding, writing to dst.
func newDecoder(t transfer, dst io.Writer) decoder {
	switch t {
	case transferBase64:
		return &base64Decoder{dst: dst}
	case transferQuoted:
		return &quotedDecoder{dst: dst}
	case transferNone, transferUnknown:
	}
	return plainDecoder{dst}
}

// plainDecoder passes the octets on.
type plainDecoder struct{ io.Writer }

func (plainDecoder) Close() error  { return nil }
func (plainDecoder) damaged() bool { return false }

// base64Decoder decodes base64. Padding ends a group, not the stream: some software encodes line by
// line. Characters outside the alphabet are skipped (RFC 2045 section 6.8) and count as damage, unless
// they are white space.
//
// Whole lines, which is what mail is made of, are decoded at once; character by character goes only
// what is left at the ends of chunks and what is broken.
type base64Decoder struct {
	dst    io.Writer
	group  [4]byte // characters of an unfinished group
	n      int     // how many
	broken bool
	out    []byte // decoded and not yet handed on
}

// maxDecoded is how many decoded octets are gathered before they are handed on.
const maxDecoded = 4 << 10

func (d *base64Decoder) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := min(lineLength(p), maxDecoded)
		d.decode(trimLineEnd(p[:end]))
		p = p[end:]
		if len(d.out) >= maxDecoded {
			if err := d.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// decode takes a line or a piece of one.
func (d *base64Decoder) decode(line []byte) {
	if d.n == 0 && len(line)%4 == 0 {
		out, err := base64.StdEncoding.AppendDecode(d.out, line)
		if err == nil {
			d.out = out
			return
		}
	}
	for _, c := range line {
		switch {
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/':
			d.group[d.n] = c
			if d.n++; d.n == len(d.group) {
				d.endGroup()
			}
		case c == '=':
			d.endGroup()
		case c == '\r' || c == '\n' || c == ' ' || c == '\t':
		default:
			d.broken = true
		}
	}
}

// endGroup decodes the group, complete or not. A single character holds no octet.
func (d *base64Decoder) endGroup() {
	if d.n == 1 {
		d.n, d.broken = 0, true
	}
	out, err := base64.RawStdEncoding.AppendDecode(d.out, d.group[:d.n])
	if err != nil { // cannot be: the characters are of the alphabet and two to four
		d.broken = true
	}
	d.out, d.n = out, 0
}

func (d *base64Decoder) flush() error {
	_, err := d.dst.Write(d.out)
	d.out = d.out[:0]
	return err
}

func (d *base64Decoder) Close() error {
	d.endGroup()
	return d.flush()
}

func (d *base64Decoder) damaged() bool { return d.broken }

// maxQuotedLine bounds the line that quotedDecoder keeps, in octets. The RFC allows 76; a line that
// is longer than this is decoded in pieces, and only blanks at the end of a piece could differ.
const maxQuotedLine = 64 << 10

// quotedDecoder decodes quoted-printable line by line, because blanks at the end of a line are not
// part of it. An equal sign without digits stays as it stands, so nothing is ever left out.
type quotedDecoder struct {
	dst  io.Writer
	line []byte // what came of the current line
}

func (d *quotedDecoder) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := lineLength(p)
		d.line = append(d.line, p[:end]...)
		complete := p[end-1] == '\n'
		p = p[end:]
		if !complete && len(d.line) < maxQuotedLine {
			break
		}
		if err := d.flush(complete); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// flush decodes the gathered line. An unfinished one keeps its last two octets back, which may be the
// start of an escape.
func (d *quotedDecoder) flush(complete bool) error {
	keep := 0
	line := d.line
	if complete {
		body := trimLineEnd(line)
		ending := line[len(body):]
		body = bytes.TrimRight(body, " \t")
		if soft := bytes.TrimSuffix(body, []byte("=")); len(soft) < len(body) {
			body, ending = soft, nil
		}
		line = append(unescape(body, '='), ending...)
	} else {
		keep = min(2, len(line))
		line = unescape(line[:len(line)-keep], '=')
	}
	_, err := d.dst.Write(line)
	d.line = append(d.line[:0], d.line[len(d.line)-keep:]...)
	return err
}

func (d *quotedDecoder) Close() error {
	if len(d.line) == 0 {
		return nil
	}
	body := bytes.TrimRight(d.line, " \t")
	body = bytes.TrimSuffix(body, []byte("="))
	d.line = nil
	_, err := d.dst.Write(unescape(body, '='))
	return err
}

func (*quotedDecoder) damaged() bool { return false }
