package rules_test

import (
	"testing"

	"mesbridge/rules"
)

// TestThreadLists: D4, D7, D22, O89, D34.
func TestThreadLists(t *testing.T) {
	t.Parallel()
	mine, asked, read := rules.DeskMessage{Mine: true}, rules.DeskMessage{Mine: true, Asked: true}, rules.DeskMessage{Mine: true, Asked: true, Opened: true}
	heard, failed := rules.DeskMessage{}, rules.DeskMessage{Failed: true}
	crossed := rules.Exchange{Awaiting: true}
	for _, tc := range []struct {
		name  string
		state rules.ThreadState
		e     rules.Exchange
		last  bool
		own   []rules.DeskMessage
		want  rules.Lists
	}{
		{"nothing", rules.ThreadNoReply, rules.Exchange{}, false, nil, 0},
		{"I wrote", rules.ThreadOpen, rules.Exchange{}, false, []rules.DeskMessage{mine}, 0},
		{"I asked for a receipt", rules.ThreadOpen, rules.Exchange{}, false, []rules.DeskMessage{asked}, rules.ListUnread},
		{"and had it", rules.ThreadOpen, rules.Exchange{}, false, []rules.DeskMessage{read}, 0},
		{"an older one is unread", rules.ThreadOpen, rules.Exchange{}, true, []rules.DeskMessage{heard, read, asked}, rules.ListUnread | rules.ListWaiting},
		{"he wrote last", rules.ThreadOpen, rules.Exchange{}, true, []rules.DeskMessage{heard, mine}, rules.ListWaiting},
		{"it did not arrive", rules.ThreadOpen, rules.Exchange{}, true, []rules.DeskMessage{failed, mine}, rules.ListWaiting | rules.ListUndelivered},
		{"nor one before it", rules.ThreadOpen, rules.Exchange{}, true, []rules.DeskMessage{heard, failed}, rules.ListWaiting | rules.ListUndelivered},
		{"and I wrote since", rules.ThreadOpen, rules.Exchange{}, false, []rules.DeskMessage{mine, failed}, 0},
		{"I ended after he wrote", rules.ThreadEnded, rules.Exchange{}, true, []rules.DeskMessage{heard}, 0},
		{"he wrote before it came", rules.ThreadEnded, crossed, true, []rules.DeskMessage{heard}, rules.ListWaiting},
		{"he is out of reach", rules.ThreadUnreachable, rules.Exchange{}, true, []rules.DeskMessage{heard}, rules.ListWaiting},
	} {
		if got := rules.ThreadLists(tc.state, tc.e, tc.last, tc.own); got != tc.want {
			t.Errorf("%s: %b, want %b", tc.name, got, tc.want)
		}
	}
}

// TestLists_oneOfEachState: D4: every state has a list of its own, and an exchange stands in one of them.
func TestLists_oneOfEachState(t *testing.T) {
	t.Parallel()
	seen := rules.Lists(0)
	for place, l := range rules.AllLists() {
		if l.Place() != place || seen.Has(l) {
			t.Errorf("list %b at %d", l, place)
		}
		seen |= l
	}
	for _, s := range []rules.ThreadState{rules.ThreadOpen, rules.ThreadNoReply, rules.ThreadEnded, rules.ThreadUnreachable} {
		l := rules.ExchangeLists(s, rules.Exchange{})
		if l == 0 || l&(l-1) != 0 || l != rules.ListOf(s) {
			t.Errorf("%s stands in %b", s, l)
		}
	}
	if rules.ListOf("none") != 0 || !rules.ExchangeLists(rules.ThreadEnded, rules.Exchange{Awaiting: true}).Has(rules.ListWaiting) {
		t.Error("a state that is none, or a reply that crossed an end")
	}
}
