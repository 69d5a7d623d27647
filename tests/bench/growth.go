package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mesbridge/conversations"
)

// conversationSize is how many messages a conversation has when it is weighed (docs/performance.md, G8).
const conversationSize = 3

// stage is what was found with so many conversations.
type stage struct {
	conversations int
	conversation  float64 // bytes of Redis for each conversation of conversationSize messages, all that came with it included
	message       float64 // for one message more in a conversation
	kinds         shares  // bytes for each conversation by the kind of key
	intake        time.Duration
	inbox         time.Duration
	thread        time.Duration
}

// Patients whose pages are opened at each stage. They have one page of conversations, and nobody else writes to
// them, so that the work is the same at each.
const (
	readers     = 20
	readerInbox = 50
)

// mostEach is how many conversations a patient has at the last stage, unless there are few: what grows is the
// store, not one inbox.
const mostEach = 10

// What is repeated at each stage. Messages are weighed by several in a conversation: a patient's hash grows by
// steps of up to 2 kB.
const (
	weighedConversations = 1_000
	weighedMessages      = 10
	timedMessages        = 1_000
	timedInboxes         = 25 // by each reader
	timedThreads         = 50
)

// growth fills a store stage by stage.
type growth struct {
	*world
	people  []conversations.Patient
	readers []conversations.Patient
	next    uint64  // number of the next conversation
	empty   float64 // bytes before the first conversation
	extra   float64 // bytes of the messages by which messages were weighed
}

// grow measures what a conversation takes, and how the time of commands grows, with more and more of them (G7, G8).
func (l *lab) grow(ctx context.Context, r *report) (err error) {
	g := &growth{}
	if g.world, err = openWorld(ctx, l.dir); g.world != nil {
		defer func() { err = errors.Join(err, g.close()) }()
	}
	if err != nil {
		return err
	}
	patients := max(peopleCount, l.stages[len(l.stages)-1]/mostEach)
	l.note("enrolling %d patients", patients)
	if err := g.prepare(ctx, patients); err != nil {
		return err
	}
	done := 0
	for _, n := range l.stages {
		begun := time.Now()
		s, err := g.stage(ctx, done, n)
		if err != nil {
			return err
		}
		l.note("%d conversations: %.0f s", n, time.Since(begun).Seconds())
		r.stages = append(r.stages, s)
		done = n
	}
	return nil
}

// prepare enrols everybody and fills the inboxes that are read.
func (g *growth) prepare(ctx context.Context, patients int) error {
	for n := range patients + readers {
		p, err := g.enrol(ctx, n)
		if err != nil {
			return fmt.Errorf("enrol: %w", err)
		}
		g.people = append(g.people, p)
	}
	g.people, g.readers = g.people[:patients], g.people[patients:]
	for _, p := range g.readers {
		for range readerInbox {
			for i := range conversationSize {
				if err := g.receive(ctx, p, g.next, i); err != nil {
					return err
				}
			}
			g.next++
		}
	}
	g.next = (g.next/senders + 1) * senders // a patient's conversations are with one mailbox, as most are
	var err error
	g.empty, err = g.memory(ctx)
	return err
}

// stage adds conversations until there are n, and measures.
func (g *growth) stage(ctx context.Context, done, n int) (s stage, err error) {
	before, err := weighKeys(ctx, g.redis)
	if err != nil {
		return s, err
	}
	first := g.next
	timed := min(timedMessages, n-done)
	if err := g.fill(ctx, n-done-timed, timed); err != nil {
		return s, err
	}
	if s.intake, err = g.finishLast(ctx, timed); err != nil {
		return s, err
	}
	full, err := g.memory(ctx)
	if err != nil {
		return s, err
	}
	after, err := weighKeys(ctx, g.redis)
	if err != nil {
		return s, err
	}
	s.conversations, s.conversation = n, (full-g.empty-g.extra)/float64(n)
	s.kinds = after.since(before, float64(n-done))
	if s.message, err = g.weighMessage(ctx, first); err != nil {
		return s, err
	}
	return s, g.read(ctx, &s)
}

// owner is the patient of a conversation.
func (g *growth) owner(conversation uint64) conversations.Patient {
	return g.people[conversation%uint64(len(g.people))]
}

// fill adds whole conversations, and others that lack their last message.
func (g *growth) fill(ctx context.Context, whole, unfinished int) error {
	const writers = 16
	var begun atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, writers)
	first := g.next
	g.next += uint64(whole + unfinished)
	for w := range writers {
		group.Go(func() {
			for n := begun.Add(1) - 1; n < int64(whole+unfinished) && errs[w] == nil; n = begun.Add(1) - 1 {
				conversation, size := first+uint64(n), conversationSize
				if n >= int64(whole) {
					size--
				}
				for i := 0; i < size && errs[w] == nil; i++ {
					errs[w] = g.receive(ctx, g.owner(conversation), conversation, i)
				}
				if n%10_000 == 0 && errs[w] == nil {
					errs[w] = g.trim(ctx)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// finishLast adds the last message to the last conversations, one after the other, and returns the middle time.
func (g *growth) finishLast(ctx context.Context, count int) (time.Duration, error) {
	if err := g.settled(ctx); err != nil {
		return 0, err
	}
	conversation := g.next - uint64(count)
	return middle(count, func(int) error {
		conversation++
		return g.receive(ctx, g.owner(conversation-1), conversation-1, conversationSize-1)
	})
}

// weighMessage adds messages to conversations from one on, and returns what one takes.
func (g *growth) weighMessage(ctx context.Context, first uint64) (float64, error) {
	before, err := g.memory(ctx)
	if err != nil {
		return 0, err
	}
	for n := range uint64(weighedConversations) {
		for i := range weighedMessages {
			if err := g.receive(ctx, g.owner(first+n), first+n, conversationSize+i); err != nil {
				return 0, err
			}
		}
	}
	after, err := g.memory(ctx)
	g.extra += after - before
	return (after - before) / (weighedConversations * weighedMessages), err
}

// read opens the inboxes and conversations of the readers.
func (g *growth) read(ctx context.Context, s *stage) (err error) {
	var last conversations.ThreadPage
	s.inbox, err = middle(readers*timedInboxes, func(n int) (err error) {
		last, err = g.Inbox(ctx, g.readers[n%readers].ID, "", readerInbox)
		if err == nil && len(last.Items) != readerInbox {
			err = fmt.Errorf("an inbox of %d shows %d", readerInbox, len(last.Items))
		}
		return err
	})
	if err != nil {
		return err
	}
	owner := g.readers[(readers*timedInboxes-1)%readers].ID
	s.thread, err = middle(readers*timedThreads, func(n int) error {
		t, err := g.Thread(ctx, owner, last.Items[n%readerInbox].ID)
		if err == nil && len(t.Messages) != conversationSize {
			err = fmt.Errorf("a conversation of %d messages shows %d", conversationSize, len(t.Messages))
		}
		return err
	})
	return err
}

// middle does something count times, one after the other, and returns the middle time.
func middle(count int, do func(n int) error) (time.Duration, error) {
	took := make([]time.Duration, count)
	for n := range took {
		begun := time.Now()
		if err := do(n); err != nil {
			return 0, err
		}
		took[n] = time.Since(begun)
	}
	return quantile(took, .5), nil
}

// settled waits until no effect is due.
func (g *growth) settled(ctx context.Context) error {
	const pause = 20 * time.Millisecond
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for shard := 0; shard < 256; {
		due, err := g.redis.ZCount(ctx, fmt.Sprintf("{s%02x}:due", shard), "-inf", "+inf").Result()
		if err != nil {
			return err
		}
		if due == 0 {
			shard++
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// memory is what the server holds, without the buffers of its clients, once everything is done that follows a
// message, and the journal was trimmed.
func (g *growth) memory(ctx context.Context) (float64, error) {
	if err := errors.Join(g.settled(ctx), g.trim(ctx)); err != nil {
		return 0, err
	}
	// Their buffers are in what the server reports, and it counts them late.
	if err := g.redis.ClientKillByFilter(ctx, "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
		return 0, err
	}
	info, err := g.redis.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for name, sign := range map[string]float64{"used_memory": 1, "mem_clients_normal": -1} {
		_, rest, _ := strings.Cut(info, "\n"+name+":")
		value, _, _ := strings.Cut(rest, "\r")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("%s of Redis: %w", name, err)
		}
		sum += sign * n
	}
	return sum, nil
}

// grown is how much longer a command takes at the last stage than at the first.
func (r *report) grown(of func(stage) time.Duration) float64 {
	if len(r.stages) < 2 {
		return math.NaN()
	}
	return float64(of(r.stages[len(r.stages)-1])) / float64(of(r.stages[0]))
}

// What grows.
func stageIntake(s stage) time.Duration { return s.intake }
func stageInbox(s stage) time.Duration  { return s.inbox }
func stageThread(s stage) time.Duration { return s.thread }
