package conversations

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mesbridge/rules"
)

// TestOpenRedo_givesBackEveryField: a rebuilt store is only what the entries say, so that a field of a
// commit that the entry forgets is lost. A new field of Commit fails here until the entry holds it.
func TestOpenRedo_givesBackEveryField(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 12, 12, 0, 0, 5_000_000, time.UTC)
	p := PatientID("7f00000000000000000000000000a11c")
	want := Commit{
		Version: 6, Operation: "reply/7f/1", Answer: []byte("answer"), Patient: []byte("record"),
		Records: []Record{
			{Table: TableMessages, Field: "7fm.1", Value: []byte{0, 255}},
			{Table: TableRefs, Field: "r", Value: []byte{}, IfAbsent: true},
			{Table: TableConversations, Field: "7fm:draft"},
		},
		Inbox: map[ID]time.Time{"7fm": at.Add(time.Second)}, Gone: []ID{"7fold"}, IDs: []ID{"7fm"}, Now: at, Erase: true,
		Effects: []Effect{
			{ID: "7fe1", Kind: EffectDeliver, Patient: p, Message: "7fm.1", Thread: "7fm", Mailbox: "5a000000000000000000000000000001", At: at, CreatedAt: at},
			{ID: "7fe2", Kind: "window", Patient: p, At: at.Add(time.Hour), CreatedAt: at.Add(-time.Hour)},
		},
	}
	empty := map[string]bool{"Entry": true, "Mark": true} // the entry itself, and what the store is asked with
	for i := range reflect.TypeFor[Commit]().NumField() {
		name := reflect.TypeFor[Commit]().Field(i).Name
		if reflect.ValueOf(want).Field(i).IsZero() != empty[name] {
			t.Fatalf("the test does not set %s", name)
		}
	}
	key := DataKey{1}
	for kind, clear := range map[rules.ChangeKind]bool{rules.ReplySent: false, rules.AccountErased: true} {
		name := string(kind)
		v, err := newVault(p, key)
		if err != nil {
			t.Fatal(err)
		}
		l := newLoaded(&Service{}, p, Facts{})
		l.vault = v
		d := &decision{actor: Actor{Kind: ActorPatient, ID: "id", Name: "name"}, verdict: rules.Verdict{
			Change: rules.Change{Kind: kind, At: at, Conversation: "7fm", Message: "7fm.1"},
		}}
		e := JournalEntry{Shard: "7f", Sequence: 9, At: at, Entry: l.entry(want, d)}
		got, _, err := OpenRedo(e, key)
		if err != nil || !reflect.DeepEqual(got.Commit, want) || (got.Actor != d.actor) != clear || got.Version != 7 {
			t.Errorf("%s: %+v\nwant %+v, %v", name, got.Commit, want, err)
		}
		lost, sealed, err := OpenRedo(e, DataKey{})
		if err != nil || sealed == clear || (lost.Commit.Patient != nil) != clear {
			t.Errorf("%s, without the key: %+v, %v, %v", name, lost, sealed, err)
		}
		if _, _, err := OpenRedo(e, DataKey{2}); (err == nil) != clear {
			t.Errorf("%s, with another key: %v", name, err)
		}
	}
}

// TestRefusals_areBounded: however many there are, a minute has so many entries, and one that counts the
// others.
func TestRefusals_areBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r refusals
		now := time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)
		own, counted, all := 0, 0, 0
		for _, n := range rapid.SliceOfN(rapid.IntRange(1, 3*maxRefusals), 1, 5).Draw(t, "minutes") {
			before := own
			for range n {
				more, one := r.take(now)
				counted += more
				if one {
					own++
				}
				all++
			}
			if own-before > maxRefusals {
				t.Fatalf("%d entries in one minute", own-before)
			}
			now = now.Add(time.Minute)
		}
		more, one := r.take(now)
		if one {
			own++
		}
		if own+counted+more != all+1 {
			t.Fatalf("%d entries and %d counted of %d", own, counted+more, all+1)
		}
	})
}

// FuzzReadTrace: whatever stands in a journal, reading it ends.
func FuzzReadTrace(f *testing.F) {
	f.Add(LostEntry("7f", 1).Entry)
	f.Add([]byte{1, 0xa0})
	f.Fuzz(func(_ *testing.T, entry []byte) {
		e := JournalEntry{Shard: "7f", Sequence: 1, Entry: entry}
		_, _ = ReadTrace(e)
		_, _, _ = OpenRedo(e, DataKey{1})
	})
}
