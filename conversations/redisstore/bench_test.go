package redisstore_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/rules"
)

// BenchmarkFactsCommit does what one accepted message costs the store: facts in one round trip, a
// commit in another, on a server that syncs each write, over 10 000 patients (goals G1 and G2).
func BenchmarkFactsCommit(b *testing.B) {
	for _, goroutines := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			server := redistest.Start(b)
			store := redisstore.New(server.Client(b), redisstore.Options{})
			if err := store.Ping(b.Context()); err != nil {
				b.Fatal(err)
			}
			benchmarkMessages(b, store, goroutines)
		})
	}
}

// benchmarkMessages shares b.N messages among goroutines.
func benchmarkMessages(b *testing.B, store conversations.Store, goroutines int) {
	b.ReportAllocs()
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for range goroutines {
		group.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := acceptMessage(b, store, int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// acceptMessage stores message i, of a patient of 10 000, with records of the size that they have.
func acceptMessage(b *testing.B, store conversations.Store, i int) error {
	p := conversations.PatientID(hexID("patient", i%10_000))
	mailbox := rules.MailboxID(hexID("mailbox", i%100))
	name := hexID(b.Name(), i)[:22]
	conv, msg := conversations.ID(p.Shard()+"c"+name), conversations.ID(p.Shard()+"m"+name)
	f, err := store.Facts(b.Context(), p, conversations.FactsQuery{
		Operation: "in:" + name, Exchanges: []rules.MailboxID{mailbox}, Refs: []string{name + "r", name + "s"},
		Repeat: "=" + name,
	})
	if err != nil {
		return err
	}
	_, err = store.Commit(b.Context(), p, conversations.Commit{
		Version: f.Version, Operation: "in:" + name, Answer: []byte(msg), Entry: make([]byte, 300), Now: noon(),
		Records: []conversations.Record{
			{Table: conversations.TableExchanges, Field: string(mailbox), Value: make([]byte, 120)},
			{Table: conversations.TableConversations, Field: string(conv), Value: make([]byte, 250)},
			{Table: conversations.TableMessages, Field: string(msg), Value: make([]byte, 150)},
			{Table: conversations.TableRefs, Field: name + "r", Value: []byte(conv + "/" + msg)},
			{Table: conversations.TableRefs, Field: "=" + name, Value: []byte(msg)},
		},
		Inbox: map[conversations.ID]time.Time{conv: noon()},
		IDs:   []conversations.ID{conv, msg},
		Effects: []conversations.Effect{
			{ID: string(msg) + "n", Kind: conversations.EffectNotify, Patient: p, Message: msg, At: noon(), CreatedAt: noon()},
			{ID: string(msg) + "p", Kind: conversations.EffectProject, Patient: p, Thread: conv, Mailbox: mailbox, At: noon(), CreatedAt: noon()},
		},
	})
	return err
}

// hexID returns 32 hexadecimal digits.
func hexID(kind string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", kind, n))
	return hex.EncodeToString(sum[:16])
}

// BenchmarkClaim_idleSweep shows what looking at all 256 shards costs when nothing is due.
func BenchmarkClaim_idleSweep(b *testing.B) {
	server := redistest.Start(b)
	store := redisstore.New(server.Client(b), redisstore.Options{Sweep: -1})
	for b.Loop() {
		if _, err := store.Claim(b.Context(), noon(), time.Minute, 50); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClaimFinish does what one effect costs the store beside its commit: 50 are claimed at a
// time, and each is finished by itself.
func BenchmarkClaimFinish(b *testing.B) {
	server := redistest.Start(b)
	store := redisstore.New(server.Client(b), redisstore.Options{})
	for i := range b.N {
		if i%2 == 0 { // each message brings two effects
			if err := acceptMessage(b, store, i); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ResetTimer()
	for left := b.N; left > 0; {
		claims, err := store.Claim(b.Context(), noon(), time.Hour, min(left, 50))
		if err != nil || len(claims) == 0 {
			b.Fatalf("Claim: %d effects, %v; %d left", len(claims), err, left)
		}
		for _, c := range claims {
			if _, err := store.Finish(b.Context(), c, time.Time{}, conversations.Note{}); err != nil {
				b.Fatal(err)
			}
		}
		left -= len(claims)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "effects/s")
}
