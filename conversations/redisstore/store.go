package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Options are the choices of a store. The zero value is usable.
type Options struct {
	// Sweep is how often Claim looks at every shard, by the instants it is given: the longest that
	// an effect waits whose announcement was lost, or that another process put off. Zero means a
	// second; negative means at each Claim.
	Sweep time.Duration
	// Bridge names this process among those that share the store, the same at each start. With it, Trim
	// forgets only what all of them keep. Empty: there is no other.
	Bridge string
	// Bridges is how many there are: nothing is forgotten before so many have called once, so that the last
	// one to start for the first time finds all of the journal.
	Bridges int
	// Now is the clock by which a bridge is known to be away; needed with Bridge.
	Now func() time.Time
	// Replicated says that the client's writes wait for replicas. Journal then lists only what replicas
	// hold too: an entry that the loss of a master could take back must not be kept outside.
	Replicated bool
	// Log receives what Run cannot tell otherwise; nil discards it. No entry names a patient.
	Log *slog.Logger
}

// Store is a [conversations.Store] on Redis. It is safe for concurrent use.
type Store struct {
	client  redis.UniversalClient
	scripts scripts
	log     *slog.Logger

	agenda *agenda
	wake   chan struct{}

	bridge     string
	bridges    int
	now        func() time.Time
	replicated bool

	origin    string                       // names this process in announcements
	announce  chan int                     // shards whose due effects other processes are to hear of
	forgotten chan conversations.PatientID // patients whose data key another process erased
	watchers  watchers
}

var _ conversations.Store = (*Store)(nil)

// maxAnnounced is how many announcements wait for Run. More are dropped: the sweep finds the effects.
const maxAnnounced = 4 * shardCount

// maxForgotten is how many erased keys wait for whoever keeps keys. More are dropped: keys are remembered
// for minutes only.
const maxForgotten = 1024

// New returns a store on client, which the caller closes after the last call. It makes no call.
func New(client redis.UniversalClient, o Options) *Store {
	if o.Sweep == 0 {
		o.Sweep = time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Store{
		client:  client,
		scripts: newScripts(),
		log:     o.Log,
		agenda:  newAgenda(o.Sweep),
		wake:    make(chan struct{}, 1),

		bridge:     o.Bridge,
		bridges:    o.Bridges,
		now:        o.Now,
		replicated: o.Replicated,

		origin:    rand.Text(),
		announce:  make(chan int, maxAnnounced),
		forgotten: make(chan conversations.PatientID, maxForgotten),
	}
}

// Owner returns the patient that an outside id belongs to. An id that is not of the form of ids is
// not looked for.
func (s *Store) Owner(ctx context.Context, id conversations.ID) (conversations.PatientID, error) {
	shard := id.Shard()
	if shard == "" {
		return "", conversations.ErrNotFound
	}
	p, err := s.client.HGet(ctx, idsKey(shard), compactOutside(shard, id)).Result()
	if errors.Is(err, redis.Nil) {
		return "", conversations.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("find owner: %w", err)
	}
	if p, err = expand(shard, p); err != nil {
		return "", fmt.Errorf("find owner: %w", err)
	}
	return conversations.PatientID(p), nil
}

// touchLess is by how many places the keys of tables stand earlier in touch_records.lua than in
// commit.lua.
const touchLess = keyExchanges - 1

// Touch writes records without a version, in one script with their trace.
func (s *Store) Touch(ctx context.Context, p conversations.PatientID, records []conversations.Record, n conversations.Note) (uint64, error) {
	if len(records) == 0 && len(n.Entry) == 0 {
		return 0, nil
	}
	shard := p.Shard()
	w := &writes{shard: shard, args: []any{n.Mark, n.Now.UnixMilli(), n.Entry}}
	if err := w.addRecords(records, touchLess); err != nil {
		return 0, fmt.Errorf("touch records: %w", err)
	}
	sequence, err := s.scripts.touchRecords.Run(ctx, s.client, []string{
		tableKey(conversations.TableExchanges, p),
		tableKey(conversations.TableConversations, p),
		tableKey(conversations.TableMessages, p),
		tableKey(conversations.TableRefs, p),
		journalKey(shard), headKey(shard),
	}, w.args...).Int64()
	switch {
	case err != nil:
		return 0, fmt.Errorf("touch records: %w", err)
	case sequence < 0:
		return 0, conversations.ErrBehind
	}
	if len(records) > 0 {
		s.watchers.wake(p, true)
	}
	return uint64(sequence), nil
}

// errTTL means that Remember was asked to keep an answer for no time, or for ever.
var errTTL = errors.New("time to live below one millisecond")

// Remember keeps answer under key. The server drops it after ttl, cut to the millisecond.
func (s *Store) Remember(ctx context.Context, m rules.MailboxID, key string, answer []byte, ttl time.Duration) ([]byte, error) {
	if ttl < time.Millisecond {
		return nil, fmt.Errorf("remember answer: %w", errTTL)
	}
	kept, err := s.client.SetArgs(ctx, idemKey(m, key), answer,
		redis.SetArgs{Mode: "NX", Get: true, TTL: ttl.Truncate(time.Millisecond)}).Result()
	switch {
	case errors.Is(err, redis.Nil): // the key was free
		return append([]byte(nil), answer...), nil
	case err != nil:
		return nil, fmt.Errorf("remember answer: %w", err)
	}
	return []byte(kept), nil
}

// Ping writes a key in one shard: a server that cannot write (full disk, too few replicas) fails it.
// On a cluster it tells of that shard's master alone, since the other shards are served regardless.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.client.Set(ctx, pingKey(), "1", 0).Err(); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}
