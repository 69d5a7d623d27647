package conversations_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"slices"
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

// memory keeps keys, bodies and journal entries in maps: what the service does with them is tested here,
// what the real ones promise is tested beside them.
type memory struct {
	mu      sync.Mutex
	keys    map[conversations.PatientID]conversations.DataKey
	ins     map[conversations.PatientID]rules.INS
	bodies  map[conversations.ID][]byte
	owners  map[conversations.ID]conversations.PatientID // of bodies
	journal map[string]map[uint64][]byte
	failing bool            // Append fails
	refused string          // the shard whose entries Append does not take
	seen    map[string]bool // entries that actors leaves out
}

// refuse makes Append fail for one shard, or for none.
func (m *memory) refuse(shard string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused = shard
}

func newMemory() *memory {
	return &memory{
		keys: map[conversations.PatientID]conversations.DataKey{}, ins: map[conversations.PatientID]rules.INS{},
		bodies: map[conversations.ID][]byte{}, owners: map[conversations.ID]conversations.PatientID{}, journal: map[string]map[uint64][]byte{},
	}
}

func (m *memory) keystore() conversations.Keys    { return memoryKeys{m} }
func (m *memory) bodystore() conversations.Bodies { return memoryBodies{m} }

type memoryKeys struct{ *memory }

func (m memoryKeys) Create(ctx context.Context, p conversations.PatientID, ins rules.INS) (conversations.DataKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.keys[p]; ok {
		return k, nil
	}
	var k conversations.DataKey
	_, _ = rand.Read(k[:])
	m.keys[p], m.ins[p] = k, ins
	return k, nil
}

func (m memoryKeys) Key(_ context.Context, p conversations.PatientID) (conversations.DataKey, rules.INS, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.keys[p]
	if !ok {
		return k, "", conversations.ErrNotFound
	}
	return k, m.ins[p], nil
}

func (m memoryKeys) Erase(_ context.Context, p conversations.PatientID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.keys, p)
	delete(m.ins, p)
	return nil
}

type memoryBodies struct{ *memory }

func (m memoryBodies) Remove(_ context.Context, _ conversations.PatientID, ids ...conversations.ID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		delete(m.bodies, id)
	}
	return nil
}

func (m memoryBodies) RemoveAll(_ context.Context, p conversations.PatientID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.bodies, func(id conversations.ID, _ []byte) bool { return m.owners[id] == p })
	return nil
}

func (m memoryBodies) Create(_ context.Context, p conversations.PatientID, id conversations.ID, _ conversations.DataKey) (conversations.BodyWriter, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.owners[id] = p
	return &memoryBody{memory: m.memory, id: id}, nil
}

func (m memoryBodies) Open(_ context.Context, _ conversations.PatientID, id conversations.ID, _ conversations.DataKey) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.bodies[id]
	if !ok {
		return nil, conversations.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

type memoryBody struct {
	*memory
	bytes.Buffer
	id conversations.ID
}

func (b *memoryBody) Commit() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bodies[b.id] = bytes.Clone(b.Bytes())
	return nil
}

func (b *memoryBody) Abort() error { return nil }

func (m *memory) Append(_ context.Context, e conversations.JournalEntry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing || m.refused != "" && m.refused == e.Shard {
		return io.ErrShortWrite
	}
	if m.journal[e.Shard] == nil {
		m.journal[e.Shard] = map[uint64][]byte{}
	}
	m.journal[e.Shard][e.Sequence] = e.Entry
	return nil
}

func (m *memory) Note(ctx context.Context, e conversations.JournalEntry) error {
	return m.Append(ctx, e)
}

// own is the chain of events that change no state.
const own = "own"

func (m *memory) Local(ctx context.Context, at time.Time, entry []byte) error {
	head, err := m.Head(ctx, own)
	if err != nil {
		return err
	}
	return m.Append(ctx, conversations.JournalEntry{Shard: own, Sequence: head + 1, At: at, Entry: entry})
}

func (m *memory) Fill(ctx context.Context, s conversations.Store, shard string) error {
	entries, err := s.Journal(ctx, shard, 0, 1_000_000)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := m.Append(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Head(_ context.Context, shard string) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var head uint64
	for seq := range m.journal[shard] {
		head = max(head, seq)
	}
	return head, nil
}

func (m *memory) About(_ context.Context, p conversations.PatientID, before uint64, limit int) ([]conversations.JournalEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	shard := m.journal[p.Shard()]
	var found []conversations.JournalEntry
	for _, seq := range slices.Backward(slices.Sorted(maps.Keys(shard))) {
		if whom, ok := conversations.EntryPatient(shard[seq]); ok && whom == p && (before == 0 || seq < before) && len(found) < limit {
			found = append(found, conversations.JournalEntry{Shard: p.Shard(), Sequence: seq, Entry: shard[seq]})
		}
	}
	return found, nil
}

// entries counts what was done, without the traces of what had to follow it.
func (m *memory) entries() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, shard := range m.journal {
		for _, entry := range shard {
			if t, err := conversations.ReadTrace(conversations.JournalEntry{Entry: entry}); err != nil || t.Kind != conversations.TraceEffect {
				n++
			}
		}
	}
	return n
}

// plainMail writes a draft as JSON and shows it again: the service does not look into messages.
type plainMail struct{}

func (plainMail) View(raw io.Reader) (conversations.View, error) {
	var d conversations.Draft
	if err := json.NewDecoder(raw).Decode(&d); err != nil {
		return conversations.View{}, err
	}
	v := conversations.View{Text: d.Text}
	for i, a := range d.Attachments {
		p := conversations.Part{Index: i, Name: a.Name, Type: a.Type, Bytes: int64(len(a.Content))}
		if a.Type == documentOf {
			p.Matricules = [][]string{strings.Fields(string(a.Content))}
			p.Documents = []conversations.HealthDocument{{
				Title: a.Name, Embedded: []conversations.Part{{Index: 100 + i, Name: "inside.pdf", Bytes: int64(len(a.Content))}},
			}}
		}
		v.Attachments = append(v.Attachments, p)
	}
	return v, nil
}

// documentOf is the type of an attachment that stands for a document of the patients whom it lists, with a file
// of the same content inside.
const documentOf = "x-test/matricules"

func (plainMail) Part(raw io.Reader, index int, w io.Writer) error {
	var d conversations.Draft
	if err := json.NewDecoder(raw).Decode(&d); err != nil {
		return err
	}
	_, err := w.Write(d.Attachments[index%100].Content)
	return err
}

// Matricules tells whose the documents are.
func (plainMail) Matricules(raw io.Reader) ([][]string, error) {
	var d conversations.Draft
	err := json.NewDecoder(raw).Decode(&d)
	return matriculesOf(d), err
}

func matriculesOf(d conversations.Draft) (all [][]string) {
	for _, a := range d.Attachments {
		if a.Type == documentOf {
			all = append(all, strings.Fields(string(a.Content)))
		}
	}
	return all
}

func (plainMail) Original(raw io.Reader, people conversations.People, w io.Writer) error {
	var d conversations.Draft
	if err := json.NewDecoder(raw).Decode(&d); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(map[string]any{"people": people, "text": d.Text})
}

func (plainMail) References(raw io.Reader) ([]string, error) {
	var d conversations.Draft
	err := json.NewDecoder(raw).Decode(&d)
	return append(d.References, d.MessageID), err
}

func (plainMail) Compose(d conversations.Draft, w io.Writer) error {
	return json.NewEncoder(w).Encode(d)
}

// tables is a directory of a few mailboxes; every domain but gone.test is trusted.
type tables struct {
	mu    sync.Mutex
	known map[string]conversations.Mailbox
}

func (d *tables) Mailbox(a conversations.Address) conversations.Mailbox {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.known[a.Canonical()]
	m.Address = a
	return m
}

func (d *tables) Held(person string) []conversations.Mailbox {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []conversations.Mailbox
	for _, m := range d.known {
		if m.Person == person {
			list = append(list, m)
		}
	}
	return list
}

func (d *tables) Trusted(domain string) bool { return domain != "gone.test" }

func (d *tables) add(address string, m conversations.Mailbox) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a, err := rules.ParseAddress(address); err == nil {
		m.Address = a
	}
	d.known[strings.ToLower(address)] = m
}

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
