package storetest

import (
	"testing"

	"mesbridge/conversations"
)

func touchContracts() []contract {
	return []contract{
		{"Touch/writesAndDeletes_withoutVersion", touchRecords},
		{"Touch/ofNothing_doesNothing", touchNothing},
	}
}

func touchRecords(t *testing.T, s conversations.Store) {
	conv, msg := idOf(alice, "conv"), idOf(alice, "msg")
	out := msg + ":out:" + conversations.ID(surgery)
	commit(t, s, alice, change(0, "op-1"))
	touch := func(records ...conversations.Record) {
		t.Helper()
		if err := s.Touch(t.Context(), alice, records); err != nil {
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
	if err := s.Touch(t.Context(), alice, nil); err != nil {
		t.Fatalf("Touch: %v", err)
	}
	wantEqual(t, "version", facts(t, s, alice, conversations.FactsQuery{}).Version, 0)
}
