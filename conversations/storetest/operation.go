package storetest

import (
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// keptOperations is how many operations of a patient are remembered.
const keptOperations = 32

func operationContracts() []contract {
	return []contract{
		{"Commit/operationRepeated_answersTheFirstTime", operationRepeated},
		{"Commit/operationRepeated_whateverTheVersion", operationAtOtherVersion},
		{"Commit/operationOfAnotherPatient_isAnother", operationOfAnother},
		{"Commit/operation_isKeptAmongTheLast32", operationKept},
		{"Commit/emptyOperation_isNeverRepeated", operationEmpty},
		{"Commit/emptyOperation_pushesOutNone", operationStays},
	}
}

func operationRepeated(t *testing.T, s conversations.Store) {
	first := full("op-1")
	first.Answer = everyByte()
	done := commit(t, s, alice, first)

	again := full("op-1")
	again.Version, again.Answer, again.Patient = 1, []byte("second"), []byte("second")
	repeat := commit(t, s, alice, again)
	wantEqual(t, "repeated", repeat.Repeated, true)
	wantEqual(t, "sequence", repeat.Sequence, 0)
	wantEqual(t, "version", repeat.Version, done.Version)
	wantBytes(t, "answer", repeat.Answer, everyByte())

	f := facts(t, s, alice, conversations.FactsQuery{Operation: "op-1"})
	wantEqual(t, "version", f.Version, 1)
	wantBytes(t, "patient", f.Patient, first.Patient)
	wantBytes(t, "answer", f.Answer, everyByte())
	wantEqual(t, "entries", len(journal(t, s, alice.Shard(), 0, 10)), 1)
	wantEqual(t, "effects", len(claim(t, s, minutes(1), 10)), 1)
}

// A caller whose first call was answered by an error repeats it as it was, or decided anew.
func operationAtOtherVersion(t *testing.T, s conversations.Store) {
	commit(t, s, alice, change(0, "op-1"))
	commit(t, s, alice, change(1, "op-2"))
	for version := range rules.Seq(4) {
		repeat := commit(t, s, alice, change(version, "op-1"))
		wantEqual(t, "repeated", repeat.Repeated, true)
		wantEqual(t, "version", repeat.Version, 1)
		wantBytes(t, "answer", repeat.Answer, []byte("answer of op-1"))
	}
	wantEqual(t, "version", facts(t, s, alice, conversations.FactsQuery{}).Version, 2)
}

func operationOfAnother(t *testing.T, s conversations.Store) {
	commit(t, s, alice, change(0, "op-1"))
	done := commit(t, s, bob, change(0, "op-1"))
	wantEqual(t, "repeated", done.Repeated, false)
	wantEqual(t, "version", done.Version, 1)
}

func operationKept(t *testing.T, s conversations.Store) {
	const more = 10
	var version rules.Seq
	for i := range keptOperations + more {
		version = commit(t, s, alice, change(version, numbered("op", i))).Version
	}
	for i := range keptOperations + more {
		f := facts(t, s, alice, conversations.FactsQuery{Operation: numbered("op", i)})
		if kept := i >= more; f.Done != kept {
			t.Errorf("operation %d of %d is kept: %v, want %v", i+1, keptOperations+more, f.Done, kept)
		}
		if f.Done {
			wantBytes(t, "answer", f.Answer, []byte("answer of "+numbered("op", i)))
		}
	}
}

func operationEmpty(t *testing.T, s conversations.Store) {
	commit(t, s, alice, change(0, ""))
	done := commit(t, s, alice, change(1, ""))
	wantEqual(t, "repeated", done.Repeated, false)
	wantEqual(t, "version", done.Version, 2)
	wantEqual(t, "done", facts(t, s, alice, conversations.FactsQuery{}).Done, false)
}

// What the bridge does by itself makes no caller's operation forgotten.
func operationStays(t *testing.T, s conversations.Store) {
	version := commit(t, s, alice, change(0, "op-1")).Version
	for range 2 * keptOperations {
		version = commit(t, s, alice, change(version, "")).Version
	}
	wantEqual(t, "done", facts(t, s, alice, conversations.FactsQuery{Operation: "op-1"}).Done, true)
}
