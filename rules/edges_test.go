package rules_test

import (
	"slices"
	"testing"

	"mesbridge/rules"
)

// play carries out commands that must all be understood.
func play(t *testing.T, w *world, commands ...string) {
	t.Helper()
	for _, c := range commands {
		if _, err := w.run(c); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
	}
}

// TestReport_inAConversation_changesNoRight: OP7, D22, D34. An out-of-office reply is shown where it
// belongs and grants nothing; nor does it take away what the professional granted, to whomever.
func TestReport_inAConversation_changesNoRight(t *testing.T) {
	t.Parallel()
	for name, commands := range map[string][]string{
		"open":                        {"receive from=A thread=t1"},
		"open by another one":         {"receive from=B cc=A thread=t1"},
		"open to a reply mailbox":     {"receive from=B reply-to=A thread=t1"},
		"without reply":               {"receive from=A thread=t1 header=FIN"},
		"ended":                       {"receive from=A thread=t1", "end-exchange A"},
		"ended here alone":            {"receive from=A thread=t1", "end-conversation A t1"},
		"ended, one in copy has left": {"receive from=A thread=t1", "receive from=B cc=A thread=t1", "end-conversation A t1"},
		"a report that began it":      {"receive from=A thread=t1 report"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			play(t, w, commands...)
			before := w.right("t1")
			ended, contactable := w.state.Exchanges["A"].Ended(), w.state.Exchanges["A"].Contactable()
			play(t, w, "receive from=A thread=t1 report")
			after := w.right("t1")
			if after.State != before.State || after.Message != before.Message || !slices.Equal(after.To, before.To) ||
				!slices.Equal(after.ToAll, before.ToAll) || after.By != before.By {
				t.Errorf("an automatic answer turned %+v into %+v", before, after)
			}
			if e := w.state.Exchanges["A"]; e.Ended() != ended || e.Contactable() != contactable {
				t.Errorf("an automatic answer changed the exchange: %+v", e)
			}
		})
	}
}

// TestReport_answersNothing: D8, D24. The patient still waits for an answer.
func TestReport_answersNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	play(t, w, "receive from=A thread=t1", "reply t1", "receive from=A thread=t1 report")
	if !w.state.Conversations["t1"].LastPatient {
		t.Error("an automatic answer counts as one")
	}
	play(t, w, "receive from=A thread=t1")
	if w.state.Conversations["t1"].LastPatient {
		t.Error("a message does not")
	}
}

// TestDeliver_blockOfWhoWasAnswered: D15. The conversation is blocked with its author, also when the
// reply goes to his reply mailbox or, with REPLY_TO_ALL, to others.
func TestDeliver_blockOfWhoWasAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld()
	play(t, w, "receive from=A reply-to=M thread=t1", "reply t1", "block A")
	f := rules.DeliverFacts{
		Patient: w.state.Patient, Sent: 2, To: w.who.Of("M"), Author: w.who.Of("A"),
		Conversation: w.state.Conversations["t1"], Exchange: w.state.Exchanges["M"],
	}
	if right := w.right("t1"); right.State != rules.Blocked {
		t.Fatalf("%+v", right)
	}
	if v := rules.Deliver(f, w.now); v.Refusal.Code != rules.BlockedByPatient {
		t.Errorf("a queued reply leaves a blocked conversation: %+v", v)
	}
	play(t, w, "unblock A", "table A structure=S", "refuse structure=S")
	f.Patient, f.Author = w.state.Patient, w.who.Of("A")
	if v := rules.Deliver(f, w.now); v.Refusal.Code != rules.PatientOpposed {
		t.Errorf("a queued reply leaves a frozen conversation: %+v", v)
	}
}

// TestReport_withFIN_isObeyed: D34 reads the header, whoever wrote it.
func TestReport_withFIN_isObeyed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	play(t, w, "receive from=A thread=t1", "receive from=A thread=t1 report header=FIN")
	if r := w.right("t1"); r.State != rules.NoReply {
		t.Errorf("%+v", r)
	}
	w = newWorld()
	play(t, w, "receive from=A thread=t1", `receive from=A thread=t1 report subject="[FIN]"`)
	if r := w.right("t1"); r.State != rules.Ended || r.By != "A" {
		t.Errorf("%+v", r)
	}
}

// TestBlock_hasNoEffect: D4. What a block queues for the professional's lists would tell when it was set.
func TestBlock_hasNoEffect(t *testing.T) {
	t.Parallel()
	w := newWorld()
	play(t, w, "receive from=A thread=t1")
	f := rules.BlockFacts{Patient: w.state.Patient, Next: 2, Contact: w.who.Of("A"), Exchange: w.state.Exchanges["A"]}
	set := rules.Block(f, w.now)
	rules.Apply(&w.state, set.Change)
	f.Patient, f.Next = w.state.Patient, 3
	lifted := rules.Unblock(f, w.now)
	if set.Change.Kind != rules.BlockSet || lifted.Change.Kind != rules.BlockLifted || set.Effects != 0 || lifted.Effects != 0 {
		t.Errorf("%+v, %+v", set, lifted)
	}
}

// TestRight_blocked_namesWhoIs: the page offers to lift the block of him, not of somebody else.
func TestRight_blocked_namesWhoIs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	play(t, w, "receive from=A reply-to=M,N thread=t1", "block N")
	if r := w.right("t1"); r.State != rules.Blocked || r.With != "N" {
		t.Errorf("%s with %s", r.State, r.With)
	}
	play(t, w, "block A")
	if r := w.right("t1"); r.State != rules.Blocked || r.With != "A" {
		t.Errorf("%s with %s", r.State, r.With)
	}
}
