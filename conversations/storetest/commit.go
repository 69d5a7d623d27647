package storetest

import (
	"errors"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func commitContracts() []contract {
	return []contract{
		{"Commit/raisesVersion_numbersEntries", commitNumbers},
		{"Commit/staleVersion_conflictsAndWritesNothing", commitConflict},
		{"Commit/nilPatient_keepsTheRecord", commitKeepsPatient},
		{"Commit/nilValue_deletes", commitDeletes},
		{"Commit/ifAbsent_keepsWhatIsThere", commitIfAbsent},
		{"Commit/hundredsOfWrites", commitMany},
		{"Commit/givenSlices_areNotKept", commitCopies},
		{"Owner/ofCommittedIDs", ownerOfIDs},
		{"Owner/ofUnknownOrMalformedIDs_isNotFound", ownerUnknown},
	}
}

// sequences are counted by shard and versions by patient.
func commitNumbers(t *testing.T, s conversations.Store) {
	for i, step := range []struct {
		patient  conversations.PatientID
		version  rules.Seq
		sequence uint64
	}{{alice, 1, 1}, {alice, 2, 2}, {bob, 1, 3}, {carol, 1, 1}, {alice, 3, 4}} {
		c := change(0, numbered("op", i))
		c.Version = facts(t, s, step.patient, conversations.FactsQuery{}).Version
		done := commit(t, s, step.patient, c)
		wantEqual(t, "version", done.Version, step.version)
		wantEqual(t, "sequence", done.Sequence, step.sequence)
		wantEqual(t, "repeated", done.Repeated, false)
		wantBytes(t, "answer", done.Answer, c.Answer)
		wantEqual(t, "head", facts(t, s, step.patient, conversations.FactsQuery{}).Head, step.sequence)
	}
}

// full returns a commit of alice that writes everything a commit can write.
func full(operation string) conversations.Commit {
	c := change(0, operation)
	c.Patient = []byte("patient by " + operation)
	for _, table := range []conversations.Table{
		conversations.TableExchanges, conversations.TableConversations, conversations.TableMessages, conversations.TableRefs,
	} {
		c.Records = append(c.Records, conversations.Record{Table: table, Field: "field", Value: []byte(operation)})
	}
	conv := idOf(alice, "conv-"+operation)
	c.Inbox = map[conversations.ID]time.Time{conv: noon()}
	c.IDs = []conversations.ID{conv}
	c.Effects = []conversations.Effect{{ID: string(idOf(alice, "effect-"+operation)), Kind: conversations.EffectNotify, Patient: alice, At: noon()}}
	return c
}

func commitConflict(t *testing.T, s conversations.Store) {
	commit(t, s, alice, change(0, "op-1"))
	for _, version := range []rules.Seq{0, 2} {
		c := full("late")
		c.Version = version
		if _, err := s.Commit(t.Context(), alice, c); !errors.Is(err, conversations.ErrConflict) {
			t.Fatalf("Commit at version %d: %v, want ErrConflict", version, err)
		}
	}
	f := facts(t, s, alice, conversations.FactsQuery{
		Operation: "late", AllExchanges: true, Refs: []string{"field"},
		Conversations: []conversations.ID{"field"}, Messages: []conversations.ID{"field"},
	})
	wantEqual(t, "version", f.Version, 1)
	wantEqual(t, "done", f.Done, false)
	wantBytes(t, "patient", f.Patient, nil)
	wantBytes(t, "thread", f.Thread, nil)
	wantEqual(t, "records", len(f.Exchanges)+len(f.Conversations)+len(f.Messages), 0)
	wantEqual(t, "inbox", len(inbox(t, s, alice, conversations.InboxEntry{}, 10)), 0)
	wantEqual(t, "effects", len(claim(t, s, minutes(1), 10)), 0)
	wantEqual(t, "entries", len(journal(t, s, alice.Shard(), 0, 10)), 1)
	if _, err := s.Owner(t.Context(), idOf(alice, "conv-late")); !errors.Is(err, conversations.ErrNotFound) {
		t.Errorf("Owner of an id that was not committed: %v, want ErrNotFound", err)
	}
}

func commitKeepsPatient(t *testing.T, s conversations.Store) {
	first := change(0, "op-1")
	first.Patient = []byte("first")
	commit(t, s, alice, first)
	commit(t, s, alice, change(1, "op-2"))
	f := facts(t, s, alice, conversations.FactsQuery{})
	wantBytes(t, "patient", f.Patient, []byte("first"))
	wantEqual(t, "version", f.Version, 2)
}

func commitDeletes(t *testing.T, s conversations.Store) {
	c := full("op-1")
	commit(t, s, alice, c)
	c = change(1, "op-2")
	c.Records = []conversations.Record{
		{Table: conversations.TableMessages, Field: "field"},
		{Table: conversations.TableExchanges, Field: "never there"},
		{Table: conversations.TableConversations, Field: "field", Value: []byte{}},
	}
	commit(t, s, alice, c)
	f := facts(t, s, alice, conversations.FactsQuery{
		AllExchanges: true, Conversations: []conversations.ID{"field"}, Messages: []conversations.ID{"field"},
	})
	wantEqual(t, "messages", len(f.Messages), 0)
	wantEqual(t, "exchanges", len(f.Exchanges), 1)
	wantBytes(t, "emptied conversation", f.Conversations["field"], []byte{})
}

// The first holder of a Message-ID wins (docs/design.md, "One message in").
func commitIfAbsent(t *testing.T, s conversations.Store) {
	ref := func(field, value string) conversations.Record {
		return conversations.Record{Table: conversations.TableRefs, Field: field, Value: []byte(value), IfAbsent: true}
	}
	c := change(0, "op-1")
	c.Records = []conversations.Record{ref("a", "7ffirst/m"), ref("b", "7ffirst/m"), ref("b", "7fsecond/m")}
	commit(t, s, alice, c)
	c = change(1, "op-2")
	c.Records = []conversations.Record{ref("a", "7fsecond/m"), ref("c", "7fsecond/m")}
	commit(t, s, alice, c)
	_, err := s.Touch(t.Context(), alice, []conversations.Record{ref("c", "7fthird/m"), ref("d", "7fthird/m")}, conversations.Note{})
	if err != nil {
		t.Fatalf("Touch: %v", err)
	}
	for field, want := range map[string]string{"a": "7ffirst/m", "b": "7ffirst/m", "c": "7fsecond/m", "d": "7fthird/m"} {
		wantBytes(t, "ref "+field, facts(t, s, alice, conversations.FactsQuery{Refs: []string{field}}).Thread, []byte(want))
	}
}

func commitMany(t *testing.T, s conversations.Store) {
	const many = 500
	c := change(0, "op-1")
	c.Inbox = map[conversations.ID]time.Time{}
	for i := range many {
		id := idOf(alice, numbered("c", i))
		c.Inbox[id] = minutes(i)
		c.IDs = append(c.IDs, id)
	}
	commit(t, s, alice, c)
	wantEqual(t, "inbox", len(inbox(t, s, alice, conversations.InboxEntry{}, 2*many)), many)
	for _, id := range c.IDs {
		if p, err := s.Owner(t.Context(), id); p != alice || err != nil {
			t.Fatalf("Owner(%s) = %q, %v", id, p, err)
		}
	}
}

func commitCopies(t *testing.T, s conversations.Store) {
	c := change(0, "op-1")
	c.Patient, c.Answer = []byte("patient"), []byte("answer")
	done := commit(t, s, alice, c)
	c.Patient[0], c.Answer[0] = 'X', 'X'
	wantBytes(t, "answer given", done.Answer, []byte("answer"))
	f := facts(t, s, alice, conversations.FactsQuery{Operation: "op-1"})
	wantBytes(t, "patient", f.Patient, []byte("patient"))
	f.Patient[0], f.Answer[0] = 'Y', 'Y'
	f = facts(t, s, alice, conversations.FactsQuery{Operation: "op-1"})
	wantBytes(t, "patient", f.Patient, []byte("patient"))
	wantBytes(t, "answer", f.Answer, []byte("answer"))
}

func ownerOfIDs(t *testing.T, s conversations.Store) {
	for _, p := range []conversations.PatientID{alice, bob, carol} {
		c := change(0, "op-1")
		c.IDs = []conversations.ID{idOf(p, "one-of-"+string(p)), idOf(p, "two-of-"+string(p))}
		commit(t, s, p, c)
		for _, id := range c.IDs {
			owner, err := s.Owner(t.Context(), id)
			if owner != p || err != nil {
				t.Errorf("Owner(%s) = %q, %v; want %q", id, owner, err, p)
			}
		}
	}
}

func ownerUnknown(t *testing.T, s conversations.Store) {
	commit(t, s, alice, change(0, "op-1"))
	for _, id := range []conversations.ID{"", "7", "7f", "7funknown", "7Funknown", "zz-malformed", "../7f"} {
		if p, err := s.Owner(t.Context(), id); !errors.Is(err, conversations.ErrNotFound) {
			t.Errorf("Owner(%q) = %q, %v; want ErrNotFound", id, p, err)
		}
	}
}
