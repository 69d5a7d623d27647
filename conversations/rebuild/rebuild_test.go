package rebuild_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/rebuild"
	"mesbridge/rules"
)

// dump returns everything that the store holds of people, key by key. Left out are the streams, which
// hold only what the journal has, what Remember keeps, the numbers of claims, and where exchanges stand in the lists
// of mailboxes, which effects make again.
func (w *world) dump() map[string]string {
	w.t.Helper()
	ctx, all := w.t.Context(), map[string]string{}
	keys, err := w.client.Keys(ctx, "*").Result()
	must(w.t, err)
	for _, key := range keys {
		switch kind := w.client.Type(ctx, key).Val(); {
		case strings.HasSuffix(key, ":ping"), strings.Contains(key, ":idem:"), strings.Contains(key, ":stand:"):
		case strings.HasPrefix(key, "{m") && strings.Count(key, ":") > 2: // of one list
		case kind == "hash":
			fields, err := w.client.HGetAll(ctx, key).Result()
			must(w.t, err)
			for field, value := range fields {
				if strings.HasSuffix(key, ":effects") {
					if field == "claims" {
						continue
					}
					value = strings.SplitN(value, "|", 3)[2]
				}
				if !strings.HasPrefix(value, "1|stand|") {
					all[key+" "+field] = value
				}
			}
		case kind == "zset":
			members, err := w.client.ZRangeWithScores(ctx, key, 0, -1).Result()
			must(w.t, err)
			for _, z := range members {
				score := fmt.Sprint(int64(z.Score))
				if strings.HasSuffix(key, ":due") {
					if id, _ := z.Member.(string); strings.ContainsAny(id[2:3], "yz") { // of effects that note where exchanges stand
						continue
					}
					score = "" // open ones are due at once
				}
				all[fmt.Sprint(key, " ", z.Member)] = score
			}
		case kind == "string":
			all[key] = w.client.Get(ctx, key).Val()
		}
	}
	return all
}

// compare tells how two dumps differ.
func compare(t *testing.T, before, after map[string]string) {
	t.Helper()
	for key, value := range before {
		if after[key] != value {
			t.Errorf("%s was %q, is %q", key, value, after[key])
		}
	}
	for key, value := range after {
		if _, there := before[key]; !there {
			t.Errorf("%s was not there, is %q", key, value)
		}
	}
}

// rebuild loses the store and makes it again.
func (w *world) rebuild() rebuild.Summary {
	w.t.Helper()
	must(w.t, w.client.FlushAll(w.t.Context()).Err())
	sum, err := w.run(false)
	must(w.t, err)
	return sum
}

func (w *world) run(discard bool) (rebuild.Summary, error) {
	w.t.Helper()
	source, err := archive.NewReader(os.DirFS(w.files()), w.journal)
	must(w.t, err)
	return rebuild.Run(w.t.Context(), rebuild.Options{
		Source: source, Target: w.store, Journal: w.journal, Keys: w.keys, DiscardNewer: discard,
	})
}

// live makes some life: messages, replies, an end, a block, drafts, readings, effects done and open.
func (w *world) live() []conversations.Patient {
	w.t.Helper()
	ctx := w.t.Context()
	var patients []conversations.Patient
	for n := range 6 {
		p := w.enrol(n)
		patients = append(patients, p)
		self := conversations.Actor{Kind: conversations.ActorPatient, ID: string(p.ID)}
		first := w.receive(p, "marie.martin", "Ordonnance", "")
		w.receive(p, "marie.martin", "Re: Ordonnance", first)
		w.receive(p, "jean.petit", "Rendez-vous", "")
		for i, line := range w.threads(p) {
			must(w.t, w.Opened(ctx, self, p.ID, line.ID))
			must(w.t, w.SaveDraft(ctx, self, p.ID, line.ID, "brouillon"))
			if i == n%2 {
				_, err := w.Reply(ctx, self, p.ID, line.ID, conversations.ReplyInput{Text: "merci", Choice: rules.ReplyToOne, Operation: "key"})
				must(w.t, err)
			}
		}
		contacts, err := w.Contacts(ctx, p.ID)
		must(w.t, err)
		if n%3 == 0 {
			_, err = w.Block(ctx, self, p.ID, contacts[0].ID, time.Time{})
			must(w.t, err)
		}
		if n == 4 {
			if _, err := w.archive.Round(ctx); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return patients
}

// TestRebuild_byteEqual: sealed rounds and the tail together give back what was lost, effects that were
// open are due again, and those that were done are not.
func TestRebuild_byteEqual(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patients := w.live()
	open := 0
	w.work(func(ctx context.Context, e conversations.Effect) (time.Time, error) {
		if e.Patient == patients[1].ID { // his operator is away
			open++
			return w.now().Add(time.Hour), w.Delivered(ctx, e, conversations.Outcome{Code: "451 4.3.0"})
		}
		return time.Time{}, w.Delivered(ctx, e, conversations.Outcome{State: conversations.DeliverySent, Code: "250 2.0.0"})
	})
	before := w.dump()
	sum := w.rebuild()
	compare(t, before, w.dump())
	if sum.Patients != 6 || sum.Effects != open || open == 0 || sum.Lost != 0 || sum.Erased != 0 {
		t.Errorf("%+v, with %d effects open", sum, open)
	}
	t.Logf("%+v, %d values compared", sum, len(before))
	w.receive(patients[1], "jean.petit", "Encore", "") // life goes on
	repeat, err := w.Reply(t.Context(), conversations.Actor{Kind: conversations.ActorPatient}, patients[2].ID, w.threads(patients[2])[0].ID,
		conversations.ReplyInput{Text: "merci", Choice: rules.ReplyToOne, Operation: "key"})
	if err != nil || repeat.Text != "merci" {
		t.Errorf("the operation given again: %+v, %v", repeat, err)
	}
}

// TestRebuild_erasedPatient: a patient whose key is destroyed comes back as a tombstone, and nobody else
// is touched.
func TestRebuild_erasedPatient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patients := w.live()
	before := w.dump()
	must(t, w.keys.Erase(t.Context(), patients[0].ID))
	if sum := w.rebuild(); sum.Erased != 1 || sum.Patients != 6 {
		t.Errorf("%+v", sum)
	}
	after := w.dump()
	for key := range before {
		if strings.Contains(key, string(patients[0].ID)) && !strings.Contains(key, ":patient:") && after[key] != "" {
			t.Errorf("%s is back", key)
		}
	}
	if _, err := w.Recipient(t.Context(), patients[0].INS, conversations.Address{}); conversations.KindOf(err) != conversations.KindMailboxUnknown {
		t.Errorf("the erased patient: %v", err)
	}
	for _, p := range patients[1:] {
		if n := len(w.threads(p)); n != 2 {
			t.Errorf("another patient has %d conversations", n)
		}
	}
}

// TestRebuild_gap: an entry that never came before the store was lost does not stop anything.
func TestRebuild_gap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patients := w.live()
	shard := patients[1].ID.Shard()
	head, err := w.journal.Head(t.Context(), shard)
	must(t, err)
	e := conversations.LostEntry(shard, head+3) // two commits before it had no answer
	must(t, w.journal.Append(t.Context(), e))
	if sum := w.rebuild(); sum.Lost != 2 {
		t.Errorf("%+v", sum)
	}
	w.receive(patients[1], "jean.petit", "Encore", "")
	if _, err := w.archive.Round(t.Context()); err != nil {
		t.Error(err)
	}
	if whole, err := w.journal.Whole(shard); err != nil || whole <= head+3 {
		t.Errorf("whole up to %d, %v", whole, err)
	}
}

// TestRebuild_newerStore: with an old copy of the data directory, the store is what must not be lost.
func TestRebuild_newerStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live()
	before := w.dump()
	must(t, w.client.Incr(t.Context(), "{s00}:head").Err())
	if _, err := w.run(false); !errors.Is(err, rebuild.ErrNewer) {
		t.Fatalf("%v, want ErrNewer", err)
	}
	must(t, w.client.Decr(t.Context(), "{s00}:head").Err())
	after := w.dump()
	delete(after, "{s00}:head")
	delete(before, "{s00}:head")
	compare(t, before, after)
}

// TestRebuild_100000 measures 100 000 messages at the full size, 2 000 otherwise.
func TestRebuild_100000(t *testing.T) {
	t.Parallel()
	patients, each := 20, 100
	if os.Getenv("SOAK") != "" {
		patients, each = 1000, 100
	}
	w := newWorld(t)
	list := make([]conversations.Patient, patients)
	for n := range list {
		list[n] = w.enrol(n)
	}
	var senders sync.WaitGroup
	for chunk := range slices.Chunk(list, max(1, patients/16)) {
		senders.Go(func() {
			for _, p := range chunk {
				for n := range each {
					if _, err := w.bring(p, "marie.martin", fmt.Sprint("Sujet ", n%10), ""); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	senders.Wait()
	if _, err := w.archive.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, began := w.dump(), time.Now()
	must(t, w.client.FlushAll(t.Context()).Err())
	sum, err := w.run(false)
	must(t, err)
	took := time.Since(began)
	after := w.dump()
	for key, value := range before { // the effects were never done: indexes are now
		if !strings.Contains(key, "}:effects") && !strings.Contains(key, "}:due") && after[key] != value {
			t.Fatalf("%s was %q, is %q", key, value, after[key])
		}
	}
	t.Logf("%d messages: %+v in %v; %d bytes of archive, %d an entry", patients*each, sum, took, w.archived(), w.archived()/int64(sum.Entries))
}

// archived is the size of the segments.
func (w *world) archived() (n int64) {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.files(), "*.segment"))
	must(w.t, err)
	for _, f := range files {
		info, err := os.Stat(f)
		must(w.t, err)
		n += info.Size()
	}
	return n
}
