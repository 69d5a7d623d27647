package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/bridge/mail"
	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/rules"
)

// world is the service of the bridge in this process, on a redis-server of its own with the settings of the
// managed one, but without a file. Mail comes in where the SMTP session hands it over, so that a million
// conversations take minutes; what the session, TLS and the disk cost is the same for any number of
// conversations, and left out of what is compared.
type world struct {
	*conversations.Service
	store  *redisstore.Store
	redis  *redis.Client
	server *child
	body   []byte // of every message
	trail  *heads
	end    func() // ends the effects' worker
}

// openWorld starts the server and the service.
func openWorld(ctx context.Context, dir string) (*world, error) {
	socket := filepath.Join(dir, "growth.sock")
	args := append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"}, redisserver.Packing()...)
	server, err := start("redis-server", args...)
	if err != nil {
		return nil, err
	}
	server.drain()
	w := &world{server: server, trail: &heads{}, end: func() {}}
	w.redis = redis.NewClient(&redis.Options{Network: "unix", Addr: socket, PoolSize: 64, ContextTimeoutEnabled: true})
	if err := server.await(ctx, func() (bool, error) { return w.redis.Ping(ctx).Err() == nil, nil }); err != nil {
		return w, err
	}
	one := newLetter(toPatients("cabinet.mssante.fr", "patient.mssante.fr"), small, 0)
	one.write(0, 0, "")
	w.body = bytes.TrimSuffix(one.content, []byte(".\r\n"))
	w.store = redisstore.New(w.redis, redisstore.Options{})
	w.Service = conversations.New(
		conversations.Settings{CitizenDomain: "patient.mssante.fr", MaxReplyBytes: 10_000_000, PatientKey: []byte("a key of the measurement, for hashes")},
		conversations.Ports{
			Store: w.store, Keys: &memoryKeys{}, Bodies: oneBody(w.body), Journal: w.trail, Directory: everybody{},
			Mail: mail.NewCodec(mail.DefaultLimits()), Log: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
		})
	w.work(ctx)
	return w, nil
}

// work does effects until end is called: the index of mailboxes, and notifications, which go nowhere.
func (w *world) work(ctx context.Context) {
	const workers = 8
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	w.end = func() {
		cancel()
		group.Wait()
	}
	done := func(context.Context, conversations.Effect) (time.Time, error) { return time.Time{}, nil }
	group.Go(func() {
		w.Run(ctx, workers, map[conversations.EffectKind]conversations.EffectHandler{conversations.EffectNotify: done})
	})
}

// close ends everything.
func (w *world) close() error {
	w.end()
	return errors.Join(w.redis.Close(), w.server.stop())
}

// enrol makes the n-th patient.
func (w *world) enrol(ctx context.Context, n int) (conversations.Patient, error) {
	const modulus = 97 // of the key of a matricule INS
	base := uint64(2_790_351_000_000) + uint64(n)
	ins := rules.INS(fmt.Sprintf("%d%02d", base, modulus-base%modulus))
	return w.Enrol(ctx, conversations.Actor{Kind: conversations.ActorSystem}, ins, "Camille Durand", rules.Active)
}

// receive takes the i-th message of a conversation, from 0, for a patient.
func (w *world) receive(ctx context.Context, p conversations.Patient, conversation uint64, i int) error {
	id, body, err := w.NewBody(ctx, p.ID)
	if err != nil {
		return err
	}
	if err := body.Commit(); err != nil {
		return err
	}
	name := func(i int) string { return fmt.Sprintf("%010d.%d@mesure.mssante.fr", conversation, i) }
	from := conversations.Address{Local: fmt.Sprintf("medecin-%03d", conversation%senders), Domain: "cabinet.mssante.fr"}
	in := conversations.Incoming{
		Patient: p.ID, INS: p.INS, Message: id, Envelope: from, From: conversations.NamedAddress{Name: "Dr Mesure", Address: from},
		MessageID: name(i), Subject: "Mesure " + strconv.FormatUint(conversation, 10), HasText: true, Bytes: int64(len(w.body)),
		Peer: conversations.Actor{Kind: conversations.ActorOperator, ID: "CN=smtp.cabinet.mssante.fr"},
	}
	in.SHA256 = sha256.Sum256([]byte(name(i)))
	in.Digest = in.SHA256
	if i > 0 {
		in.Subject, in.References = "Re: "+in.Subject, []string{name(i - 1)}
	}
	again, err := w.Receive(ctx, in)
	if err == nil && again {
		err = fmt.Errorf("message %s was taken for one that had come", name(i))
	}
	return err
}

// heads is a journal that keeps where each shard is, and no entry.
type heads struct {
	mu sync.Mutex
	at map[string]uint64
}

func (h *heads) Append(_ context.Context, e conversations.JournalEntry) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at == nil {
		h.at = map[string]uint64{}
	}
	h.at[e.Shard] = max(h.at[e.Shard], e.Sequence)
	return nil
}

func (h *heads) Note(ctx context.Context, e conversations.JournalEntry) error {
	return h.Append(ctx, e)
}

func (h *heads) Local(context.Context, time.Time, []byte) error { return nil }

func (h *heads) Fill(context.Context, conversations.Store, string) error { return nil }

func (h *heads) Head(_ context.Context, shard string) (uint64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at[shard], nil
}

// trim lets the store forget what came up to now, as the journal does with what is on disk.
func (w *world) trim(ctx context.Context) error {
	w.trail.mu.Lock()
	defer w.trail.mu.Unlock()
	for shard, upTo := range w.trail.at {
		if err := w.store.Trim(ctx, shard, upTo); err != nil {
			return err
		}
	}
	return nil
}

// memoryKeys keeps keys in memory.
type memoryKeys struct{ all sync.Map }

type keptKey struct {
	key conversations.DataKey
	ins rules.INS
}

func (k *memoryKeys) Create(_ context.Context, p conversations.PatientID, ins rules.INS) (conversations.DataKey, error) {
	fresh := keptKey{ins: ins}
	_, _ = rand.Read(fresh.key[:])
	kept, _ := k.all.LoadOrStore(p, fresh)
	one, _ := kept.(keptKey)
	return one.key, nil
}

func (k *memoryKeys) Key(_ context.Context, p conversations.PatientID) (conversations.DataKey, rules.INS, error) {
	kept, ok := k.all.Load(p)
	if !ok {
		return conversations.DataKey{}, "", conversations.ErrNotFound
	}
	one, _ := kept.(keptKey)
	return one.key, one.ins, nil
}

func (k *memoryKeys) Erase(_ context.Context, p conversations.PatientID) error {
	k.all.Delete(p)
	return nil
}

// oneBody is the content of every message.
type oneBody []byte

func (b oneBody) Create(context.Context, conversations.PatientID, conversations.ID, conversations.DataKey) (conversations.BodyWriter, error) {
	return noBody{io.Discard}, nil
}

func (b oneBody) Open(context.Context, conversations.PatientID, conversations.ID, conversations.DataKey) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (oneBody) Remove(context.Context, conversations.PatientID, ...conversations.ID) error {
	return nil
}

func (oneBody) RemoveAll(context.Context, conversations.PatientID) error { return nil }

type noBody struct{ io.Writer }

func (noBody) Commit() error { return nil }

func (noBody) Abort() error { return nil }

// everybody is a directory that trusts every domain and knows no name.
type everybody struct{}

func (everybody) Mailbox(a conversations.Address) conversations.Mailbox {
	return conversations.Mailbox{Address: a}
}

func (everybody) Trusted(string) bool { return true }

func (everybody) Held(string) []conversations.Mailbox { return nil }
