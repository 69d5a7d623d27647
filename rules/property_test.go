package rules_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mesbridge/rules"
)

var (
	allBoxes   = []rules.MailboxID{"A", "B", "C", "D", "E"}
	allThreads = []rules.ConversationID{"t1", "t2", "t3"}
)

// run is one random life of a patient, told to the rules and to the model alike.
type run struct {
	*world
	model   model
	changes []rules.Change
	// late tells that an end by window was not written down at its instant. Then Répondre à tous may leave
	// out, until the next message of his, a professional whom a message in between has in copy.
	late    bool
	planned bool // some end was planned: then several ends may come at one instant
}

func newRun() *run {
	r := &run{world: newWorld()}
	r.who = rules.Correspondents{
		"A": {Person: "p1"}, "B": {Person: "p1"}, "C": {Structure: "s1"}, "D": {Structure: "s1", Person: "p2"}, "E": {},
	}
	r.model = model{
		who: r.who, blocks: map[rules.MailboxID]time.Time{}, patient: r.state.Patient, tagged: []rules.ConversationID{"t1", "t2"},
	}
	// Half hours, so that no window ends when something else happens.
	r.windows = map[rules.MailboxID]rules.Window{
		"A": {Length: 150 * time.Minute, Answer: 90 * time.Minute}, "C": {Length: 210 * time.Minute, Answer: 30 * time.Minute},
	}
	r.visits["V"] = &visit{rules.Episode{Visit: "V", State: rules.EpisodeOpen}}
	return r
}

// apply makes a verdict's change, if it has one, and reports whether it has.
func (r *run) apply(v rules.Verdict) bool {
	if v.Refusal.Refused() || v.Change.Kind == "" {
		return false
	}
	r.seq++
	r.changes = append(r.changes, v.Change)
	rules.Apply(&r.state, v.Change)
	return true
}

func (r *run) note(h ...happened) {
	for i := range h {
		h[i].at = r.now
	}
	r.model.history = append(r.model.history, h...)
}

// step draws one command and carries it out.
func (r *run) step(t *rapid.T) {
	box := rapid.SampledFrom(allBoxes)
	m := box.Draw(t, "mailbox")
	switch rapid.SampledFrom([]string{
		"receive", "receive", "receive", "receive", "receive", "end-exchange", "end-conversation", "reply", "plan", "keep",
		"block", "unblock", "later", "later", "account", "refuse", "accept", "gone", "visit closed", "visit open",
	}).Draw(t, "command") {
	case "receive":
		r.receiveRandom(t, m)
	case "end-exchange":
		if r.apply(rules.EndExchange(m, r.view().Exchanges[m], r.seq+1, rules.ByAPI, r.now)) {
			r.note(happened{isEnd: true, by: m, how: rules.ByAPI})
		}
	case "plan":
		in := rapid.SampledFrom([]time.Duration{20 * time.Minute, 80 * time.Minute, 140 * time.Minute}).Draw(t, "in")
		if r.apply(rules.PlanEnd(m, r.view().Exchanges[m], r.now.Add(in), r.seq+1, r.now)) {
			r.planned = true
			r.note(happened{plans: r.now.Add(in), by: m})
		}
	case "keep":
		if r.apply(rules.KeepExchange(m, r.view().Exchanges[m], r.seq+1, r.now)) {
			r.note(happened{keeps: true, by: m})
		}
	case "end-conversation":
		c := rapid.SampledFrom(allThreads).Draw(t, "thread")
		if r.apply(rules.EndConversation(m, r.view().Conversations[c], r.view().Exchanges, r.seq+1, rules.ByAPI, r.now)) {
			r.note(happened{isEnd: true, by: m, thread: c, how: rules.ByAPI})
		}
	case "reply":
		c := rapid.SampledFrom(allThreads).Draw(t, "thread")
		choice := rapid.SampledFrom([]rules.ReplyChoice{rules.ReplyToOne, rules.ReplyToAll}).Draw(t, "choice")
		v := rules.Reply(rules.ReplyFacts{
			Right: r.right(c), Next: r.seq + 1, Conversation: c, Message: "reply", Choice: choice, HasText: true, Bytes: 1, MaxBytes: 1,
		}, r.now)
		if r.apply(v) {
			r.note(happened{isReply: true, thread: c, replyTo: v.Change.To})
		}
	case "visit closed":
		r.visitEvent(rules.EpisodeClosed, rapid.Bool().Draw(t, "by hand"), rapid.Bool().Draw(t, "grace"))
	case "visit open":
		r.visitEvent(rules.EpisodeOpen, true, false)
	case "block":
		f := rules.BlockFacts{Patient: r.state.Patient, Next: r.seq + 1, Contact: r.who.Of(m), Exchange: r.view().Exchanges[m]}
		if rapid.Bool().Draw(t, "for a while") {
			f.Until = r.now.Add(2 * time.Hour)
		}
		if r.apply(rules.Block(f, r.now)) {
			r.model.block(m, f.Until)
		}
	case "unblock":
		r.apply(rules.Unblock(rules.BlockFacts{Patient: r.state.Patient, Next: r.seq + 1, Contact: r.who.Of(m)}, r.now))
		r.model.unblock(m)
	case "later":
		r.now = r.now.Add(time.Hour)
		if r.late = r.late || rapid.Bool().Draw(t, "the worker is late"); !r.late {
			for _, m := range allBoxes {
				r.apply(rules.CarryOut(r.state.Exchanges[m], r.seq+1, r.now))
			}
		}
	case "account":
		to := rapid.SampledFrom([]rules.AccountState{rules.Active, rules.Active, rules.NotActivated, rules.Suspended, rules.Closed}).Draw(t, "account")
		r.apply(rules.ChangeAccount(r.state.Patient, to, r.seq+1, r.now))
		r.model.patient.Account = to
	case "refuse":
		r.state.Patient.Refusals = []rules.MessagesRefusal{{Scope: rules.WholeStructure, Value: "s1"}}
		r.model.patient.Refusals = r.state.Patient.Refusals
	case "accept":
		r.state.Patient.Refusals, r.model.patient.Refusals = nil, nil
	case "gone":
		k := r.who[m]
		k.Gone = !k.Gone
		r.who[m] = k
	}
}

// receiveRandom draws a message from m and admits it.
func (r *run) receiveRandom(t *rapid.T, m rules.MailboxID) {
	some := rapid.SliceOfN(rapid.SampledFrom(allBoxes), 0, 3)
	c := rapid.SampledFrom(allThreads).Draw(t, "thread")
	f := rules.AdmitFacts{
		Patient: r.state.Patient, Next: r.seq + 1, Message: rules.MessageKey(fmt.Sprintf("m%d", r.seq+1)),
		Sender: r.who.Of(m), With: some.Draw(t, "cc"), Exchange: r.view().Exchanges[m], Windows: r.windows,
		Subject: rapid.SampledFrom([]string{"a", "a", "a", "a", "[FIN]"}).Draw(t, "subject"), HasContent: rapid.Bool().Draw(t, "content"),
	}
	if rapid.IntRange(0, 3).Draw(t, "reply-to?") == 0 {
		f.ReplyTo = some.Draw(t, "reply-to")
	}
	if rapid.IntRange(0, 3).Draw(t, "fin?") == 0 {
		f.EndHeaders = []string{"FIN"}
	}
	f.Thread, f.Fresh = r.place(string(c))
	if slices.Contains(r.model.tagged, c) {
		f.Visit, f.Boxes = "V", rules.OfStructure("s1", r.who, slices.Concat([]rules.MailboxID{m}, f.ReplyTo, f.With))
		if f.Thread == "" {
			f.Boxes = append(f.Boxes, m)
		}
	}
	v := rules.Admit(f, r.now)
	receives := r.model.patient.Account == rules.Active || r.model.patient.Account == rules.NotActivated
	wants := receives && !r.model.blocked(m, r.now) && !r.model.refused(m)
	if v.Refusal.Refused() == wants {
		t.Fatalf("message from %s: refused %v, the model wants it: %v", m, v.Refusal.Refused(), wants)
	}
	if !r.apply(v) {
		return
	}
	if f.Visit != "" && f.Thread == "" && v.Change.Shown {
		r.visits["V"].Threads = append(r.visits["V"].Threads, c)
	}
	h := happened{asked: f.ReplyTo, windows: r.windows, by: m, key: f.Message, with: f.With, fin: len(f.EndHeaders) > 0, marker: f.Subject == "[FIN]"}
	for _, id := range f.ReplyTo {
		if !slices.Contains(h.replyTo, id) {
			h.replyTo = append(h.replyTo, id)
		}
	}
	if len(h.replyTo) == 0 {
		h.replyTo = []rules.MailboxID{m}
	}
	if !h.marker || f.Thread != "" || f.HasContent {
		h.thread = c
	}
	r.note(h)
	if h.marker {
		r.note(happened{isEnd: true, by: m, how: rules.BySubject})
	}
}

// block and unblock keep what D12 says of blocks: another one of the same person moves the end.
func (m *model) block(id rules.MailboxID, until time.Time) {
	for b := range m.blocks {
		if m.who[b].Person != "" && m.who[b].Person == m.who[id].Person {
			m.blocks[b] = until
		}
	}
	m.blocks[id] = until
}

func (m *model) unblock(id rules.MailboxID) {
	for b := range m.blocks {
		if b == id || m.who[b].Person != "" && m.who[b].Person == m.who[id].Person {
			delete(m.blocks, b)
		}
	}
}

// check compares the rules with the model, everywhere.
func (r *run) check(t *rapid.T) {
	model, view := r.model.at(r.now), r.view()
	for _, c := range allThreads {
		if _, ok := r.state.Conversations[c]; !ok {
			if got := r.right(c); got.Code != rules.ThreadNotOpened {
				t.Fatalf("%s was never opened: %v", c, got)
			}
			continue
		}
		got := r.right(c)
		state, to, all, by := model.right(c, r.now)
		timed := got.How == rules.ByEpisode || got.How == rules.ByWindow || r.planned // several ends come at one instant
		if got.State != state || !slices.Equal(got.To, to) || !slices.Equal(got.ToAll, all) && !r.late || got.By != by && !timed {
			t.Fatalf("%s: the rules say %s to %v and %v by %s; the model %s to %v and %v by %s\nhistory %s",
				c, got.State, got.To, got.ToAll, got.By, state, to, all, by, model.story())
		}
		if (got.Code == "") != (state == rules.Open) || got.Rule == "" {
			t.Fatalf("%s: %s with code %q and rule %q", c, state, got.Code, got.Rule)
		}
		for _, m := range allBoxes {
			seen := rules.SeenBy(r.who.Of(m), view.Patient, view.Conversations[c], view.Exchanges, r.now)
			if want := model.seenBy(m, c, r.now); seen != want {
				t.Fatalf("%s as %s sees it: %s, the model says %s\nhistory %+v", c, m, seen, want, model.story())
			}
		}
	}
	for _, m := range allBoxes {
		got := rules.CanContact(view.Patient, r.who.Of(m), view.Exchanges[m], r.now)
		if want := model.contactable(m, r.now); got != want {
			t.Fatalf("%s contactable: %v, the model says %v\nhistory %+v", m, got, want, model.story())
		}
	}
}

// TestRights_likeTheModel: D34, table 9.1, D4, D12, D15, R70-R95 on random lives.
func TestRights_likeTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := newRun()
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			r.step(t)
			r.check(t)
		}
	})
}

// TestApply_twice_isTheSame: the state is a function of the changes in their order, and of nothing
// else: what rebuilds it from the journal relies on that.
func TestApply_twice_isTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := newRun()
		for range 30 {
			r.step(t)
		}
		for range 2 {
			again := newWorld().state
			for _, c := range r.changes {
				rules.Apply(&again, c)
			}
			again.Patient.Refusals = r.state.Patient.Refusals // set without a change
			if !reflect.DeepEqual(again, r.state) {
				t.Fatalf("applied again: %+v\nwas %+v", again, r.state)
			}
		}
	})
}

// rights are what the professionals allow: the rights of a patient who blocked and refused nobody, and
// whose correspondents are all there.
func (r *run) rights() map[rules.ConversationID]rules.Right {
	all := map[rules.ConversationID]rules.Right{}
	for _, c := range allThreads {
		all[c] = rules.RightToReply(rules.Patient{Account: rules.Active}, r.view().Conversations[c], r.view().Exchanges, nil, r.now)
	}
	return all
}

func without(ids []rules.MailboxID, id rules.MailboxID) []rules.MailboxID {
	return slices.DeleteFunc(slices.Clone(ids), func(o rules.MailboxID) bool { return o == id })
}

// TestEnds_concernTheirOwnMailbox: the last property of D34. No command of mailbox A changes what the
// patient may send to B unless A wrote, or was the reply mailbox of, the message that governs.
func TestEnds_concernTheirOwnMailbox(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := newRun()
		for range rapid.IntRange(1, 30).Draw(t, "length") {
			r.step(t)
		}
		a := rapid.SampledFrom(allBoxes).Draw(t, "A")
		before, exchanges := r.rights(), cloneExchanges(r.state.Exchanges)
		messageIn := rules.ConversationID("")
		switch rapid.SampledFrom([]string{"exchange", "plan", "conversation", "marker", "message"}).Draw(t, "command of A") {
		case "exchange":
			r.apply(rules.EndExchange(a, r.view().Exchanges[a], r.seq+1, rules.ByAPI, r.now))
		case "plan":
			r.apply(rules.PlanEnd(a, r.view().Exchanges[a], r.now.Add(rules.UndoFor), r.seq+1, r.now))
			r.now = r.now.Add(rules.UndoFor) // as for the others: no window ends at these minutes
		case "conversation":
			c := rapid.SampledFrom(allThreads).Draw(t, "thread")
			r.apply(rules.EndConversation(a, r.view().Conversations[c], r.view().Exchanges, r.seq+1, rules.ByAPI, r.now))
		case "marker":
			r.apply(rules.Admit(rules.AdmitFacts{
				Patient: r.state.Patient, Next: r.seq + 1, Message: "end", Sender: r.who.Of(a), Exchange: r.view().Exchanges[a],
				Fresh: "t9", Subject: "[FIN]", ReplyTo: allBoxes,
			}, r.now))
		case "message": // in a conversation of its own: the others do not move
			messageIn = "t9"
			r.apply(rules.Admit(rules.AdmitFacts{
				Patient: r.state.Patient, Next: r.seq + 1, Message: "word", Sender: r.who.Of(a), Exchange: r.view().Exchanges[a],
				Fresh: messageIn, Subject: "a", ReplyTo: rapid.SliceOf(rapid.SampledFrom(allBoxes)).Draw(t, "reply-to"), With: allBoxes,
			}, r.now))
		}
		for c, after := range r.rights() {
			was := before[c]
			if was.Message != "" && r.namedBy(a, was.Message) {
				continue
			}
			if after.State != was.State || after.Message != was.Message || !slices.Equal(after.To, was.To) || !slices.Equal(without(after.ToAll, a), without(was.ToAll, a)) {
				t.Fatalf("%s: a command of %s turned %s to %v and %v into %s to %v and %v",
					c, a, was.State, was.To, was.ToAll, after.State, after.To, after.ToAll)
			}
		}
		for _, b := range allBoxes {
			if b != a && messageIn == "" && exchanges[b] != r.state.Exchanges[b] {
				t.Fatalf("a command of %s changed the exchange with %s", a, b)
			}
		}
	})
}

func cloneExchanges(ex rules.Exchanges) rules.Exchanges {
	c := rules.Exchanges{}
	for m, e := range ex {
		c[m] = e
	}
	return c
}

// namedBy reports whether m wrote, or is the reply mailbox of, a message.
func (r *run) namedBy(m rules.MailboxID, key rules.MessageKey) bool {
	return slices.ContainsFunc(r.model.history, func(h happened) bool {
		return h.key == key && (h.by == m || slices.Contains(h.replyTo, m))
	})
}

// TestBlock_lifted_restoresTheRights: D15, I147.
func TestBlock_lifted_restoresTheRights(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := newRun()
		for range rapid.IntRange(1, 30).Draw(t, "length") {
			r.step(t)
		}
		r.state.Patient = rules.Patient{Account: rules.Active}
		m := rapid.SampledFrom(allBoxes).Draw(t, "blocked")
		before := map[rules.ConversationID]rules.Right{}
		for _, c := range allThreads {
			before[c] = r.right(c)
		}
		f := rules.BlockFacts{Patient: r.state.Patient, Next: r.seq + 1, Contact: r.who.Of(m), Exchange: r.view().Exchanges[m]}
		if !r.apply(rules.Block(f, r.now)) {
			return // a mailbox that never wrote
		}
		if !rules.Reach(r.state.Patient, r.who.Of(m), r.now).Refused() {
			t.Fatalf("a message of %s is taken although he is blocked", m)
		}
		for c, was := range before {
			now := r.right(c)
			if was.State == rules.Open && slices.Contains(was.To, m) && now.State != rules.Blocked && now.State != rules.Frozen {
				t.Fatalf("%s is open to %s although he is blocked", c, m)
			}
			if slices.Contains(now.To, m) || slices.Contains(now.ToAll, m) {
				t.Fatalf("%s reaches %s although he is blocked", c, m)
			}
		}
		f.Patient, f.Next = r.state.Patient, r.seq+1
		if !r.apply(rules.Unblock(f, r.now)) || len(r.state.Patient.Blocks) != 0 {
			t.Fatalf("the block of %s stays: %v", m, r.state.Patient.Blocks)
		}
		for c, was := range before {
			if now := r.right(c); !reflect.DeepEqual(now, was) {
				t.Fatalf("%s was %+v, and is %+v after the block was lifted", c, was, now)
			}
		}
	})
}
