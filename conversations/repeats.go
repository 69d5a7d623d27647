package conversations

import (
	"context"
	"encoding/base64"
	"time"

	"mesbridge/rules"
)

// repeatMark turns the field of TableRefs that marks a repeat into what its message's record keeps of it.
func repeatMark(field string) []byte {
	if field == "" {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(field[1:])
	if err != nil {
		return nil // none of ours
	}
	return b
}

// markField gives back the field.
func markField(mark []byte) string { return "=" + base64.RawURLEncoding.EncodeToString(mark) }

// marksField stands beside a conversation's record: the marks of messages that were erased, up to one.
func marksField(thread, upTo ID) ID { return thread + ":marks:" + upTo }

// marksRecord is the value under marksField.
type marksRecord struct {
	Marks [][]byte `cbor:"1,keyasint"`
}

// outlive keeps the marks of messages that a decision erases, and lets them go later: an operator who
// repeats one of them meanwhile gets the answer of the first time, and no second message appears.
func (l *loaded) outlive(d *decision, e Effect, marks [][]byte) {
	if len(marks) == 0 {
		return
	}
	d.records = append(d.records, Record{
		Table: TableConversations, Field: string(marksField(e.Thread, e.Message)), Value: pack(marksRecord{Marks: marks}),
	})
	place := l.svc.name("forget", string(l.id)+string(e.Thread)+string(e.Message))
	d.timed = append(d.timed, Effect{
		ID: l.id.Shard() + "q" + lowerBase32(place[:15]), Kind: EffectForget, Thread: e.Thread, Message: e.Message,
		At: d.verdict.Change.At.Add(rules.RepeatFor),
	})
}

// forget removes the marks that outlived their messages long enough, and traces how many there were.
func (s *Service) forget(ctx context.Context, e Effect) (time.Time, error) {
	field := marksField(e.Thread, e.Message)
	l, err := s.load(ctx, e.Patient, FactsQuery{Conversations: []ID{field}})
	if err != nil && KindOf(err) == KindMailboxUnknown { // erased whole meanwhile
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	value := l.facts.Conversations[field]
	if value == nil { // done before a crash
		return time.Time{}, nil
	}
	var r marksRecord
	if err := unpack(value, &r); err != nil {
		return time.Time{}, unavailable("open records", err)
	}
	gone := []Record{{Table: TableConversations, Field: string(field)}}
	for _, mark := range r.Marks {
		gone = append(gone, Record{Table: TableRefs, Field: markField(mark)})
	}
	f := entryFrame{Kind: TracePurge, Conversation: e.Thread, Actor: ActorSystem, Code: PurgedMarks, Count: len(r.Marks), UpTo: toMillis(e.At)}
	return time.Time{}, l.touch(ctx, Actor{Kind: ActorSystem}, f, gone...)
}

// PurgedMarks is the code of a purge of marks that recognise repeated messages.
const PurgedMarks = "repeat-marks"
