package conversations

import (
	"time"

	"mesbridge/rules"
)

// Webhook is a receiver of the events of one mailbox.
type Webhook struct {
	ID      ID
	Mailbox Address
	URL     string
	Events  []rules.EventKind
	By      Actor     // who registered it; it is told what he may know, as long as he may
	Since   time.Time // when it was registered
	Active  bool      // whoever registered it may still act for the mailbox
	// Until is when the secret before the present one stops signing; zero: there is none.
	Until time.Time
	// Secret is the key of the signature, told when it is made and never again.
	Secret []byte
}

// WebhookInput is a receiver to register.
type WebhookInput struct {
	Mailbox   Address
	URL       string
	Events    []rules.EventKind
	Operation string // idempotency key of the caller; empty: none
}

// WebhookEvent is what is told: that something happened, not what it says. Ids are those of the API.
type WebhookEvent struct {
	ID           ID
	Kind         rules.EventKind
	At           time.Time
	Conversation ID
	Exchange     ID
	Message      ID
	State        string // of the conversation, the exchange or the delivery; never unreachable (D36)
}

// CallState is where the call of a receiver about one event stands.
type CallState string

// States of a call.
const (
	CallPending   CallState = "pending"   // it will be made, or made again
	CallDelivered CallState = "delivered" // the receiver answered 2xx
	CallFailed    CallState = "failed"    // it was given up; a replay begins anew
)

// WebhookCall is an event and what became of telling it to one receiver.
type WebhookCall struct {
	WebhookEvent
	State    CallState
	Attempts int
	LastAt   time.Time // of the last attempt; zero: none yet
	NextAt   time.Time // of the next one; zero: none is due
	Status   int       // of the receiver's last answer; 0: none came
	Fault    CallFault // why none came, or why it was given up
}

// CallFault names in one word why a call failed; the texts are stored and shown.
type CallFault string

// Faults of a call.
const (
	FaultAddress  CallFault = "address-denied" // the name leads to a network that calls do not go to
	FaultName     CallFault = "no-such-name"
	FaultConnect  CallFault = "no-connection"
	FaultTLS      CallFault = "tls"
	FaultTimeout  CallFault = "timeout"
	FaultStatus   CallFault = "status" // an answer other than 2xx
	FaultRedirect CallFault = "redirect"
	FaultGone     CallFault = "gone"    // 410: the receiver is not there any more
	FaultRight    CallFault = "revoked" // whoever registered it may not act for the mailbox any more
)

// WebhookCallPage is one page of the log of a receiver, newest event first.
type WebhookCallPage struct {
	Items []WebhookCall
	Next  string
}

// CallFilter narrows the log of a receiver.
type CallFilter struct {
	State  CallState // empty: all
	Cursor string
	Limit  int
}

// Calling is one call that is due.
type Calling struct {
	Event   WebhookEvent
	Webhook ID
	URL     string
	Secrets [][]byte // the present one first
}

// CallOutcome is what became of one call.
type CallOutcome struct {
	Status int       // 0: no answer came
	Fault  CallFault // empty: the receiver took it
}

// MaxWebhooks is how many receivers one mailbox may have.
const MaxWebhooks = 10

// hooksRecord is what is kept of the receivers of a mailbox. All of it is sealed.
type hooksRecord struct {
	Sealed []byte `cbor:"1,keyasint"` // hooksLabel
}

type hooksLabel struct {
	Hooks []hookRecord `cbor:"1,keyasint,omitempty"`
}

// hookRecord is one receiver.
type hookRecord struct {
	ID     ID                `cbor:"1,keyasint"`
	URL    string            `cbor:"2,keyasint"`
	Events []rules.EventKind `cbor:"3,keyasint"`
	Secret []byte            `cbor:"4,keyasint"`
	Before []byte            `cbor:"5,keyasint,omitempty"` // the secret before, which signs too until Until
	Until  millis            `cbor:"6,keyasint,omitempty"`
	Since  millis            `cbor:"7,keyasint"`
	Kind   ActorKind         `cbor:"8,keyasint"`
	ByID   string            `cbor:"9,keyasint"`
	ByName string            `cbor:"10,keyasint,omitempty"`
	// Operation is the idempotency key of the registration.
	Operation string `cbor:"11,keyasint,omitempty"`
}

// by is who registered the receiver.
func (h hookRecord) by() Actor { return Actor{Kind: h.Kind, ID: h.ByID, Name: h.ByName} }

// webhook is the receiver without its secret.
func (h hookRecord) webhook(mailbox Address, active bool, now time.Time) Webhook {
	w := Webhook{ID: h.ID, Mailbox: mailbox, URL: h.URL, Events: h.Events, By: h.by(), Since: h.Since.time(), Active: active}
	if until := h.Until.time(); now.Before(until) {
		w.Until = until
	}
	return w
}

// toldRecord is one event; its field is its id. It holds outside ids, times and codes alone.
type toldRecord struct {
	Kind         rules.EventKind `cbor:"1,keyasint"`
	At           millis          `cbor:"2,keyasint"`
	Conversation ID              `cbor:"3,keyasint,omitempty"`
	Exchange     ID              `cbor:"4,keyasint,omitempty"`
	Message      ID              `cbor:"5,keyasint,omitempty"`
	State        string          `cbor:"6,keyasint,omitempty"`
	Hooks        []ID            `cbor:"7,keyasint,omitempty"` // who is told
}

func (r toldRecord) event(id ID) WebhookEvent {
	return WebhookEvent{
		ID: id, Kind: r.Kind, At: r.At.time(), Conversation: r.Conversation, Exchange: r.Exchange, Message: r.Message, State: r.State,
	}
}

// callRecord is what became of telling one event to one receiver.
type callRecord struct {
	State    CallState `cbor:"1,keyasint"`
	Attempts int       `cbor:"2,keyasint,omitempty"`
	LastAt   millis    `cbor:"3,keyasint,omitempty"`
	NextAt   millis    `cbor:"4,keyasint,omitempty"`
	Status   int       `cbor:"5,keyasint,omitempty"`
	Fault    CallFault `cbor:"6,keyasint,omitempty"`
}

// call joins an event and what became of it.
func (r callRecord) call(e WebhookEvent) WebhookCall {
	return WebhookCall{
		WebhookEvent: e, State: r.State, Attempts: r.Attempts, LastAt: r.LastAt.time(), NextAt: r.NextAt.time(), Status: r.Status, Fault: r.Fault,
	}
}

// callField returns the field of TableMessages that holds what became of telling an event to a receiver.
func callField(event, hook ID) ID { return event + ":to:" + hook }
