package redisstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Numbers of the keys of commit.lua.
const (
	keyPatient = iota + 1
	keyExchanges
	keyConversations
	keyMessages
	keyRefs
	keyInbox
	keyIDs
	keyEffects
	keyDue
)

var (
	// errNoEntry means that a commit has no journal entry: nothing changes without a trace.
	errNoEntry = errors.New("commit without a journal entry")
	// errForeignID means that a commit holds an id of another shard, which would never be found.
	errForeignID = errors.New("commit with an id of another shard")
	// errTable means that a record is of no table of a patient.
	errTable = errors.New("unknown table")
)

// Commit makes a change in one script.
//
// When go-redis repeats the script because the connection was lost, the answer is the one of the
// first time, as if nothing had been lost. When the caller gives the operation again, Repeated is set
// and Version is the one that the first commit gave. An operation that has no id is kept under a
// name of its own, so that the former holds for it too.
func (s *Store) Commit(ctx context.Context, p conversations.PatientID, c conversations.Commit) (conversations.Committed, error) {
	id, call := names(c.Operation, sha256.Sum256(c.Entry))
	args, err := commitArgs(p, c, id+call)
	if err != nil {
		return conversations.Committed{}, fmt.Errorf("commit: %w", err)
	}
	reply, err := s.scripts.commit.Run(ctx, s.client, commitKeys(p), args...).Slice()
	if err != nil {
		return conversations.Committed{}, fmt.Errorf("commit: %w", err)
	}
	done, err := readCommitted(p.Shard(), reply, id, call)
	if err != nil {
		return conversations.Committed{}, err
	}
	if done.Repeated {
		return done, nil
	}
	done.Answer = append([]byte(nil), c.Answer...)
	s.noteEffects(p.Shard(), c.Effects, c.Now)
	s.watchers.wake(p, true)
	return done, nil
}

// commitKeys lists the keys of commit.lua.
func commitKeys(p conversations.PatientID) []string {
	shard := p.Shard()
	return []string{
		patientKey(p),
		tableKey(conversations.TableExchanges, p),
		tableKey(conversations.TableConversations, p),
		tableKey(conversations.TableMessages, p),
		tableKey(conversations.TableRefs, p),
		inboxKey(p),
		idsKey(shard), effectsKey(shard), dueKey(shard), journalKey(shard), headKey(shard),
	}
}

// tableNumber returns the number of a table's key in commit.lua, 0 for a table that is none.
func tableNumber(t conversations.Table) int {
	switch t {
	case conversations.TableExchanges:
		return keyExchanges
	case conversations.TableConversations:
		return keyConversations
	case conversations.TableMessages:
		return keyMessages
	case conversations.TableRefs:
		return keyRefs
	}
	return 0
}

// commitArgs lays out the arguments of commit.lua.
func commitArgs(p conversations.PatientID, c conversations.Commit, operation string) ([]any, error) {
	if len(c.Entry) == 0 {
		return nil, errNoEntry
	}
	if !ownIDs(p.Shard(), c) {
		return nil, errForeignID
	}
	shard := p.Shard()
	w := newWrites(shard, c)
	w.args = append(w.args, uint64(c.Version), operation, compactID(shard, string(c.Answer)), c.Now.UnixMilli(), c.Entry, c.Mark)
	if c.Erase {
		for key := keyExchanges; key <= keyInbox; key++ {
			w.add(key, "DEL")
		}
	}
	if c.Patient != nil {
		w.add(keyPatient, "HSET", "r", c.Patient)
	}
	if err := w.addRecords(c.Records, 0); err != nil {
		return nil, err
	}
	for id, at := range c.Inbox {
		w.add(keyInbox, "ZADD", at.UnixMilli(), compactID(shard, string(id)))
	}
	for _, id := range c.Gone {
		w.add(keyInbox, "ZREM", compactID(shard, string(id)))
	}
	for _, id := range c.IDs {
		w.add(keyIDs, "HSET", compactOutside(shard, id), compactHash(string(p)))
	}
	for _, e := range c.Effects {
		w.add(keyEffects, "HSET", e.ID, packEffect(e))
	}
	for _, e := range c.Effects {
		w.add(keyDue, "ZADD", e.At.UnixMilli(), e.ID)
	}
	return w.args, nil
}

// ownIDs reports whether every outside id and effect id of c is of the shard.
func ownIDs(shard string, c conversations.Commit) bool {
	for _, id := range c.IDs {
		if id.Shard() != shard {
			return false
		}
	}
	for _, e := range c.Effects {
		if conversations.ID(e.ID).Shard() != shard {
			return false
		}
	}
	return true
}

// maxJoined is how many arguments one write takes at most: Lua's unpack has a limit of some thousands.
const maxJoined = 1000

// writes collects the arguments of commit.lua.
type writes struct {
	shard   string
	args    []any
	key     int    // of the last write
	command string // of the last write
	count   int    // of its arguments
	counted int    // where the count stands in args
}

// addRecords appends the writes of records. The keys of tables stand less places earlier than in
// commit.lua.
func (w *writes) addRecords(records []conversations.Record, less int) error {
	for _, r := range records {
		table, field := tableNumber(r.Table)-less, compactField(w.shard, r.Table, r.Field)
		switch {
		case tableNumber(r.Table) == 0:
			return errTable
		case r.Value == nil:
			w.add(table, "HDEL", field)
		case r.IfAbsent:
			w.add(table, "HSETNX", field, compactValue(w.shard, r))
		default:
			w.add(table, "HSET", field, compactValue(w.shard, r))
		}
	}
	return nil
}

// newWrites makes room for c.
func newWrites(shard string, c conversations.Commit) *writes {
	const head, each = 6, 5
	n := 1 + len(c.Records) + len(c.Inbox) + len(c.Gone) + len(c.IDs) + 2*len(c.Effects)
	return &writes{shard: shard, args: make([]any, 0, head+each*n)}
}

// add appends one write to the key with that number. It joins the last one when that is alike: each
// command costs the server more than its arguments do. Only HSETNX takes one field alone.
func (w *writes) add(key int, command string, args ...any) {
	if w.key != key || w.command != command || command == "HSETNX" || w.count+len(args) > maxJoined {
		w.key, w.command, w.count, w.counted = key, command, 0, len(w.args)+2
		w.args = append(w.args, key, command, 0)
	}
	w.args = append(w.args, args...)
	w.count += len(args)
	w.args[w.counted] = w.count
}

// readCommitted reads the reply of commit.lua to the call of an operation, but for a new answer.
func readCommitted(shard string, reply []any, operation, call string) (conversations.Committed, error) {
	if len(reply) == 0 {
		return conversations.Committed{}, fmt.Errorf("commit: %w", errReply)
	}
	switch {
	case reply[0] == int64(commitConflict):
		return conversations.Committed{}, conversations.ErrConflict
	case reply[0] == int64(commitBehind):
		return conversations.Committed{}, conversations.ErrBehind
	case reply[0] == int64(commitMade) && len(reply) == 3:
		version, okVersion := reply[1].(int64)
		sequence, okSequence := reply[2].(int64)
		if okVersion && okSequence {
			//nolint:gosec // both count up from 0
			return conversations.Committed{Version: rules.Seq(version), Sequence: uint64(sequence)}, nil
		}
	case reply[0] == int64(commitRepeated) && len(reply) == 2:
		kept, _ := reply[1].(string)
		first, err := findOperation(kept, operation)
		if err != nil {
			return conversations.Committed{}, fmt.Errorf("commit: %w", err)
		}
		if first.call == call { // go-redis repeated this very call
			return conversations.Committed{Version: first.version, Sequence: first.sequence}, nil
		}
		answer, err := expand(shard, string(first.answer))
		if err != nil {
			return conversations.Committed{}, fmt.Errorf("commit: %w", err)
		}
		return conversations.Committed{Version: first.version, Answer: []byte(answer), Repeated: true}, nil
	}
	return conversations.Committed{}, fmt.Errorf("commit: %w", errReply)
}

// noteEffects tells this process, and by Run the others, of effects that were just committed.
func (s *Store) noteEffects(shard string, effects []conversations.Effect, now time.Time) {
	if len(effects) == 0 {
		return
	}
	number := shardNumber(shard)
	due := false
	for _, e := range effects {
		s.agenda.expect(number, e.At.UnixMilli())
		due = due || !e.At.After(now)
	}
	if !due {
		return
	}
	s.signal()
	select {
	case s.announce <- number:
	default: // Run is not there or behind: the others' sweeps find the effects
	}
}
