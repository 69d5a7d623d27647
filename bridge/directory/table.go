package directory

import (
	"sync/atomic"

	"mesbridge/conversations"
)

// Table answers who stands behind an address. The zero Table is empty and ready. It is safe for
// concurrent use: a load replaces everything at once, and a look-up never waits for it.
type Table struct {
	current atomic.Pointer[index]
}

// Mailbox returns what is known of an address. Address is always set; the rest is empty for a mailbox
// that the extraction does not hold.
func (t *Table) Mailbox(a conversations.Address) conversations.Mailbox {
	m := conversations.Mailbox{Address: a}
	x := t.current.Load()
	if x == nil {
		return m
	}
	x.fill(a.Canonical(), &m)
	return m
}

// Held lists the mailboxes whose holder is a person, by his national identifier (I120).
func (t *Table) Held(person string) []conversations.Mailbox {
	x := t.current.Load()
	if x == nil {
		return nil
	}
	return x.held(person)
}

// Len returns the number of mailboxes in the table.
func (t *Table) Len() int {
	if x := t.current.Load(); x != nil {
		return len(x.records)
	}
	return 0
}
