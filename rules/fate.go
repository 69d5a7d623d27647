package rules

// Fate is where a patient's message to one mailbox stands; the texts are those of the API.
type Fate string

// Fates in the order in which news of them counts: a later one is never undone by an earlier one, so that
// reports may come in any order and more than once. A failure outweighs a delivery, since a list may
// deliver to one and fail for another; that somebody opened the message outweighs both.
const (
	FateQueued    Fate = "queued"
	FateSent      Fate = "sent"      // the operator of the mailbox took it
	FateDelivered Fate = "delivered" // the operator says that the mailbox has it
	FateFailed    Fate = "failed"
	FateRead      Fate = "read"
)

// weight is the place of f in the order of news; 0 for what is no fate.
func (f Fate) weight() int {
	switch f {
	case FateQueued:
		return 1
	case FateSent:
		return 2
	case FateDelivered:
		return 3
	case FateFailed:
		return 4
	case FateRead:
		return 5
	}
	return 0
}

// After returns where a message stands that stood at f, once news of n came.
func (f Fate) After(n Fate) Fate {
	if n.weight() > f.weight() {
		return n
	}
	return f
}

// Settled reports whether nothing is left to be sent.
func (f Fate) Settled() bool { return f.weight() > FateQueued.weight() }

// ReportItem is what a report says of one recipient, every text in lower case. Only the fields of its
// kind are set.
type ReportItem struct {
	Action      string // RFC 3464 section 2.3.3
	Disposition string // RFC 8098 section 3.2.6: its type
	Faulty      bool   // a disposition with a modifier of error or failure
	Automatic   bool   // an automatic answer, as in absence, without any of these
}

// News is what a report means for the patient's message.
type News struct {
	Fate  Fate // empty: the message stands where it stood
	Late  bool // its operator still tries
	Away  bool // an automatic answer: perhaps nobody reads it soon
	Known bool // the report says something of a kind that is known
}

// ReadReport says what a report means (OP7, R69). A message that was given to a list, or that somebody
// threw away or handed on unread, did arrive. A professional's software that could not file what it got
// (R69) has it all the same; that concerns him alone.
func ReadReport(i ReportItem) News {
	switch i.Action {
	case "failed":
		return News{Fate: FateFailed, Known: true}
	case "delayed":
		return News{Late: true, Known: true}
	case "delivered", "expanded":
		return News{Fate: FateDelivered, Known: true}
	case "relayed":
		return News{Fate: FateSent, Known: true}
	}
	switch i.Disposition {
	case "displayed":
		if i.Faulty {
			return News{Fate: FateDelivered, Known: true}
		}
		return News{Fate: FateRead, Known: true}
	case "processed", "dispatched", "deleted", "denied", "failed": // the last two of RFC 2298
		return News{Fate: FateDelivered, Known: true}
	}
	if i.Automatic {
		return News{Fate: FateDelivered, Away: true, Known: true}
	}
	return News{}
}
