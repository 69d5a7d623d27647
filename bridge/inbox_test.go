package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// inbox is a bridge.Inbox in memory.
type inbox struct {
	mu       sync.Mutex
	refused  map[rules.INS]error // answer of Recipient
	senders  map[string]error    // answer of Recipient by sender, canonical
	receive  map[rules.INS]error // answer of Receive
	bodies   map[conversations.ID]*body
	messages []conversations.Incoming
	reports  []string // recipients without a patient, and why
	told     []conversations.Feedback
	filing   error                   // of Feedback
	bounced  []rules.INS             // patients whose refusal is reported
	asked    []conversations.Address // senders given to Recipient
	broken   error                   // of writing to a body
	discard  bool                    // bodies count their octets and forget them
	takes    func(rules.INS)         // called by Recipient, when it is there
	gate     chan struct{}           // Receive waits for it when it is there
}

func newInbox() *inbox {
	return &inbox{
		refused: map[rules.INS]error{}, senders: map[string]error{}, receive: map[rules.INS]error{},
		bodies: map[conversations.ID]*body{},
	}
}

// Feedback implements bridge.Inbox.
func (i *inbox) Feedback(_ context.Context, _ conversations.PatientID, f conversations.Feedback) (conversations.FeedbackOutcome, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.filing != nil {
		return "", i.filing
	}
	i.told = append(i.told, f)
	return conversations.FeedbackNoted, nil
}

// body is the bytes of one message.
type body struct {
	lockedBuffer
	committed, aborted bool
	fails              error
	discard            bool
	octets             int
}

func (b *body) Write(p []byte) (int, error) {
	if b.fails != nil {
		return 0, b.fails
	}
	b.mu.Lock()
	b.octets += len(p)
	b.mu.Unlock()
	if b.discard {
		return len(p), nil
	}
	return b.lockedBuffer.Write(p)
}

func (b *body) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.octets
}

func (b *body) Commit() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.committed = true
	return nil
}

func (b *body) Abort() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.aborted = !b.committed
	return nil
}

func (i *inbox) Recipient(_ context.Context, ins rules.INS, sender conversations.Address) (conversations.PatientID, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked = append(i.asked, sender)
	if i.takes != nil {
		i.takes(ins)
	}
	if err := i.senders[sender.Canonical()]; err != nil {
		return "", err
	}
	return conversations.PatientID("p" + string(ins)), i.refused[ins]
}

func (i *inbox) NewBody(context.Context, conversations.PatientID) (conversations.ID, conversations.BodyWriter, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	id := conversations.ID(fmt.Sprintf("00%04d", len(i.bodies)))
	i.bodies[id] = &body{fails: i.broken, discard: i.discard}
	return id, i.bodies[id], nil
}

func (i *inbox) Receive(_ context.Context, in conversations.Incoming) (bool, error) {
	if i.gate != nil {
		<-i.gate
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.bodies[in.Message].committed {
		return false, errors.New("the body is not durable")
	}
	if err := i.receive[in.INS]; err != nil {
		return false, err
	}
	i.messages = append(i.messages, in)
	return false, nil
}

func (i *inbox) Bounce(_ context.Context, in conversations.Incoming, refusal error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if conversations.KindOf(refusal).Temporary() {
		return errors.New("a temporary refusal is no failure yet")
	}
	if in.Patient == "" {
		i.reports = append(i.reports, in.Recipient.Wire()+" "+string(conversations.KindOf(refusal)))
		return nil
	}
	i.bounced = append(i.bounced, in.INS)
	return nil
}

// taken returns the messages that were committed, with their bytes.
func (i *inbox) taken() (messages []conversations.Incoming, bodies []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, m := range i.messages {
		messages = append(messages, m)
		bodies = append(bodies, i.bodies[m.Message].String())
	}
	return messages, bodies
}

// stored returns how many octets the bodies hold.
func (i *inbox) stored() (n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, b := range i.bodies {
		n += b.size()
	}
	return n
}
