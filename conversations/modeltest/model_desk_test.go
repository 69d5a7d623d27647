package modeltest

import (
	"slices"
	"strings"
)

// shownMost is how many messages of a conversation are shown.
const shownMost = 50

// own lists the messages of a conversation that b sent or received, the newest first (D34).
func (t *thread) own(b box) (list []*message) {
	for _, m := range slices.Backward(t.messages) {
		if mine := m.from == b || slices.Contains(m.with, b) || slices.Contains(m.to, b); mine && !m.gone && len(list) < shownMost {
			list = append(list, m)
		}
	}
	return list
}

// ownSubject is the subject under which b knows a conversation: of the first message by a professional that it
// sent or received; the conversation's when it only answers for another's.
func (t *thread) ownSubject(b box) string {
	for _, m := range slices.Backward(t.own(b)) {
		if m.from != self {
			return t.subjectOf(m)
		}
	}
	if slices.ContainsFunc(t.voices(), func(m *message) bool { return slices.Contains(m.replyTo, b) }) {
		return t.subject
	}
	return ""
}

// subjectOf is the subject of a message; one without has its conversation's.
func (t *thread) subjectOf(m *message) string {
	if m.subject == "" {
		return t.subject
	}
	return m.subject
}

// replySubject is the subject of an answer (D10).
func replySubject(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\t", " "))
	for strings.HasPrefix(s, "Re:") {
		s = strings.TrimSpace(s[3:])
	}
	return strings.TrimSpace("Re: " + s)
}

// deskLine is a conversation in the list of a mailbox.
type deskLine struct {
	id, subject, state string
	last               string
	files              bool
	objected           string
}

// deskLine is how b sees a conversation in its list: of one that others share, by its own messages alone.
func (p *patient) deskLine(t *thread, b box) deskLine {
	line := deskLine{id: t.id, state: p.seenBy(t, b), objected: ms(p.objected(b))}
	if len(t.people) == 1 {
		line.subject, line.last = strings.TrimSpace(t.subject), ms(t.last)
		line.files = slices.ContainsFunc(t.messages, func(m *message) bool { return m.files > 0 })
		return line
	}
	own := t.own(b)
	line.subject = strings.TrimSpace(t.ownSubject(b))
	line.files = slices.ContainsFunc(own, func(m *message) bool { return m.files > 0 })
	if len(own) > 0 {
		line.last = ms(own[0].at)
	} else {
		line.last = ms(p.known(b).last)
	}
	return line
}
