package redisstore

import (
	"context"
	"errors"
	"fmt"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// errReply means that a script answered in another form than its header says.
var errReply = errors.New("unexpected reply of a script")

// besideConversation are the endings of the fields that are read with a conversation.
var besideConversation = [...]string{"", ":read", ":draft"}

// factsArgs is how many arguments of load_facts.lua stand before the fields.
const factsArgs = 6

// Facts reads in one script, hence at one version.
func (s *Store) Facts(ctx context.Context, p conversations.PatientID, q conversations.FactsQuery) (conversations.Facts, error) {
	keys := []string{
		patientKey(p),
		tableKey(conversations.TableExchanges, p),
		tableKey(conversations.TableConversations, p),
		tableKey(conversations.TableMessages, p),
		tableKey(conversations.TableRefs, p),
		headKey(p.Shard()),
	}
	f := factsFields(p.Shard(), q)
	reply, err := s.scripts.loadFacts.RunRO(ctx, s.client, keys, f.args...).Slice()
	if err != nil {
		return conversations.Facts{}, fmt.Errorf("load facts: %w", err)
	}
	facts, err := f.read(reply)
	if err != nil {
		return conversations.Facts{}, fmt.Errorf("load facts: %w", err)
	}
	return facts, nil
}

// factsQuestion is a query as load_facts.lua takes it, with what is needed to read the reply.
type factsQuestion struct {
	shard         string
	query         conversations.FactsQuery
	operation     string // digest, "" for none
	conversations []conversations.ID
	args          []any
}

// factsFields lays out the arguments of load_facts.lua.
func factsFields(shard string, q conversations.FactsQuery) factsQuestion {
	f := factsQuestion{shard: shard, query: q}
	if q.Operation != "" {
		f.operation = digest(q.Operation)
	}
	pairs, marks := len(q.Exchanges), 0
	if q.AllExchanges {
		pairs = -1
	}
	if q.Repeat != "" {
		marks = 1
	}
	for _, id := range q.Conversations {
		for _, ending := range besideConversation {
			f.conversations = append(f.conversations, id+conversations.ID(ending))
		}
	}
	for _, v := range q.Episodes {
		f.conversations = append(f.conversations, conversations.ID(conversations.EpisodeField(v)))
	}
	f.args = make([]any, 0, factsArgs+len(q.Exchanges)+len(q.Refs)+marks+len(f.conversations)+len(q.Messages))
	f.args = append(f.args, f.operation, pairs, len(q.Refs), marks, len(f.conversations), len(q.Messages))
	if !q.AllExchanges {
		appendFields(&f, conversations.TableExchanges, q.Exchanges)
	}
	appendFields(&f, conversations.TableRefs, q.Refs)
	if q.Repeat != "" {
		appendFields(&f, conversations.TableRefs, []string{q.Repeat})
	}
	appendFields(&f, conversations.TableConversations, f.conversations)
	appendFields(&f, conversations.TableMessages, q.Messages)
	return f
}

// appendFields appends fields of a table as plain strings, the only form that go-redis sends.
func appendFields[T ~string](f *factsQuestion, t conversations.Table, fields []T) {
	for _, field := range fields {
		f.args = append(f.args, compactField(f.shard, t, string(field)))
	}
}

// read turns the reply of load_facts.lua into facts.
func (f factsQuestion) read(reply []any) (conversations.Facts, error) {
	if len(reply) != 10 {
		return conversations.Facts{}, errReply
	}
	version, okVersion := reply[0].(int64)
	head, okHead := reply[9].(int64)
	if !okVersion || !okHead {
		return conversations.Facts{}, errReply
	}
	facts := conversations.Facts{
		Version:      rules.Seq(version), //nolint:gosec // a version counts up from 0
		Head:         uint64(head),       //nolint:gosec // so does a sequence
		Patient:      value(reply[1]),
		ThreadRecord: value(reply[4]),
	}
	var err [6]error
	facts.Thread, err[3] = f.expanded(reply[3], expandWay)
	facts.Repeat, err[4] = f.expanded(reply[5], expand)
	if kept, ok := reply[2].(string); ok {
		done, failed := findOperation(kept, f.operation)
		if failed != nil {
			return conversations.Facts{}, failed
		}
		facts.Done = true
		facts.Answer, err[5] = f.expanded(string(done.answer), expand)
	}
	if f.query.AllExchanges {
		facts.Exchanges, err[0] = exchanges(reply[6])
	} else {
		facts.Exchanges, err[0] = named(f.query.Exchanges, reply[6])
	}
	facts.Conversations, err[1] = named(f.conversations, reply[7])
	facts.Messages, err[2] = named(f.query.Messages, reply[8])
	facts.Episodes = takeEpisodes(facts.Conversations, f.query.Episodes)
	return facts, errors.Join(err[:]...)
}

// takeEpisodes moves the records of episodes out of those read from TableConversations.
func takeEpisodes(read map[conversations.ID][]byte, asked []rules.VisitID) map[rules.VisitID][]byte {
	episodes := make(map[rules.VisitID][]byte, len(asked))
	for _, v := range asked {
		field := conversations.ID(conversations.EpisodeField(v))
		if b, ok := read[field]; ok {
			episodes[v] = b
			delete(read, field)
		}
	}
	return episodes
}

// value returns a record, nil where there is none.
func value(v any) []byte {
	s, ok := v.(string)
	if !ok {
		return nil
	}
	return []byte(s)
}

// named maps the names asked to the values of a list; a missing value is left out.
func named[T ~string](names []T, list any) (map[T][]byte, error) {
	values, ok := list.([]any)
	if !ok || len(values) != len(names) {
		return nil, errReply
	}
	m := make(map[T][]byte, len(names))
	for i, v := range values {
		if s, ok := v.(string); ok {
			m[names[i]] = []byte(s)
		}
	}
	return m, nil
}

// expanded gives back the text of a compact value, nil where there is none.
func (f factsQuestion) expanded(v any, expand func(shard, s string) (string, error)) ([]byte, error) {
	compact, ok := v.(string)
	if !ok {
		return nil, nil
	}
	s, err := expand(f.shard, compact)
	return []byte(s), err
}

// exchanges maps the fields of a patient's own HASH that are exchanges to their values, of a list of fields and
// values in turn.
func exchanges(list any) (map[rules.MailboxID][]byte, error) {
	values, ok := list.([]any)
	if !ok || len(values)%2 != 0 {
		return nil, errReply
	}
	m := make(map[rules.MailboxID][]byte, len(values)/2)
	for i := 0; i < len(values); i += 2 {
		field, isField := values[i].(string)
		record, isRecord := values[i+1].(string)
		if !isField || !isRecord || field == "" {
			return nil, errReply
		}
		if field[0] != formHash && field[0] != formText {
			continue
		}
		name, err := expand("", field)
		if err != nil {
			return nil, err
		}
		m[rules.MailboxID(name)] = []byte(record)
	}
	return m, nil
}
