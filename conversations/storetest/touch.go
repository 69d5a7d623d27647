package storetest

import (
	"errors"
	"testing"
	"time"

	"mesbridge/conversations"
)

func touchContracts() []contract {
	return []contract{
		{"Touch/writesAndDeletes_withoutVersion", touchRecords},
		{"Touch/ofNothing_doesNothing", touchNothing},
		{"Touch/noted_isInTheJournal", touchNoted},
		{"Finish/noted_isInTheJournal", finishNoted},
		{"everyWrite/behindTheMark_isRefused", behindTheMark},
	}
}

func touchRecords(t *testing.T, s conversations.Store) {
	conv, msg := idOf(alice, "conv"), idOf(alice, "msg")
	out := msg + ":out:" + conversations.ID(surgery)
	commit(t, s, alice, change(0, "op-1"))
	touch := func(records ...conversations.Record) {
		t.Helper()
		if _, err := s.Touch(t.Context(), alice, records, conversations.Note{}); err != nil {
			t.Fatalf("Touch: %v", err)
		}
	}
	q := conversations.FactsQuery{Conversations: []conversations.ID{conv}, Messages: []conversations.ID{out}}
	touch(
		conversations.Record{Table: conversations.TableConversations, Field: string(conv) + ":draft", Value: everyByte()},
		conversations.Record{Table: conversations.TableMessages, Field: string(out), Value: []byte("sent")},
	)
	f := facts(t, s, alice, q)
	wantEqual(t, "version", f.Version, 1)
	wantBytes(t, "draft", f.Conversations[conv+":draft"], everyByte())
	wantBytes(t, "outcome", f.Messages[out], []byte("sent"))

	touch(conversations.Record{Table: conversations.TableConversations, Field: string(conv) + ":draft"})
	f = facts(t, s, alice, q)
	wantEqual(t, "conversation fields", len(f.Conversations), 0)
	wantBytes(t, "outcome", f.Messages[out], []byte("sent"))
	commit(t, s, alice, change(1, "op-2")) // the version did not move
}

func touchNothing(t *testing.T, s conversations.Store) {
	if _, err := s.Touch(t.Context(), alice, nil, conversations.Note{}); err != nil {
		t.Fatalf("Touch: %v", err)
	}
	wantEqual(t, "version", facts(t, s, alice, conversations.FactsQuery{}).Version, 0)
}

// note is the trace of a write without a version.
func note(text string) conversations.Note {
	return conversations.Note{Entry: []byte(text), Now: minutes(1)}
}

func touchNoted(t *testing.T, s conversations.Store) {
	commit(t, s, alice, change(0, "op-1"))
	records := []conversations.Record{{Table: conversations.TableConversations, Field: "7fconv:read", Value: []byte("1")}}
	for i, r := range [][]conversations.Record{records, nil} { // with records, and by itself
		sequence, err := s.Touch(t.Context(), alice, r, note("read"))
		if err != nil {
			t.Fatalf("Touch: %v", err)
		}
		wantEqual(t, "sequence", sequence, uint64(i+2))
	}
	entries := journal(t, s, alice.Shard(), 1, 10)
	wantEqual(t, "entries", len(entries), 2)
	wantEqual(t, "entry", string(entries[0].Entry), "read")
	wantEqual(t, "at", entries[0].At, minutes(1))
	wantEqual(t, "version", facts(t, s, alice, conversations.FactsQuery{}).Version, 1)
}

func finishNoted(t *testing.T, s conversations.Store) {
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	lost := claimOne(t, s, noon())
	held := claimOne(t, s, noon().Add(lease))
	for _, step := range []struct {
		claim conversations.Claim
		want  uint64
	}{{lost, 0}, {held, 2}, {held, 0}} { // only the end of the claim that holds leaves a trace
		sequence, err := s.Finish(t.Context(), step.claim, time.Time{}, note("done"))
		if err != nil {
			t.Fatalf("Finish: %v", err)
		}
		wantEqual(t, "sequence", sequence, step.want)
	}
	wantEqual(t, "entries", len(journal(t, s, alice.Shard(), 1, 10)), 1)
	heads, err := s.Heads(t.Context())
	if err != nil {
		t.Fatalf("Heads: %v", err)
	}
	wantEqual(t, "head of the shard", heads[0x7f], 2)
	wantEqual(t, "head of another", heads[0], 0)
}

// behindTheMark checks that a store which lost entries takes no write that would hide it (D17).
func behindTheMark(t *testing.T, s conversations.Store) {
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	held := claimOne(t, s, noon())
	c := change(1, "op-2")
	c.Mark = 2
	_, errCommit := s.Commit(t.Context(), alice, c)
	n := note("late")
	n.Mark = 2
	_, errTouch := s.Touch(t.Context(), alice, nil, n)
	_, errFinish := s.Finish(t.Context(), held, time.Time{}, n)
	for name, err := range map[string]error{"Commit": errCommit, "Touch": errTouch, "Finish": errFinish} {
		if !errors.Is(err, conversations.ErrBehind) {
			t.Errorf("%s: %v, want ErrBehind", name, err)
		}
	}
	wantEqual(t, "head", head(t, s, alice.Shard()), 1)
	c.Mark = 1
	wantEqual(t, "sequence at the mark", commit(t, s, alice, c).Sequence, 2)
}
