package conversations_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"mesbridge/conversations"
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

func (m *memory) keystore() conversations.Keys { return memoryKeys{m} }

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
