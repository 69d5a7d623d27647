package xdm

import (
	"encoding/base64"
	"io"
)

// base64Writer decodes base64 as it stands in XML, with white space anywhere. What is wrong is remembered,
// not an error: the rest of the document can still be read.
type base64Writer struct {
	dst     io.Writer
	text    []byte // not yet decoded
	decoded []byte
	ended   bool // padding passed
	broken  bool
}

// base64Piece is how much text is decoded at once, a multiple of four.
const base64Piece = 4 << 10

func (w *base64Writer) Write(p []byte) (int, error) {
	for _, c := range p {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		if w.text = append(w.text, c); len(w.text) == base64Piece {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}

// flush decodes what is there.
func (w *base64Writer) flush() error {
	if len(w.text) == 0 {
		return nil
	}
	decoded, err := base64.StdEncoding.AppendDecode(w.decoded[:0], w.text)
	w.broken = w.broken || w.ended || err != nil
	w.ended = w.text[len(w.text)-1] == '='
	w.text, w.decoded = w.text[:0], decoded
	if w.broken {
		return nil
	}
	_, err = w.dst.Write(decoded)
	return err
}
