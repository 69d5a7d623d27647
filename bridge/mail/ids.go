package mail

import (
	"slices"
	"strings"
	"unicode"
)

// Bounds of message identifiers. A line is at most 998 octets, so no valid one is longer; threading
// needs the nearest ancestors only.
const (
	maxMessageID  = 900
	maxReferences = 100
)

// messageIDs reads the identifiers of a Message-ID, In-Reply-To or References field, without angle
// brackets. White space inside an identifier comes from bad folding and is cut. A value without any
// angle bracket is taken as identifiers between blanks, as some software writes it.
func messageIDs(value string) []string {
	var ids []string
	if !strings.Contains(value, "<") {
		for _, id := range strings.Fields(value) {
			if strings.Contains(id, "@") && validMessageID(id) {
				ids = append(ids, id)
			}
		}
		return ids
	}
	for {
		_, rest, ok := strings.Cut(value, "<")
		if !ok {
			return ids
		}
		id, after, ok := strings.Cut(rest, ">")
		if !ok {
			return ids
		}
		value = after
		if id = strings.Join(strings.Fields(id), ""); validMessageID(id) {
			ids = append(ids, id)
		}
	}
}

// validMessageID reports whether id can stand between angle brackets in a header.
func validMessageID(id string) bool {
	bad := func(r rune) bool { return r <= ' ' || r == '<' || r == '>' || unicode.IsControl(r) || r == '\uFFFD' }
	return id != "" && len(id) <= maxMessageID && strings.IndexFunc(id, bad) < 0
}

// nearestFirst orders the ancestors of a message from the nearest on: In-Reply-To, then References
// from its last to its first (RFC 5322 section 3.6.4), each once.
func nearestFirst(inReplyTo, references []string) []string {
	slices.Reverse(references)
	var out []string
	seen := make(map[string]bool, len(inReplyTo)+len(references))
	for _, id := range append(inReplyTo, references...) {
		if !seen[id] && len(out) < maxReferences {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
