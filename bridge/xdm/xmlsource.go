package xdm

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// declaration finds the encoding that an XML declaration names (XML 1.0 section 4.3.3).
var declaration = regexp.MustCompile(`^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']`)

// source feeds an XML decoder octet by octet, in UTF-8. Between two tags it can keep the text from the
// decoder, which would gather all of it: an embedded document is some megabytes of text. It also bounds
// what one token may take.
type source struct {
	r     *bufio.Reader
	left  int       // octets that the token may still take
	armed bool      // text that comes next goes to sink
	sink  io.Writer // nil: it is dropped
	last  byte      // handed to the decoder last
}

// newSource reads r in the encoding that a byte order mark or its XML declaration tells, UTF-8 without
// either. Octets that do not fit the encoding become U+FFFD.
func newSource(r io.Reader) *source {
	raw := bufio.NewReaderSize(r, 4<<10)
	head, _ := raw.Peek(512) // an error comes again with the reading
	fallback := unicode.BOMOverride(declared(head).NewDecoder())
	return &source{r: bufio.NewReaderSize(transform.NewReader(raw, fallback), 4<<10)}
}

// declared returns the encoding that the start of a document declares.
func declared(head []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(head, []byte("<\x00")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case bytes.HasPrefix(head, []byte("\x00<")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	if found := declaration.FindSubmatch(head); found != nil {
		if e, err := htmlindex.Get(string(found[1])); err == nil {
			return e
		}
	}
	return unicode.UTF8
}

// arm prepares for the next token: with withhold, text before it goes to sink.
func (s *source) arm(withhold bool, sink io.Writer) {
	s.left = maxToken
	s.armed = withhold && s.last != '<' // the decoder holds the < that ended a text
	s.sink = sink
}

// ReadByte implements io.ByteReader.
func (s *source) ReadByte() (byte, error) {
	if s.armed {
		s.armed = false
		if err := s.withhold(); err != nil {
			return 0, err
		}
	}
	if s.left--; s.left < 0 {
		return 0, ErrTooLarge
	}
	b, err := s.r.ReadByte()
	s.last = b
	return b, err
}

// withhold takes the text up to the next tag.
func (s *source) withhold() error {
	for {
		text, err := s.r.ReadSlice('<')
		if err == nil {
			text = text[:len(text)-1]
		}
		if s.sink != nil && len(text) > 0 {
			if _, err := s.sink.Write(text); err != nil {
				return err
			}
		}
		switch {
		case err == nil:
			return s.r.UnreadByte()
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// Read is there because the decoder asks for it when a declaration names an encoding; it reads octets.
func (s *source) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}
