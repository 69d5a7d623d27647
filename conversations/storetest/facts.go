package storetest

import (
	"bytes"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func factsContracts() []contract {
	return []contract{
		{"Facts/neverWritten_isVersionZero", factsNeverWritten},
		{"Facts/afterCommit_holdWhatWasWritten", factsHoldRecords},
		{"Facts/missingRecords_areAbsent", factsMissing},
		{"Facts/refs_nearestFirst", factsRefsNearest},
		{"Facts/refWithoutConversation_givesThreadOnly", factsThreadWithoutRecord},
		{"Facts/allExchanges_readsEach", factsAllExchanges},
		{"Facts/thousandsOfRecords", factsMany},
		{"Facts/patientsOfOneShard_areApart", factsApart},
	}
}

// query asks for one of everything that factsHoldRecords writes.
func query() conversations.FactsQuery {
	return conversations.FactsQuery{
		Operation:     "op-1",
		Exchanges:     []rules.MailboxID{surgery, clinic},
		Refs:          []string{"ref-unknown", "ref-1"},
		Repeat:        "=digest",
		Conversations: []conversations.ID{idOf(alice, "conv")},
		Messages:      []conversations.ID{idOf(alice, "msg"), idOf(alice, "other")},
	}
}

func factsNeverWritten(t *testing.T, s conversations.Store) {
	f := facts(t, s, alice, query())
	wantEqual(t, "version", f.Version, 0)
	wantEqual(t, "head", f.Head, 0)
	wantEqual(t, "done", f.Done, false)
	wantBytes(t, "patient", f.Patient, nil)
	wantBytes(t, "answer", f.Answer, nil)
	wantBytes(t, "thread", f.Thread, nil)
	wantBytes(t, "thread record", f.ThreadRecord, nil)
	wantBytes(t, "repeat", f.Repeat, nil)
	wantEqual(t, "records", len(f.Exchanges)+len(f.Conversations)+len(f.Messages), 0)
}

func factsHoldRecords(t *testing.T, s conversations.Store) {
	conv, msg := idOf(alice, "conv"), idOf(alice, "msg")
	c := change(0, "op-1")
	c.Patient, c.Answer = everyByte(), everyByte()
	c.Records = []conversations.Record{
		{Table: conversations.TableExchanges, Field: string(surgery), Value: []byte("exchange")},
		{Table: conversations.TableConversations, Field: string(conv), Value: everyByte()},
		{Table: conversations.TableMessages, Field: string(msg), Value: []byte{}},
		{Table: conversations.TableRefs, Field: "ref-1", Value: []byte(string(conv) + "/" + string(msg))},
		{Table: conversations.TableRefs, Field: "=digest", Value: []byte("repeat")},
	}
	commit(t, s, alice, c)
	_, err := s.Touch(t.Context(), alice, []conversations.Record{
		{Table: conversations.TableConversations, Field: string(conv) + ":read", Value: []byte("read")},
		{Table: conversations.TableConversations, Field: string(conv) + ":draft", Value: []byte("draft")},
	}, conversations.Note{})
	if err != nil {
		t.Fatalf("Touch: %v", err)
	}

	f := facts(t, s, alice, query())
	wantEqual(t, "version", f.Version, 1)
	wantBytes(t, "patient", f.Patient, everyByte())
	wantEqual(t, "done", f.Done, true)
	wantBytes(t, "answer", f.Answer, everyByte())
	wantBytes(t, "exchange", f.Exchanges[surgery], []byte("exchange"))
	wantBytes(t, "thread", f.Thread, []byte(string(conv)+"/"+string(msg)))
	wantBytes(t, "thread record", f.ThreadRecord, everyByte())
	wantBytes(t, "repeat", f.Repeat, []byte("repeat"))
	wantBytes(t, "conversation", f.Conversations[conv], everyByte())
	wantBytes(t, "read mark", f.Conversations[conv+":read"], []byte("read"))
	wantBytes(t, "draft", f.Conversations[conv+":draft"], []byte("draft"))
	wantBytes(t, "message", f.Messages[msg], []byte{})
	wantEqual(t, "records", len(f.Exchanges)+len(f.Conversations)+len(f.Messages), 1+3+1)
}

func factsMissing(t *testing.T, s conversations.Store) {
	commit(t, s, alice, change(0, "op-1"))
	q := query()
	q.Operation = "op-2"
	f := facts(t, s, alice, q)
	wantEqual(t, "version", f.Version, 1)
	wantEqual(t, "done", f.Done, false)
	wantBytes(t, "answer", f.Answer, nil)
	wantBytes(t, "patient", f.Patient, nil)
	if _, there := f.Exchanges[surgery]; there || len(f.Conversations)+len(f.Messages) > 0 {
		t.Errorf("missing records are in the maps: %v %v %v", f.Exchanges, f.Conversations, f.Messages)
	}
}

func factsRefsNearest(t *testing.T, s conversations.Store) {
	c := change(0, "op-1")
	for _, name := range []string{"near", "far"} {
		conv := idOf(alice, name)
		c.Records = append(c.Records,
			conversations.Record{Table: conversations.TableRefs, Field: name, Value: []byte(string(conv) + "/m")},
			conversations.Record{Table: conversations.TableConversations, Field: string(conv), Value: []byte(name)})
	}
	commit(t, s, alice, c)
	for _, tc := range []struct {
		refs []string
		want string
	}{
		{[]string{"near", "far"}, "near"},
		{[]string{"far", "near"}, "far"},
		{[]string{"unknown", "far"}, "far"},
	} {
		f := facts(t, s, alice, conversations.FactsQuery{Refs: tc.refs})
		wantBytes(t, "thread", f.Thread, []byte(string(idOf(alice, tc.want))+"/m"))
		wantBytes(t, "thread record", f.ThreadRecord, []byte(tc.want))
	}
}

func factsThreadWithoutRecord(t *testing.T, s conversations.Store) {
	c := change(0, "op-1")
	c.Records = []conversations.Record{{Table: conversations.TableRefs, Field: "ref", Value: []byte("7fgone/m")}}
	commit(t, s, alice, c)
	f := facts(t, s, alice, conversations.FactsQuery{Refs: []string{"ref"}})
	wantBytes(t, "thread", f.Thread, []byte("7fgone/m"))
	wantBytes(t, "thread record", f.ThreadRecord, nil)
}

func factsAllExchanges(t *testing.T, s conversations.Store) {
	c := change(0, "op-1")
	for _, m := range []rules.MailboxID{surgery, clinic} {
		c.Records = append(c.Records, conversations.Record{
			Table: conversations.TableExchanges, Field: string(m), Value: []byte("with " + m),
		})
	}
	commit(t, s, alice, c)
	f := facts(t, s, alice, conversations.FactsQuery{AllExchanges: true, Refs: []string{"none"}, Repeat: "none"})
	wantEqual(t, "exchanges", len(f.Exchanges), 2)
	wantBytes(t, "exchange", f.Exchanges[surgery], []byte("with "+surgery))
	wantBytes(t, "exchange", f.Exchanges[clinic], []byte("with "+clinic))
	f = facts(t, s, bob, conversations.FactsQuery{AllExchanges: true})
	wantEqual(t, "exchanges of another", len(f.Exchanges), 0)
}

func factsMany(t *testing.T, s conversations.Store) {
	const many = 5000 // more than a script can take apart at once
	c := change(0, "op-1")
	var q conversations.FactsQuery
	for i := range many {
		id := idOf(alice, numbered("m", i))
		q.Messages = append(q.Messages, id, id+"absent")
		c.Records = append(c.Records, conversations.Record{
			Table: conversations.TableMessages, Field: string(id), Value: []byte(id),
		})
	}
	commit(t, s, alice, c)
	f := facts(t, s, alice, q)
	wantEqual(t, "messages", len(f.Messages), many)
	for id, record := range f.Messages {
		if !bytes.Equal(record, []byte(id)) {
			t.Fatalf("message %s = %q", id, record)
		}
	}
}

func factsApart(t *testing.T, s conversations.Store) {
	c := change(0, "op-1")
	c.Patient = []byte("alice")
	c.Records = []conversations.Record{{Table: conversations.TableExchanges, Field: string(surgery), Value: []byte("alice")}}
	commit(t, s, alice, c)
	f := facts(t, s, bob, query())
	wantEqual(t, "version", f.Version, 0)
	wantEqual(t, "done", f.Done, false)
	wantBytes(t, "patient", f.Patient, nil)
	wantEqual(t, "exchanges", len(f.Exchanges), 0)
}
