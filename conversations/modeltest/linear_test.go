package modeltest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/rules"
)

// Sizes of one history. What many clients did at once is searched for an order that explains it, so histories are
// short, and there are many of them.
const (
	clients   = 16
	rounds    = 3 // in each of which every client gives one command; then one looks
	processes = 4 // services on one redis, as of several programs
	histories = 16
	searchFor = 10 * time.Second
)

// act is one command of a history.
type act struct {
	do  string // write, fin, end, endall, block, unblock, reply, replyall, look
	box int
}

// saw is its answer.
type saw struct {
	code string
	to   string // whom a reply goes to; how the conversation looks
	gone bool   // the service gave up: nobody knows whether it was done
}

// TestLinearizable lets 16 clients write, end, block, reply and look at one conversation of one patient, through
// services that share nothing but redis, and asks whether one order of their commands explains every answer
// (D6, D7, D15, D34).
func TestLinearizable(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	open := 0
	histories := histories / slowdown
	for n := range histories {
		h := newHistory(t, server, uint64(n), nil)
		switch ops := h.run(); explained(ops) {
		case porcupine.Illegal:
			t.Errorf("no order explains the history with seed %d:\n%s", h.seed, describe(ops))
		case porcupine.Unknown:
			open++
		case porcupine.Ok:
		}
	}
	if t.Logf("%d histories of %d commands, %d of them left open", histories, rounds*(clients+1), open); open > histories/4 {
		t.Error("too many histories are left open: make them shorter")
	}
}

// A store that does not compare versions loses commands; the same search must say so.
func TestLinearizable_withoutVersions_isFound(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for n := range 4 * histories {
		h := newHistory(t, server, uint64(n), func(s conversations.Store) conversations.Store { return blind{s} })
		if explained(h.run()) == porcupine.Illegal {
			t.Logf("found in history %d", n)
			return
		}
	}
	t.Error("commands were lost, and every history was explained")
}

// blind is a store that commits at whatever version the patient stands.
type blind struct{ conversations.Store }

func (b blind) Commit(ctx context.Context, p conversations.PatientID, c conversations.Commit) (conversations.Committed, error) {
	for {
		f, err := b.Facts(ctx, p, conversations.FactsQuery{})
		if err != nil {
			return conversations.Committed{}, err
		}
		c.Version = f.Version
		done, err := b.Store.Commit(ctx, p, c)
		if !errors.Is(err, conversations.ErrConflict) {
			return done, err
		}
	}
}

// history is one run of all clients.
type history struct {
	*world
	seed     uint64
	services []*conversations.Service
	thread   conversations.ID
	began    time.Time

	mu  sync.Mutex
	ops []porcupine.Operation
}

// newHistory starts a patient with one conversation of two professionals: the first wrote, with the second in copy.
func newHistory(t *testing.T, server *redistest.Server, seed uint64, wrap func(conversations.Store) conversations.Store) *history {
	h := &history{world: newWorld(t, server, seed, 4), seed: seed}
	t.Cleanup(h.close)
	h.quota = 0
	for range processes {
		var store conversations.Store = redisstore.New(h.client, redisstore.Options{})
		if wrap != nil {
			store = wrap(store)
		}
		h.services = append(h.services, conversations.New(conversations.Settings{
			CitizenDomain: "patient.mssante.fr", MaxReplyBytes: maxReply, PatientKey: patientKey(),
		}, conversations.Ports{
			Store: store, Keys: h.keys, Bodies: h.bodies, Journal: h.journal, Acts: h.journal, Directory: h.world, Mail: &plainMail{},
			Log: slog.New(slog.DiscardHandler), Now: h.clock, Random: rand.Reader,
		}))
	}
	p := h.patients[0]
	h.hand(p, mail{from: 0, with: []box{6}, id: "first@operator.test", subject: "Un", text: "un", bytes: composed}, false)
	h.hand(p, mail{from: 6, with: []box{0}, id: "second@operator.test", refs: []string{"first@operator.test"}, subject: "Re: Un", text: "deux", bytes: composed}, false)
	h.thread = conversations.ID(p.threads[0].id)
	h.began = time.Now()
	return h
}

// plainMail is paddedMail for many at once: it remembers nothing.
type plainMail struct{ paddedMail }

func (m *plainMail) Compose(d conversations.Draft, w io.Writer) error {
	return (&paddedMail{ids: map[string]string{}}).Compose(d, w)
}

// run lets every client give its commands, all at once, with a look after each round: what is seen then bounds
// the search.
func (h *history) run() []porcupine.Operation {
	d := newDice(h.seed)
	for range rounds {
		var all sync.WaitGroup
		start := make(chan struct{})
		for client := range clients {
			a, own := drawAct(d), newDice(d.Uint64())
			all.Go(func() {
				<-start
				h.note(client, a, own)
			})
		}
		close(start)
		all.Wait()
		h.note(clients, act{do: "look"}, d)
	}
	return h.ops
}

// note gives a command of a client and notes when it began and ended.
func (h *history) note(client int, a act, d dice) {
	call := time.Since(h.began).Nanoseconds()
	got := h.give(h.services[client%processes], a, d)
	end := time.Since(h.began).Nanoseconds()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: a, Call: call, Output: got, Return: end})
}

// drawAct draws a command of one of the two professionals or of the patient.
func drawAct(d dice) act {
	do := pick(d, []string{
		"write", "write", "fin", "end", "endall", "block", "unblock", "unblock", "reply", "reply", "reply", "reply", "replyall", "replyall", "look", "look", "look",
	})
	return act{do: do, box: d.IntN(2) * 6}
}

// give carries out one command.
func (h *history) give(s *conversations.Service, a act, d dice) saw {
	p, b := h.patients[0], box(a.box)
	mine := []conversations.Address{h.address(b)}
	text := fmt.Sprint("texte ", d.Uint64())
	var err error
	var got saw
	switch a.do {
	case "write", "fin":
		_, err = s.Write(h.ctx, colleague, h.thread, conversations.ThreadInput{Mailbox: mine[0], Text: text, NoReply: a.do == "fin"})
	case "end":
		_, err = s.EndThread(h.ctx, colleague, mine, h.thread)
	case "endall":
		_, err = s.EndExchange(h.ctx, colleague, mine, h.pairID(p, b))
	case "block":
		_, err = s.Block(h.ctx, h.actor(p), h.id(p), h.pairID(p, b), time.Time{})
	case "unblock":
		_, err = s.Unblock(h.ctx, h.actor(p), h.id(p), h.pairID(p, b))
	case "reply", "replyall":
		in := conversations.ReplyInput{Text: text, Choice: rules.ReplyToOne}
		if a.do == "replyall" {
			in.Choice = rules.ReplyToAll
		}
		var m conversations.Message
		m, err = s.Reply(h.ctx, h.actor(p), h.id(p), h.thread, in)
		got.to = strings.Join(m.Copied, ",")
	case "look":
		var t conversations.Thread
		t, err = s.Thread(h.ctx, h.id(p), h.thread)
		got.to = looks(t.State, t.Reply.To, t.Reply.ToAll)
	}
	if err != nil {
		kind := conversations.KindOf(err)
		return saw{code: string(kind), gone: kind.Temporary()}
	}
	return got
}

func looks(state string, to, all []string) string {
	return state + " " + strings.Join(to, ",") + "+" + strings.Join(all, ",")
}

// pairState is what the model of a history knows: of both professionals, at which place what happened. It is
// the part of D34 that these commands need.
type pairState struct {
	place   int
	word    [2]int // last message
	open    [2]int // last message without FIN
	end     [2]int // of the conversation
	endAll  [2]int
	blocked [2]bool
	copied  [2]bool // the last message has the other in copy
}

// ended tells the place of the last end that silences the last message of n; 0: it still speaks.
func (s pairState) ended(n int) int {
	if e := max(s.end[n], s.endAll[n]); e > s.word[n] {
		return e
	}
	return 0
}

// governs is whose message governs, and whose is the newest.
func (s pairState) governs() (governs, newest int) {
	if newest = 0; s.word[1] > s.word[0] {
		newest = 1
	}
	for _, n := range []int{newest, 1 - newest} {
		if s.ended(n) == 0 {
			return n, newest
		}
	}
	return -1, newest
}

// look is the right to reply: its state, whom it goes to, whom a reply to all adds (-1: nobody).
func (s pairState) look() (state string, to, all int) {
	governs, newest := s.governs()
	speaker := governs
	if speaker < 0 {
		speaker = newest
	}
	switch {
	case s.blocked[speaker]:
		return "blocked", -1, -1
	case governs < 0:
		return "ended", -1, -1
	case s.word[governs] != s.open[governs]:
		return "no-reply", -1, -1
	}
	other := 1 - governs
	if s.blocked[other] || s.left(other) || !s.copied[governs] {
		other = -1
	}
	return "open", governs, other
}

// left reports whether n ended since its last word.
func (s pairState) left(n int) bool {
	return s.endAll[n] > s.open[n] || s.end[n] > s.open[n]
}

// step carries out one command, and reports whether it is answered so.
func (s pairState) step(a act, got saw) (bool, pairState) {
	n := a.box / 6
	next := s
	next.place++
	want := saw{}
	names := [...]string{"Marie MARTIN", "Paul PARTANT"}
	state, to, all := s.look()
	switch a.do {
	case "write", "fin":
		if s.blocked[n] {
			want.code = unreachable
			break
		}
		next.word[n], next.copied[n] = next.place, false
		if a.do == "write" {
			next.open[n] = next.place
		}
	case "end":
		if s.ended(n) == 0 {
			next.end[n] = next.place
		}
	case "endall":
		if s.endAll[n] <= s.open[n] {
			next.endAll[n] = next.place
		}
	case "block", "unblock":
		next.blocked[n] = a.do == "block"
	case "look":
		want.to = looks(state, named(names[:], to), named(names[:], all))
	case "reply", "replyall":
		want = replied(state, a.do == "replyall", named(names[:], to), named(names[:], all))
	}
	if got.gone { // it lost too many races, and was not done
		return a.do != "look", s
	}
	if want.code != "" {
		next = s
	}
	return got == want, next.packed()
}

// packed is the state with the least numbers that keep the order, so that equal states are found equal.
func (s pairState) packed() pairState {
	numbers := []*int{&s.word[0], &s.word[1], &s.open[0], &s.open[1], &s.end[0], &s.end[1], &s.endAll[0], &s.endAll[1]}
	values := []int{0}
	for _, n := range numbers {
		values = append(values, *n)
	}
	slices.Sort(values)
	values = slices.Compact(values)
	for _, n := range numbers {
		*n = slices.Index(values, *n)
	}
	s.place = len(values) - 1
	return s
}

// replied is how a reply is answered.
func replied(state string, toAll bool, to, all []string) saw {
	switch {
	case state == "blocked":
		return saw{code: "blocked-by-patient"}
	case state == "ended":
		return saw{code: "thread-closed"}
	case state == "no-reply", toAll && len(all) == 0:
		return saw{code: "reply-not-allowed"}
	case toAll:
		to = append(to, all...)
	}
	return saw{to: strings.Join(to, ",")}
}

func named(names []string, n int) []string {
	if n < 0 {
		return nil
	}
	return []string{names[n]}
}

// explained asks porcupine for an order.
func explained(ops []porcupine.Operation) porcupine.CheckResult {
	model := porcupine.Model{
		Init: func() any {
			return pairState{place: 2, word: [2]int{1, 2}, open: [2]int{1, 2}, copied: [2]bool{true, true}}
		},
		Step: func(state, input, output any) (bool, any) {
			ok, next := state.(pairState).step(input.(act), output.(saw)) //nolint:forcetypeassert // what Init and run give
			return ok, next
		},
	}
	return porcupine.CheckOperationsTimeout(model, ops, searchFor)
}

// describe prints a history.
func describe(ops []porcupine.Operation) string {
	var b strings.Builder
	for _, o := range ops {
		fmt.Fprintf(&b, "%d-%d client %d %+v -> %+v\n", o.Call/1000, o.Return/1000, o.ClientId, o.Input, o.Output)
	}
	return b.String()
}
