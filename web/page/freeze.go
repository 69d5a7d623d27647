package page

import (
	"time"
	"unicode"
	"unicode/utf8"

	"mesbridge/conversations"
)

// Freeze is what froze a conversation by the patient's own will; the zero Freeze when it was something else, or is not to
// be told to whoever looks (D16, D15).
type Freeze struct {
	Closed     time.Time                 // since when the messaging is closed; zero: it is not
	Objections []conversations.Objection // to messages, of those that bind in the conversation
}

// Whom names whose messages an objection is about, within a sentence.
func (Freeze) Whom(o conversations.Objection) string {
	words := ScopeWords(o)
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToLower(first)) + words[size:]
}
