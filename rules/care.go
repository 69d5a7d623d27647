package rules

import (
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// Member is who acts for a mailbox: a person, or the named application that acts for an application's (I120).
type Member struct {
	Person      PersonID
	Application bool
}

// Serves tells whether a member may read and write for the mailbox at now (I119, I120, D27).
func (h Habilitation) Serves(m Member, now time.Time) Refusal {
	switch {
	case !m.Application:
		return h.MayUse(m.Person, now)
	case h.Kind == Application && m.Person != "":
		return Refusal{}
	}
	return Refusal{NotHabilitated, "I120"}
}

// Shared tells whether several may act for the mailbox, so that they have to agree who answers. A personal one is
// its holder's alone (I119): for the others nothing of a team is there.
func (h Habilitation) Shared() Refusal {
	if h.keepsList() || h.Kind == Application {
		return Refusal{}
	}
	return Refusal{NotFound, "I119"}
}

// team refuses a member who may not act for a shared mailbox.
func (h Habilitation) team(m Member, now time.Time) Refusal {
	if r := h.Shared(); r.Refused() {
		return r
	}
	return h.Serves(m, now)
}

// Care says who takes care of a conversation for a shared mailbox. It is advice between colleagues: it keeps nobody
// from writing, and no patient learns of it.
type Care struct {
	Holder Member
	At     time.Time
}

// Stands reports whether somebody takes care at now. Care lapses with the right to act for the mailbox (D27), and
// does not come back with a right that was given anew.
func (c Care) Stands(h Habilitation, now time.Time) bool {
	if c.Holder == (Member{}) || h.team(c.Holder, now).Refused() {
		return false
	}
	return c.Holder.Application || h.holds(c.Holder.Person) || slices.ContainsFunc(h.Users, func(u MailboxUser) bool {
		return u.Person == c.Holder.Person && u.within(now) && !u.Since.After(c.At)
	})
}

// CareFacts is what the commands about care need to know.
type CareFacts struct {
	Box     Habilitation
	By      Member
	Current Care // as it is stored, lapsed or not
}

// CareVerdict is the answer to a command about care: the care that stands after it.
type CareVerdict struct {
	Refusal Refusal
	Care    Care
	Changed bool
}

// TakeCare lets a member take care of a conversation. While somebody else does, nothing changes, and the verdict
// says who: of two who ask at once, the first one has it.
func TakeCare(f CareFacts, now time.Time) CareVerdict {
	switch r := f.Box.team(f.By, now); {
	case r.Refused():
		return CareVerdict{Refusal: r}
	case f.Current.Stands(f.Box, now):
		return CareVerdict{Care: f.Current}
	}
	return CareVerdict{Care: Care{Holder: f.By, At: now}, Changed: true}
}

// ReleaseCare ends the care of the member who has it. What another one takes care of stays so.
func ReleaseCare(f CareFacts, now time.Time) CareVerdict {
	switch r := f.Box.team(f.By, now); {
	case r.Refused():
		return CareVerdict{Refusal: r}
	case !f.Current.Stands(f.Box, now):
		return CareVerdict{}
	case f.Current.Holder != f.By:
		return CareVerdict{Care: f.Current}
	}
	return CareVerdict{Changed: true}
}

// HandOver gives the care of a conversation to another member, whoever has it: a colleague who is away cannot hand
// over himself. Whoever may not act for the mailbox cannot be given anything (I120).
func HandOver(f CareFacts, to Member, now time.Time) CareVerdict {
	if r := f.Box.team(f.By, now); r.Refused() {
		return CareVerdict{Refusal: r}
	}
	switch r := f.Box.Serves(to, now); {
	case r.Refused():
		return CareVerdict{Refusal: r}
	case f.Current.Stands(f.Box, now) && f.Current.Holder == to:
		return CareVerdict{Care: f.Current}
	}
	return CareVerdict{Care: Care{Holder: to, At: now}, Changed: true}
}

// Limits of internal notes: what colleagues tell each other about one conversation is read at one glance, and the
// patient's file is elsewhere.
const (
	MaxNotes     = 50   // of one mailbox on one conversation
	MaxNoteRunes = 1000 // characters of one
)

// NoteFacts is what [AddNote] needs to know.
type NoteFacts struct {
	Box   Habilitation
	By    Member
	Text  string
	Count int // notes that are there
}

// AddNote tells whether a member may leave an internal note on a conversation.
func AddNote(f NoteFacts, now time.Time) Refusal {
	switch r := f.Box.team(f.By, now); {
	case r.Refused():
		return r
	case !IsPlainText(f.Text):
		return Refusal{EmptyMessage, "D27"}
	case utf8.RuneCountInString(f.Text) > MaxNoteRunes || f.Count >= MaxNotes:
		return Refusal{TooLarge, "D27"}
	}
	return Refusal{}
}

// DeleteNote tells whether a member may delete a note: whoever wrote it, and nobody else.
func DeleteNote(h Habilitation, by, author Member, now time.Time) Refusal {
	switch r := h.team(by, now); {
	case r.Refused():
		return r
	case by != author:
		return Refusal{NotHabilitated, "D27"}
	}
	return Refusal{}
}

// IsPlainText reports whether a text says something, in characters that show or end a line.
func IsPlainText(s string) bool {
	visible := false
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
		case unicode.IsControl(r):
			return false
		case !unicode.IsSpace(r):
			visible = true
		}
	}
	return visible && utf8.ValidString(s)
}
