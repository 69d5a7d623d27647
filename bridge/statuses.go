package bridge

import (
	"bytes"
	"regexp"
)

// statuses finds the status fields of a delivery report while it passes (RFC 3464 section 2.3.4). Nothing
// else of the report is kept: it may quote a message.
type statuses struct {
	line  []byte
	found []string
}

// Bounds of what is looked at.
const (
	maxStatusLine = 100
	maxStatuses   = 10
)

var statusField = regexp.MustCompile(`(?i)^status:[ \t]*([245]\.\d{1,3}\.\d{1,3})\b`)

// Write implements io.Writer.
func (s *statuses) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		s.line = append(s.line, line[:min(len(line), maxStatusLine-len(s.line))]...)
		if ended {
			if m := statusField.FindSubmatch(s.line); m != nil && len(s.found) < maxStatuses {
				s.found = append(s.found, string(m[1]))
			}
			s.line = s.line[:0]
		}
		rest = after
	}
	return len(p), nil
}
