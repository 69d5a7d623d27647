package conversations_test

import (
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/rules"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// advance moves the clock.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is a service on a fast fake of Redis, and all that stands around it.
type bench struct {
	*conversations.Service
	t       testing.TB
	redis   *miniredis.Miniredis
	memory  *memory
	tables  *tables
	clock   *clock
	patient conversations.Patient
}

const (
	anINS  = rules.INS("279035121518989")
	doctor = "marie.martin@cabinet.test"
	clinic = "cardiologie@clinique.test"
)

// newBench returns a service with one active patient.
func newBench(t testing.TB, wrap ...func(conversations.Store) conversations.Store) *bench {
	t.Helper()
	m := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	b := &bench{
		t: t, redis: m, memory: newMemory(), tables: &tables{known: map[string]conversations.Mailbox{}},
		clock: &clock{now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)},
	}
	var store conversations.Store = redisstore.New(client, redisstore.Options{Sweep: -1})
	for _, w := range wrap {
		store = w(store)
	}
	b.Service = conversations.New(b.settings(), conversations.Ports{
		Store: store, Keys: b.memory.keystore(), Bodies: b.memory.bodystore(), Journal: b.memory, Acts: b.memory, Directory: b.tables,
		Mail: plainMail{}, Log: slog.New(slog.DiscardHandler), Now: b.clock.Now, Random: rand.Reader,
	})
	p, err := b.Enrol(t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, anINS, "Camille Durand", rules.Active)
	if err != nil {
		t.Fatal(err)
	}
	b.patient = p
	return b
}

func (b *bench) settings() conversations.Settings {
	return conversations.Settings{
		CitizenDomain: "patient.mssante.fr", CheckINSKey: true, MaxReplyBytes: 10_000_000, PatientKey: []byte("a key of the tests, 32 bytes long"),
		Shared: []conversations.SharedMailbox{{
			Address: address(b.t, clinic), Kind: rules.Organisational, Responsible: []conversations.Person{{ID: "899900000041", Name: "Irène Chapuisat"}},
		}},
	}
}

// mail is a message as a test writes it; from, subject and text are enough.
type mail struct {
	from, replyTo, id, subject, text string
	others, refs, header             []string
	documents                        []conversations.Attachment
	bytes                            int64 // size of the whole
}

// receive brings a message in as the SMTP border does.
func (b *bench) receive(m mail) (bool, error) {
	b.t.Helper()
	ctx := b.t.Context()
	p, err := b.Recipient(ctx, anINS, address(b.t, m.from))
	if err != nil {
		return false, err
	}
	id, w, err := b.NewBody(ctx, p)
	if err != nil {
		b.t.Fatal(err)
	}
	if m.id == "" {
		m.id = string(id) + "@operator.test"
	}
	in := conversations.Incoming{
		Patient: p, INS: anINS, Message: id, Envelope: address(b.t, m.from), MessageID: m.id, References: m.refs,
		From: conversations.NamedAddress{Name: "Dr_Marie_MARTIN", Address: address(b.t, m.from)}, Subject: m.subject,
		EndHeaders: m.header, HasText: m.text != "", Digest: [32]byte([]byte((m.subject + m.text + strings.Repeat(" ", 32))[:32])),
		Peer:        conversations.Actor{Kind: conversations.ActorOperator, ID: "CN=smtp.operator.test"},
		Attachments: len(m.documents), Documents: len(m.documents) > 0, Bytes: m.bytes,
	}
	if m.replyTo != "" {
		in.ReplyTo = []conversations.Address{address(b.t, m.replyTo)}
	}
	for _, o := range m.others {
		in.Others = append(in.Others, conversations.NamedAddress{Address: address(b.t, o)})
	}
	if err := (plainMail{}).Compose(conversations.Draft{MessageID: m.id, Text: m.text, Attachments: m.documents}, w); err != nil {
		b.t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		b.t.Fatal(err)
	}
	return b.Receive(ctx, in)
}

// taken brings in a message that must be accepted.
func (b *bench) taken(m mail) {
	b.t.Helper()
	if _, err := b.receive(m); err != nil {
		b.t.Fatalf("message refused: %v", err)
	}
}

// thread returns the patient's conversation with a subject.
func (b *bench) thread(subject string) conversations.Thread {
	b.t.Helper()
	page, err := b.Inbox(b.t.Context(), b.patient.ID, "", 0)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, line := range page.Items {
		if line.Subject == subject {
			return b.read(line.ID)
		}
	}
	b.t.Fatalf("no conversation about %q", subject)
	return conversations.Thread{}
}

func (b *bench) read(id conversations.ID) conversations.Thread {
	b.t.Helper()
	thread, err := b.Thread(b.t.Context(), b.patient.ID, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return thread
}

func (b *bench) reply(id conversations.ID, text string) (conversations.Message, error) {
	b.t.Helper()
	return b.Reply(b.t.Context(), b.self(), b.patient.ID, id, conversations.ReplyInput{Text: text, Choice: rules.ReplyToOne})
}

func (b *bench) self() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorPatient, ID: string(b.patient.ID)}
}

func address(t testing.TB, s string) conversations.Address {
	t.Helper()
	a, err := rules.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wantKind checks the kind of an error.
func wantKind(t testing.TB, err error, want conversations.Kind) {
	t.Helper()
	if err == nil || conversations.KindOf(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
