package conversations_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"mesbridge/conversations"
	"mesbridge/conversations/storetest"
	"mesbridge/rules"
)

// A reply is decided on facts of one version: here the professional ends, and writes again, between the
// two readings. At no version was the conversation ended.
func TestReply_factsOfTwoVersions_decideNothing(t *testing.T) {
	t.Parallel()
	b, faulty := faultyBench(t)
	b.taken(mail{from: doctor, id: "a@x.test", subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	other := b.another()
	faulty.After(storetest.Facts, func() error {
		other.taken(mail{from: doctor, subject: "[FIN]"})
		other.taken(mail{from: doctor, subject: "Re: Fil", text: "2", refs: []string{"a@x.test"}})
		return nil
	})
	if _, err := b.reply(id, "Merci"); err != nil {
		t.Errorf("%v: the conversation was open before and after", err)
	}
	if faulty.Pending() != 0 {
		t.Error("nobody came between")
	}
	faulty.After(storetest.Facts, func() error {
		other.taken(mail{from: doctor, subject: "[FIN]"})
		other.taken(mail{from: doctor, subject: "Re: Fil", text: "3", refs: []string{"a@x.test"}})
		return nil
	})
	if s := b.read(id).State; s != string(rules.Open) {
		t.Errorf("the page says %s", s)
	}
}

// The draft goes with the commit of the reply, by no step of its own: a store that fails after the commit
// does not make the patient send twice, and the same reply again does not take a newer draft away.
func TestReply_takesItsDraftAlong(t *testing.T) {
	t.Parallel()
	b, faulty := faultyBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	save := func(text string) {
		if err := b.SaveDraft(t.Context(), b.self(), b.patient.ID, id, text); err != nil {
			t.Fatal(err)
		}
	}
	save("Merci")
	faulty.FailBefore(storetest.Touch, storetest.ErrDown, 1)
	in := conversations.ReplyInput{Text: "Merci", Operation: "k"}
	if _, err := b.Reply(t.Context(), b.self(), b.patient.ID, id, in); err != nil {
		t.Fatal(err)
	}
	if d := b.read(id).Draft; d != "" {
		t.Errorf("draft %q after it was sent", d)
	}
	if faulty.Pending() != 1 {
		t.Error("a step beside the commit")
	}
	_ = b.SaveDraft(t.Context(), b.self(), b.patient.ID, id, "")
	save("Autre chose")
	if _, err := b.Reply(t.Context(), b.self(), b.patient.ID, id, in); err != nil {
		t.Fatal(err)
	}
	if thread := b.read(id); thread.Draft != "Autre chose" || len(thread.Messages) != 2 {
		t.Errorf("draft %q, %d messages", thread.Draft, len(thread.Messages))
	}
}

// Every step of a reply may fail, made or not: what the patient then sends again is one message, with one
// delivery.
func TestReply_faultAtEachStep_isOneReply(t *testing.T) {
	t.Parallel()
	type fault func(*storetest.FaultyStore, storetest.Method, int)
	faults := map[string]fault{
		"lost before": func(f *storetest.FaultyStore, m storetest.Method, n int) {
			for range n {
				f.Before(m, func() error { return nil })
			}
			f.FailBefore(m, storetest.ErrDown, 1)
		},
		"lost after": func(f *storetest.FaultyStore, m storetest.Method, n int) {
			for range n {
				f.After(m, func() error { return nil })
			}
			f.FailAfter(m, storetest.ErrDown, 1)
		},
	}
	for name, set := range faults {
		for _, m := range []storetest.Method{storetest.Facts, storetest.Commit, storetest.Touch, storetest.Journal} {
			for n := range 6 {
				t.Run(fmt.Sprint(name, " ", m, " ", n), func(t *testing.T) {
					t.Parallel()
					b, faulty := faultyBench(t)
					b.taken(mail{from: doctor, subject: "Fil", text: "1"})
					id := b.thread("Fil").ID
					b.settle()
					set(faulty, m, n)
					in := conversations.ReplyInput{Text: "Merci", Operation: "k"}
					var err error
					for range 3 {
						if _, err = b.Reply(t.Context(), b.self(), b.patient.ID, id, in); err == nil {
							break
						}
						if !conversations.KindOf(err).Temporary() {
							t.Fatal(err)
						}
					}
					if err != nil {
						t.Fatal(err)
					}
					after := b.another()
					if seen := after.read(id); len(seen.Messages) != 2 || seen.Draft != "" {
						t.Errorf("%d messages, draft %q", len(seen.Messages), seen.Draft)
					}
					if n := len(after.queued()); n != 1 {
						t.Errorf("%d deliveries", n)
					}
					b.journalIsWhole()
				})
			}
		}
	}
}

// journalIsWhole checks that no entry is missing in the journal.
func (b *bench) journalIsWhole() {
	b.t.Helper()
	b.memory.mu.Lock()
	defer b.memory.mu.Unlock()
	for shard, entries := range b.memory.journal {
		for n := range uint64(len(entries)) {
			if entries[n+1] == nil {
				b.t.Errorf("entry %d of shard %s is missing", n+1, shard)
			}
		}
	}
	if head, err := b.redis.Get("{s" + b.patient.ID.Shard() + "}:head"); err != nil || head != fmt.Sprint(len(b.memory.journal[b.patient.ID.Shard()])) {
		b.t.Errorf("the store gave out %s sequences, %v; the journal keeps %d", head, err, len(b.memory.journal[b.patient.ID.Shard()]))
	}
}

// The same for a message: the operator sends again until he has his 250.
func TestReceive_faultAtEachStep_isOneMessage(t *testing.T) {
	t.Parallel()
	for _, m := range []storetest.Method{storetest.Facts, storetest.Commit, storetest.Journal} {
		for n := range 4 {
			for _, made := range []bool{false, true} {
				t.Run(fmt.Sprint(m, " ", n, " made ", made), func(t *testing.T) {
					t.Parallel()
					b, faulty := faultyBench(t)
					b.taken(mail{from: doctor, subject: "Avant", text: "0"})
					cutAt(faulty, m, n, made)
					err := errors.New("not sent")
					for range 3 {
						if err == nil {
							break
						}
						_, err = b.receive(mail{from: doctor, id: "one@x.test", subject: "Fil", text: "1"})
					}
					if err != nil {
						t.Fatal(err)
					}
					after := b.another()
					if n := len(after.thread("Fil").Messages); n != 1 {
						t.Errorf("%d messages", n)
					}
					b.journalIsWhole()
				})
			}
		}
	}
}

// D17: an empty store is not a store without this patient.
func TestEnrol_onAnEmptyStore_isRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.redis.FlushAll()
	_, err := b.Enrol(t.Context(), b.self(), anINS, "Camille Durand", rules.Active)
	wantKind(t, err, conversations.KindUnavailable)
	if keys := b.redis.Keys(); len(keys) != 0 {
		t.Errorf("written all the same: %v", keys)
	}
}

// What was accepted stays readable, whatever bytes it came with.
func TestReceive_bytesThatAreNoText_doNotLockTheInbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bad := "\xff\xfe\xc3("
	b.hand(anINS, mail{from: doctor, subject: "Avant " + bad, text: "1"}, func(in *conversations.Incoming) {
		in.MessageID, in.From.Name, in.Receipt = bad+"@x.test", bad, conversations.Receipt{Success: true, EnvID: bad, ORcpt: bad}
		in.Peer.Name, in.Peer.ID = bad, bad
		for i := range 3_000 { // a hostile header
			in.Others = append(in.Others, conversations.NamedAddress{Name: bad, Address: address(t, fmt.Sprint("x", i, "@cabinet.test"))})
		}
	})
	page, err := b.Inbox(t.Context(), b.patient.ID, "", 0)
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if n := len(b.read(page.Items[0].ID).Messages); n != 1 {
		t.Errorf("%d messages", n)
	}
	b.settle()
}

// A conversation moves to the top of the inbox while its pages are read: its bodies are still known, or
// Collect would delete them.
func TestKnown_whileAConversationMoves(t *testing.T) {
	t.Parallel()
	b, faulty := faultyBench(t)
	b.taken(mail{from: doctor, id: "old@x.test", subject: "Le plus ancien", text: "1"})
	var live []conversations.ID
	for id := range b.memory.bodies {
		live = append(live, id)
	}
	for i := range conversations.MaxPage {
		b.taken(mail{from: doctor, subject: fmt.Sprint("n", i), text: "x"})
	}
	other := b.another()
	faulty.After(storetest.Inbox, func() error {
		other.taken(mail{from: doctor, subject: "Re: Le plus ancien", text: "2", refs: []string{"old@x.test"}})
		return nil
	})
	if ok, err := b.Known()(t.Context(), b.patient.ID, live[0]); err != nil || !ok || faulty.Pending() != 0 {
		t.Errorf("known %v, %v: the body of a message would be deleted", ok, err)
	}
}

// late is a store whose next commit is given up by its caller and made only when the facts are read next.
type late struct {
	conversations.Store
	armed bool
	made  func() error
}

func (l *late) Commit(ctx context.Context, p conversations.PatientID, c conversations.Commit) (conversations.Committed, error) {
	if !l.armed {
		return l.Store.Commit(ctx, p, c)
	}
	l.armed = false
	l.made = func() error {
		_, err := l.Store.Commit(context.WithoutCancel(ctx), p, c)
		return err
	}
	return conversations.Committed{}, errLost
}

func (l *late) Facts(ctx context.Context, p conversations.PatientID, q conversations.FactsQuery) (conversations.Facts, error) {
	if made := l.made; made != nil {
		l.made = nil
		if err := made(); err != nil {
			return conversations.Facts{}, err
		}
	}
	return l.Store.Facts(ctx, p, q)
}

// The answer to a repeat waits for the trace of the first time, also when that was made a moment ago.
func TestCommit_madeLate_isInTheJournalBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]func(*bench, conversations.ID) error{
		"message": func(b *bench, _ conversations.ID) error {
			_, err := b.receive(mail{from: doctor, id: "late@x.test", subject: "Tard", text: "y"})
			return err
		},
		"reply": func(b *bench, id conversations.ID) error {
			_, err := b.Reply(b.t.Context(), b.self(), b.patient.ID, id, conversations.ReplyInput{Text: "Merci", Operation: "k"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l *late
			b := newBench(t, func(s conversations.Store) conversations.Store {
				l = &late{Store: s}
				return l
			})
			b.taken(mail{from: doctor, subject: "Fil", text: "1"})
			id := b.thread("Fil").ID
			l.armed = true
			wantKind(t, command(b, id), conversations.KindUnavailable)
			if l.made == nil {
				t.Fatal("the commit was not put off")
			}
			if err := command(b, id); err != nil {
				t.Fatal(err)
			}
			b.journalIsWhole()
		})
	}
}
