package conversations_test

import (
	"crypto/rand"
	"log/slog"
	"testing"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/storetest"
	"mesbridge/rules"
)

// another returns the same bench in the hands of another process: a service of its own on the same state,
// without the faults of the first one's store.
func (b *bench) another() *bench {
	b.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: b.redis.Addr()})
	b.t.Cleanup(func() { _ = client.Close() })
	other := *b
	other.Service = conversations.New(b.settings(), conversations.Ports{
		Store: redisstore.New(client, redisstore.Options{Sweep: -1}), Keys: b.memory.keystore(), Bodies: b.memory.bodystore(),
		Journal: b.memory, Acts: b.memory, Directory: b.tables, Mail: plainMail{}, Log: slog.New(slog.DiscardHandler), Now: b.clock.Now, Random: rand.Reader,
	})
	return &other
}

// faultyBench returns a bench whose store a test can make fail.
func faultyBench(t *testing.T) (*bench, *storetest.FaultyStore) {
	t.Helper()
	var faulty *storetest.FaultyStore
	b := newBench(t, func(s conversations.Store) conversations.Store {
		faulty = storetest.Faulty(s)
		return faulty
	})
	return b, faulty
}

// cutAt fails a method once, after nth calls that it lets through: before the call does anything, or after it was made.
func cutAt(faulty *storetest.FaultyStore, m storetest.Method, nth int, made bool) {
	for range nth {
		faulty.Before(m, func() error { return nil })
		faulty.After(m, func() error { return nil })
	}
	if made {
		faulty.FailAfter(m, storetest.ErrDown, 1)
	} else {
		faulty.FailBefore(m, storetest.ErrDown, 1)
	}
}

// hand brings in a message that change has altered, for what the mail of a test does not say. It goes to
// the patient of an INS, who must take it.
func (b *bench) hand(ins rules.INS, m mail, change func(*conversations.Incoming)) {
	b.t.Helper()
	ctx := b.t.Context()
	p, err := b.Recipient(ctx, ins, address(b.t, m.from))
	if err != nil {
		b.t.Fatal(err)
	}
	id, w, err := b.NewBody(ctx, p)
	if err != nil {
		b.t.Fatal(err)
	}
	in := conversations.Incoming{
		Patient: p, INS: ins, Message: id, Envelope: address(b.t, m.from), MessageID: string(id) + "@operator.test", References: m.refs,
		From: conversations.NamedAddress{Name: "Dr Marie MARTIN", Address: address(b.t, m.from)}, Subject: m.subject, HasText: true,
		Peer:        conversations.Actor{Kind: conversations.ActorOperator, ID: "CN=smtp.operator.test"},
		Attachments: len(m.documents), Documents: len(m.documents) > 0,
	}
	if m.id != "" {
		in.MessageID = m.id
	}
	change(&in)
	if err := (plainMail{}).Compose(conversations.Draft{MessageID: in.MessageID, Text: m.text, Attachments: m.documents}, w); err != nil {
		b.t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.Receive(ctx, in); err != nil {
		b.t.Fatal(err)
	}
}

// settle does all effects that are due.
func (b *bench) settle() {
	b.t.Helper()
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{})
}
