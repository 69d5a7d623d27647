package rules

import (
	"math/bits"
	"slices"
)

// Lists is the set of lists of a mailbox's ledger in which an exchange, or a conversation, stands. Its bits are
// stored.
type Lists uint16

// Lists of a ledger. The first four are one state each (D4).
const (
	ListOpen Lists = 1 << iota
	ListNoReply
	ListEnded
	ListUnreachable
	ListWaiting     // the patient wrote last, and nobody answered
	ListUnread      // a message that asked for a receipt was not opened; of others nothing is told (D22)
	ListUndelivered // a message of the patient did not reach the mailbox, and it wrote nothing since (O89)
	ListPlanned     // its end is to come, and can be taken back (D7)
)

// AllLists lists every list, in the order of the bits.
func AllLists() []Lists {
	return []Lists{ListOpen, ListNoReply, ListEnded, ListUnreachable, ListWaiting, ListUnread, ListUndelivered, ListPlanned}
}

// Has reports whether l contains all of o.
func (l Lists) Has(o Lists) bool { return l&o == o }

// Place returns the place of one list among [AllLists].
func (l Lists) Place() int { return bits.TrailingZeros16(uint16(l)) }

// ListOf returns the list of a state; 0 for what is none.
func ListOf(s ThreadState) Lists {
	switch s {
	case ThreadOpen:
		return ListOpen
	case ThreadNoReply:
		return ListNoReply
	case ThreadEnded:
		return ListEnded
	case ThreadUnreachable:
		return ListUnreachable
	}
	return 0
}

// ExchangeLists returns the lists of an exchange that its mailbox sees in a state, but those that its conversations
// bring it into: [Inherited].
func ExchangeLists(s ThreadState, e Exchange) Lists {
	l := ListOf(s)
	if e.Awaiting { // also after an end that was planned before the patient wrote (D7)
		l |= ListWaiting
	}
	if !e.Plan.At.IsZero() {
		l |= ListPlanned
	}
	return l
}

// Inherited are the lists that an exchange stands in because one of its conversations does.
const Inherited = ListUnread | ListUndelivered

// DeskMessage is what [ThreadLists] needs to know of one message that the mailbox sent or received.
type DeskMessage struct {
	Mine   bool // the mailbox sent it
	Asked  bool // a receipt was asked for
	Opened bool // and it was opened
	Failed bool // the patient's message did not reach the mailbox
}

// ThreadLists returns the lists, beside that of its state, of a conversation that the mailbox sees in a state. last tells that the patient
// wrote the last message that the mailbox sent or received; own are those messages, the newest first (D34). A
// conversation that its mailbox ended waits for nobody, unless the patient wrote while the end could still be
// taken back (D7).
func ThreadLists(s ThreadState, e Exchange, last bool, own []DeskMessage) Lists {
	l := Lists(0)
	if last && (s != ThreadEnded || e.Awaiting) {
		l |= ListWaiting
	}
	if slices.ContainsFunc(own, func(m DeskMessage) bool { return m.Mine && m.Asked && !m.Opened }) {
		l |= ListUnread
	}
	for _, m := range own {
		if m.Mine {
			break
		}
		if m.Failed {
			l |= ListUndelivered
		}
	}
	return l
}
