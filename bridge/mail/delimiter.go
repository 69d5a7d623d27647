package mail

import "bytes"

// A delimiter is a line that begins with two hyphens and the boundary of an open multipart. The line
// end before it belongs to it and not to the content (RFC 2046 section 5.1.1), so a line end is held
// back until the octets after it tell which it is.

// atLineStart notes that the next octet begins a line of a body.
func (w *walker) atLineStart() {
	w.carry, w.ghost = w.carry[:0], 0
	if len(w.levels) > 0 {
		w.carry, w.ghost = append(w.carry, '\n'), 1
	}
}

// scan takes octets of a body and returns those it did not take.
func (w *walker) scan(p []byte) []byte {
	switch {
	case len(w.levels) == 0:
		w.emit(p)
		return nil
	case isCandidate(w.carry):
		return w.finishLine(p)
	case len(w.carry) > 0:
		return w.extend(p)
	}
	i := bytes.Index(p, []byte("\n--"))
	if i < 0 {
		held := heldBack(p)
		w.emit(p[:len(p)-held])
		w.carry = append(w.carry, p[len(p)-held:]...)
		return nil
	}
	start := i
	if i > 0 && p[i-1] == '\r' {
		start--
	}
	w.emit(p[:start])
	w.carry = append(w.carry, p[start:i+3]...)
	return p[i+3:]
}

// heldBack returns how many octets at the end of p may be the start of a line end and two hyphens.
func heldBack(p []byte) int {
	for _, start := range []string{"\r\n-", "\n-", "\r\n", "\n", "\r"} {
		if bytes.HasSuffix(p, []byte(start)) {
			return len(start)
		}
	}
	return 0
}

// isCandidate reports whether carry is a line end and two hyphens, at least.
func isCandidate(carry []byte) bool {
	return bytes.HasPrefix(bytes.TrimPrefix(carry, []byte("\r")), []byte("\n--"))
}

// extend adds one octet to a carry that is not yet a candidate, or lets the carry go.
func (w *walker) extend(p []byte) []byte {
	next := byte('-')
	if w.carry[len(w.carry)-1] == '\r' {
		next = '\n'
	}
	if p[0] != next {
		w.release()
		return p
	}
	w.carry = append(w.carry, next)
	return p[1:]
}

// finishLine adds the rest of its line to a candidate and acts on it when it is a delimiter.
func (w *walker) finishLine(p []byte) []byte {
	n := lineLength(p)
	if len(w.carry)+n > maxDelimiter {
		w.release()
		return p
	}
	w.carry = append(w.carry, p[:n]...)
	if p[n-1] != '\n' || w.delimit() {
		return p[n:]
	}
	held := heldBack(w.carry)
	w.emit(w.carry[w.ghost : len(w.carry)-held])
	w.carry, w.ghost = append(w.carry[:0], w.carry[len(w.carry)-held:]...), 0
	return p[n:]
}

// release lets the carry go as content.
func (w *walker) release() {
	w.emit(w.carry[w.ghost:])
	w.carry, w.ghost = w.carry[:0], 0
}

// delimit acts on the line in carry when it is a delimiter of an open multipart, and reports whether
// it is.
func (w *walker) delimit() bool {
	line := bytes.TrimPrefix(w.carry, []byte("\r"))[1:]
	line = bytes.TrimRight(line, asciiSpace)
	at, closing := w.match(line)
	if at < 0 {
		return false
	}
	w.endLeaf(at == len(w.levels)-1 && !closing)
	w.levels = w.levels[:at+1]
	w.levels[at].closed = closing
	if closing {
		w.atLineStart() // the epilogue, which is skipped
		return true
	}
	w.carry, w.ghost = w.carry[:0], 0
	w.inHeader, w.block, w.line = true, w.block[:0], 0
	return true
}

// match finds the multipart that a line delimits, from the innermost outwards, those that were closed
// already last: a part that comes after the closing delimiter is still shown.
func (w *walker) match(line []byte) (at int, closing bool) {
	for _, closed := range []bool{false, true} {
		for i := len(w.levels) - 1; i >= 0; i-- {
			l := w.levels[i]
			if l.closed != closed || !bytes.HasPrefix(line, l.delimiter) {
				continue
			}
			switch string(line[len(l.delimiter):]) {
			case "":
				return i, false
			case "--":
				return i, true
			}
		}
	}
	return -1, false
}
