package web

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Directory is the local table of professional mailboxes (O139); no call leaves the process.
type Directory interface {
	// Mailbox returns what is known of an address, with Address always set.
	Mailbox(a conversations.Address) conversations.Mailbox
	// Search lists mailboxes by name, and the cursor of the next page, empty at the end. It fails for a cursor that it
	// did not give.
	Search(q conversations.MailboxQuery, cursor string, limit int) (items []conversations.Mailbox, next string, err error)
}

// Bounds of a question to the directory.
const (
	maxQuestion   = 200 // characters of one field
	leastQuestion = 2   // letters and digits of all fields together: one would list half of everybody
)

// errQuestion means that a question asks for nothing in particular.
var errQuestion = errors.New("the question is empty or too long")

// question makes a question of what was typed.
func question(name, profession, speciality, place string) (conversations.MailboxQuery, error) {
	length := 0
	for _, s := range []string{name, profession, speciality, place} {
		if utf8.RuneCountInString(s) > maxQuestion || !utf8.ValidString(s) {
			return conversations.MailboxQuery{}, errQuestion
		}
		length += len(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return 'x'
			}
			return -1
		}, s))
	}
	if length < leastQuestion {
		return conversations.MailboxQuery{}, errQuestion
	}
	return conversations.MailboxQuery{Name: name, Profession: profession, Speciality: speciality, Place: place}, nil
}

// directory lists professional mailboxes by name, profession, speciality and place (I208).
func directory(a *App, r request) (answer, error) {
	cursor, limit, err := place(r)
	if err != nil {
		return answer{}, err
	}
	q, err := question(r.query("name"), r.query("profession"), r.query("speciality"), r.query("place"))
	if err != nil {
		return answer{}, invalid("name", "Give name, profession, speciality or place, two letters at least and 200 at most.")
	}
	found, next, err := a.deps.Directory.Search(q, cursor, limit)
	if err != nil {
		return answer{}, badCursor()
	}
	return ok(listOf(found, next, time.Time{}, entryOf))
}

// entryShape is a mailbox of the directory.
type entryShape struct {
	Address    string            `json:"address"`
	Kind       rules.MailboxKind `json:"kind"`
	Name       *string           `json:"name"`
	Person     *string           `json:"person"`
	Profession *labelShape       `json:"profession"`
	Speciality *string           `json:"speciality"`
	Structure  *labelShape       `json:"structure"`
	Place      *string           `json:"place"`
	ZeroPaper  bool              `json:"zeroPaper"`
}

// labelShape is a code or an identifier with its words; either may be unknown.
type labelShape struct {
	ID   *string `json:"id"`
	Name *string `json:"name"`
}

func labelled(id, name string) *labelShape {
	if id == "" && name == "" {
		return nil
	}
	return &labelShape{optional(id), optional(name)}
}

func entryOf(m conversations.Mailbox) entryShape {
	return entryShape{
		Address: m.Address.Wire(), Kind: m.Kind, Name: optional(m.Name), Person: optional(m.Person),
		Profession: labelled(m.Profession, m.ProfessionName), Speciality: optional(m.Speciality),
		Structure: labelled(m.Structure, m.StructureName), Place: optional(m.Place), ZeroPaper: m.ZeroPaper,
	}
}
