package rebuild_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/retention"
	"mesbridge/rules"
)

// pass lets time go by.
func (w *world) pass(years, days int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.AddDate(years, 0, days)
}

// round seals what is new.
func (w *world) round() {
	w.t.Helper()
	_, err := w.archive.Round(w.t.Context())
	must(w.t, err)
}

// purge lets go what is older than three years, and one year, in the archive and in the database.
func (w *world) purge() archive.Purged {
	w.t.Helper()
	s := retention.Sweeper{Periods: retention.Default(), Archive: w.archive, Journal: w.journal, Keys: w.keys, Trace: w.Trace}
	p, err := s.Sweep(w.t.Context(), w.now())
	must(w.t, err)
	return p
}

// verify checks the archive against the end that the database knows.
func (w *world) verify() archive.Report {
	w.t.Helper()
	number, hash := w.archive.Head()
	r, err := archive.Verify(os.DirFS(w.files()), archive.VerifyOptions{Anchor: &archive.Anchor{Number: number, Manifest: hash}})
	must(w.t, err)
	for _, f := range r.Findings {
		w.t.Error(f)
	}
	return r
}

func done(context.Context, conversations.Effect) (time.Time, error) { return time.Time{}, nil }

// D16, O157: old traces go, an image stands in their place, and what is made again from it, the segments
// behind it and the tail is what was lost, byte for byte; a purge over a purge too.
func TestRebuild_afterPurges_byteEqual(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patients := w.live()
	w.Trace(t.Context(), conversations.Event{Kind: conversations.TraceStart})
	w.round()
	open := func(ctx context.Context, e conversations.Effect) (time.Time, error) {
		if e.Patient == patients[1].ID { // his operator is away for years
			return w.now().AddDate(20, 0, 0), w.Delivered(ctx, e, conversations.Outcome{Code: "451 4.3.0"})
		}
		return time.Time{}, w.Delivered(ctx, e, conversations.Outcome{State: conversations.DeliverySent, Code: "250 2.0.0"})
	}
	for year := range 3 {
		w.pass(3, 1)
		w.receive(patients[year], "lise.roy", "Encore", "")
		w.work(open)
		w.round()
		w.receive(patients[year+1], "anne.noel", "Bonjour", "")
		w.work(open)
		if p := w.purge(); p.Functional == 0 || p.Rounds == 0 || year == 0 && p.Technical != 1 {
			t.Errorf("purged %+v", p)
		}
		if r := w.verify(); r.Mark.Base.Round != uint64(year)+2 || r.Mark.Number != uint64(year)+1 {
			t.Errorf("mark %d of round %d", r.Mark.Number, r.Mark.Base.Round)
		}
		before := w.dump()
		sum := w.rebuild()
		compare(t, before, w.dump())
		t.Logf("%+v, %d values compared", sum, len(before))
	}
	names, err := filepath.Glob(filepath.Join(w.files(), "*"))
	must(t, err)
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	want := []string{"0000000003.mark", "0000000004.image", "0000000004.manifest", "0000000005.manifest", "0000000005.segment", "public.pem"}
	if !slices.Equal(names, want) {
		t.Errorf("files %v", names)
	}
	if again := w.purge(); again.Rounds != 0 || again.Functional != 0 {
		t.Errorf("purged again: %+v", again)
	}
	w.receive(patients[0], "lise.roy", "La vie continue", "")
}

// D16, O197: an erased patient comes back from an image as a tombstone, whether he was erased before it was
// made, after, or came back since; nobody else is touched.
func TestRebuild_afterPurge_erasedPatients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patients := w.live()
	erase := func(p conversations.Patient) {
		t.Helper()
		_, err := w.ManageAccount(t.Context(), conversations.Actor{Kind: conversations.ActorPatient, ID: "x"}, rules.Holder, p.ID, rules.EraseAccount)
		must(t, err)
	}
	erase(patients[0])
	w.round()
	w.pass(3, 1)
	erase(patients[1]) // of whom the image will hold nothing
	w.enrol(1)
	w.receive(patients[1], "jean.petit", "Nouveau", "")
	w.round()
	w.purge()
	erase(patients[2]) // whom the image holds, sealed
	w.work(done)
	before := w.dump()
	if sum := w.rebuild(); sum.Patients != 6 || sum.Erased != 2 {
		t.Errorf("%+v", sum)
	}
	after := w.dump()
	for n, p := range patients {
		record := "{s" + p.ID.Shard() + "}:patient:" + string(p.ID)
		for key, value := range before {
			left := n < 3 && (key == record+" d" || key == record+" c" || strings.HasPrefix(key, "{m")) // ids that say nothing
			mine := strings.Contains(key, string(p.ID)) && !left
			if mine && after[key] != value {
				t.Errorf("patient %d: %s was %q, is %q", n, key, value, after[key])
			}
		}
	}
	for key := range after {
		if _, there := before[key]; !there {
			t.Errorf("%s was not there", key)
		}
	}
	w.verify()
}
