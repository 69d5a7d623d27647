package storetest

import (
	"testing"

	"mesbridge/conversations"
)

func eraseContracts() []contract {
	return []contract{{"Commit/erase_dropsTheTablesFirst", commitErases}}
}

// commitErases: everything of the patient goes but the record and what the same commit writes; others stay,
// and so does the count of versions.
func commitErases(t *testing.T, s conversations.Store) {
	commit(t, s, alice, full("one"))
	other := change(0, "other")
	other.Records = []conversations.Record{{Table: conversations.TableMessages, Field: "field", Value: []byte("bob's")}}
	commit(t, s, bob, other)
	c := change(1, "erase")
	c.Erase, c.Patient = true, []byte("tombstone")
	c.Records = []conversations.Record{{Table: conversations.TableMessages, Field: "after", Value: []byte("new")}}
	if done := commit(t, s, alice, c); done.Version != 2 {
		t.Errorf("version %d", done.Version)
	}
	q := conversations.FactsQuery{
		AllExchanges: true, Refs: []string{"field"}, Conversations: []conversations.ID{"field"}, Messages: []conversations.ID{"field", "after"},
	}
	f := facts(t, s, alice, q)
	wantBytes(t, "patient", f.Patient, []byte("tombstone"))
	wantBytes(t, "written in the same commit", f.Messages["after"], []byte("new"))
	if len(f.Exchanges) > 0 || f.Thread != nil || len(f.Conversations) > 0 || f.Messages["field"] != nil {
		t.Errorf("left: %+v", f)
	}
	if page, err := s.Inbox(t.Context(), alice, conversations.InboxEntry{}, 10); err != nil || len(page) != 0 {
		t.Errorf("inbox %v, %v", page, err)
	}
	wantBytes(t, "another patient's", facts(t, s, bob, q).Messages["field"], []byte("bob's"))
}
