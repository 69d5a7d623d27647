package conversations_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// lossy is a store whose next commits are made without an answer, or are lost to another process first.
type lossy struct {
	conversations.Store
	mu       sync.Mutex
	noAnswer int // commits that are made but not answered
	conflict int // commits before which somebody else comes
}

var errLost = errors.New("connection lost")

func (l *lossy) Commit(ctx context.Context, p conversations.PatientID, c conversations.Commit) (conversations.Committed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conflict > 0 {
		l.conflict--
		return conversations.Committed{}, conversations.ErrConflict
	}
	done, err := l.Store.Commit(ctx, p, c)
	if l.noAnswer > 0 && err == nil {
		l.noAnswer--
		return conversations.Committed{}, errLost
	}
	return done, err
}

func lossyBench(t *testing.T) (*bench, *lossy) {
	t.Helper()
	var l *lossy
	b := newBench(t, func(s conversations.Store) conversations.Store {
		l = &lossy{Store: s}
		return l
	})
	return b, l
}

func TestCommit_withoutAnswer_isRefusedForNow_andTheRetryFindsIt(t *testing.T) {
	t.Parallel()
	b, l := lossyBench(t)
	m := mail{from: doctor, id: "a@operator.test", subject: "Perdu", text: "y"}
	before := b.memory.entries()
	l.noAnswer = 1
	_, err := b.receive(m)
	wantKind(t, err, conversations.KindUnavailable)
	if repeated, err := b.receive(m); err != nil || !repeated {
		t.Fatalf("retry: repeated %v, error %v", repeated, err)
	}
	if n := len(b.thread("Perdu").Messages); n != 1 {
		t.Errorf("%d messages", n)
	}
	if got := b.memory.entries() - before; got != 1 {
		t.Errorf("%d journal entries: the gap of the lost answer is filled before the retry is answered", got)
	}
}

func TestCommit_conflicts_areDecidedAgain_thenStale(t *testing.T) {
	t.Parallel()
	b, l := lossyBench(t)
	l.conflict = 4
	b.taken(mail{from: doctor, subject: "x", text: "y"})
	l.conflict = 5
	_, err := b.receive(mail{from: doctor, subject: "x2", text: "y"})
	wantKind(t, err, conversations.KindStaleState)
}

func TestJournalFailure_isNotAcknowledged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.failing = true
	_, err := b.receive(mail{from: doctor, subject: "x", text: "y"})
	wantKind(t, err, conversations.KindUnavailable)
}

func TestEmptyStore_isRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "x", text: "y"})
	b.redis.FlushAll()
	_, err := b.receive(mail{from: doctor, subject: "x", text: "y"})
	wantKind(t, err, conversations.KindUnavailable) // D17, never "unknown patient"
}

func TestStoreDown_isUnavailable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "x", text: "y"})
	b.redis.SetError("LOADING")
	_, err := b.Recipient(t.Context(), anINS, address(t, doctor))
	wantKind(t, err, conversations.KindUnavailable)
	_, err = b.Inbox(t.Context(), b.patient.ID, "", 0)
	wantKind(t, err, conversations.KindUnavailable)
}

func TestLostKey_isUnavailable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "x", text: "y"})
	delete(b.memory.keys, b.patient.ID)
	_, err := b.Inbox(t.Context(), b.patient.ID, "", 0)
	wantKind(t, err, conversations.KindUnavailable)
}

func TestNothingPersonalReachesTheStore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tables.add(doctor, conversations.Mailbox{Name: "Jeanne LEFÈVRE", Kind: rules.Personal, Person: "899700218896"})
	b.taken(mail{from: doctor, id: "secret-id@operator.test", subject: "Sujet confidentiel", text: "Corps confidentiel", others: []string{clinic}})
	thread := b.thread("Sujet confidentiel")
	if err := b.SaveDraft(t.Context(), b.self(), b.patient.ID, thread.ID, "Brouillon confidentiel"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.reply(thread.ID, "Réponse confidentielle"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, thread.Contact, b.clock.Now().AddDate(0, 1, 0)); err != nil {
		t.Fatal(err)
	}
	dump := b.everything()
	for _, entries := range b.memory.journal {
		for _, e := range entries {
			dump += string(e)
		}
	}
	if !strings.Contains(dump, string(b.patient.ID)) {
		t.Fatal("the dump does not even hold the patient's key: this test reads nothing")
	}
	for _, secret := range []string{
		string(anINS), "Durand", "Camille", "martin", "MARTIN", "cabinet.test", "clinique", "confidentiel", "secret-id", "LEFÈVRE", "899700218896",
	} {
		if strings.Contains(dump, secret) {
			t.Errorf("%q is readable in the store or the journal", secret)
		}
	}
}

// everything returns every key and value of the store, whole.
func (b *bench) everything() string {
	b.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: b.redis.Addr()})
	defer client.Close()
	ctx, all := b.t.Context(), strings.Builder{}
	for _, key := range b.redis.Keys() {
		all.WriteString(key + "\n")
		var value any
		var err error
		switch kind := b.redis.Type(key); kind {
		case "hash":
			value, err = client.HGetAll(ctx, key).Result()
		case "zset":
			value, err = client.ZRange(ctx, key, 0, -1).Result()
		case "stream":
			value, err = client.XRange(ctx, key, "-", "+").Result()
		case "string":
			value, err = client.Get(ctx, key).Result()
		default:
			b.t.Fatalf("a key of type %s is not read", kind)
		}
		if err != nil {
			b.t.Fatal(err)
		}
		fmt.Fprintln(&all, value)
	}
	return all.String()
}

func TestConcurrentCommands_ofOnePatient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if _, err := b.receive(mail{from: doctor, subject: "Ensemble " + string(rune('A'+i)), text: "y"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	page, err := b.Inbox(t.Context(), b.patient.ID, "", 100)
	if err != nil || len(page.Items) != 40 {
		t.Errorf("%d conversations, %v", len(page.Items), err)
	}
}

func TestKnown_bodiesOfMessagesAndRepliesAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	if _, err := b.reply(b.thread("Fil").ID, "2"); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "[FIN]"}) // in no conversation
	live := len(b.memory.bodies)
	dead, w, err := b.NewBody(t.Context(), b.patient.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	known := b.Known()
	for id := range b.memory.bodies {
		ok, err := known(t.Context(), b.patient.ID, id)
		if err != nil || ok == (id == dead) {
			t.Errorf("known %v %v, dead %v", ok, err, id == dead)
		}
	}
	if live != 3 {
		t.Errorf("%d bodies of three messages", live)
	}
	b.redis.SetError("LOADING")
	if _, err := b.Known()(t.Context(), b.patient.ID, dead); err == nil {
		t.Error("a store that does not answer is no reason to delete")
	}
}
