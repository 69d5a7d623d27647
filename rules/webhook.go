package rules

import "time"

// EventKind names what a webhook tells; the texts are those of the API.
type EventKind string

// Kinds of event.
const (
	EventMessage      EventKind = "message.received"   // a patient wrote to the mailbox
	EventConversation EventKind = "conversation.state" // the mailbox sees another state of a conversation (D4)
	EventExchange     EventKind = "exchange.state"     // the mailbox sees another state of an exchange
	EventDelivery     EventKind = "message.delivery"   // what became of a message (D22)
	EventPing         EventKind = "webhook.ping"       // a test of the receiver
)

// EventKinds lists the kinds that one may ask for; a ping comes without being asked for.
func EventKinds() []EventKind {
	return []EventKind{EventMessage, EventConversation, EventExchange, EventDelivery}
}

// Telling is one event for one mailbox. Conversation and Message are set when they are not the change's own.
type Telling struct {
	Kind         EventKind
	Mailbox      MailboxID
	Conversation ConversationID
	Message      MessageKey
}

// Told lists what the software of professionals is told of a change that ends what the mailboxes ended took part in.
// before and after are what a mailbox sees of the conversation, or of its exchange, on either side of the change.
//
// Nothing that the patient does to be out of reach, or to be in reach again, is told: blocks, refusals and the life of
// the account are silence, whichever it is (D4, D36).
func Told(c Change, ended []MailboxID, before, after func(EventKind, MailboxID) ThreadState) []Telling {
	var all []Telling
	switch c.Kind { //nolint:exhaustive // the others are the patient's own, or inside of us
	case MessageReceived:
		if c.Aside {
			return nil
		}
		if c.Shown {
			all = append(all, Telling{Kind: EventDelivery, Mailbox: c.Mailbox})
		}
		for _, m := range unique(append([]MailboxID{c.Mailbox}, c.ReplyTo...)) {
			if c.Shown && before(EventConversation, m) != after(EventConversation, m) {
				all = append(all, Telling{Kind: EventConversation, Mailbox: m})
			}
			if before(EventExchange, m) != after(EventExchange, m) {
				all = append(all, Telling{Kind: EventExchange, Mailbox: m})
			}
		}
	case ReplySent:
		for _, m := range c.To {
			all = append(all, Telling{Kind: EventMessage, Mailbox: m})
		}
	case ExchangeEnded:
		all = append(all, Telling{Kind: EventExchange, Mailbox: c.Mailbox})
	case ConversationEnded:
		for _, m := range ended {
			all = append(all, Telling{Kind: EventConversation, Mailbox: m})
		}
	}
	return all
}

// TellingOf is the event by which a mailbox hears that the patient opened its message, or that a message to it failed
// on the way (D22).
func TellingOf(m MailboxID, message MessageKey) Telling {
	return Telling{Kind: EventDelivery, Mailbox: m, Message: message}
}

// callWaits are the waits after each failed call of a receiver, as Standard Webhooks proposes them: about three days in
// all.
func callWaits() [9]time.Duration {
	return [...]time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// NextCall returns when a receiver that failed for the n-th time (from 1) is called again, and false when it is given
// up.
func NextCall(n int, now time.Time) (time.Time, bool) {
	waits := callWaits()
	if n > len(waits) {
		return time.Time{}, false
	}
	return now.Add(waits[max(n, 1)-1]), true
}

// Times of webhooks.
const (
	// EventKept is how long an event is kept for a replay, and the log of its calls.
	EventKept = 30 * 24 * time.Hour
	// SecretOverlap is how long the secret before a change signs too.
	SecretOverlap = 24 * time.Hour
)
