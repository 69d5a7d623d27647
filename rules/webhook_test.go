package rules_test

import (
	"slices"
	"testing"
	"time"

	"mesbridge/rules"
)

// A receiver is called ten times in a little more than three days; the waits grow.
func TestNextCall_growsAndEnds(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	at, last, calls := start, time.Duration(0), 1
	for {
		next, more := rules.NextCall(calls, at)
		if !more {
			break
		}
		if wait := next.Sub(at); wait <= last {
			t.Errorf("wait %d is %s after %s", calls, wait, last)
		} else {
			last = wait
		}
		at, calls = next, calls+1
	}
	if spent := at.Sub(start); calls != 10 || spent != 75*time.Hour+35*time.Minute+5*time.Second {
		t.Errorf("%d calls in %s", calls, spent)
	}
}

// Which changes are told, to whom; and that nothing that the patient does about himself is.
func TestTold(t *testing.T) {
	t.Parallel()
	state := func(s rules.ThreadState) func(rules.EventKind, rules.MailboxID) rules.ThreadState {
		return func(rules.EventKind, rules.MailboxID) rules.ThreadState { return s }
	}
	open, none := state(rules.ThreadOpen), state(rules.ThreadNoReply)
	for name, tt := range map[string]struct {
		change rules.Change
		ended  []rules.MailboxID
		before func(rules.EventKind, rules.MailboxID) rules.ThreadState
		want   []rules.Telling
	}{
		"message in an open conversation": {rules.Change{Kind: rules.MessageReceived, Mailbox: "M", ReplyTo: []rules.MailboxID{"M"}, Shown: true}, nil, open, []rules.Telling{{Kind: rules.EventDelivery, Mailbox: "M"}}},
		"message that opens": {rules.Change{Kind: rules.MessageReceived, Mailbox: "M", ReplyTo: []rules.MailboxID{"N"}, Shown: true}, nil, none, []rules.Telling{
			{Kind: rules.EventDelivery, Mailbox: "M"},
			{Kind: rules.EventConversation, Mailbox: "M"},
			{Kind: rules.EventExchange, Mailbox: "M"},
			{Kind: rules.EventConversation, Mailbox: "N"},
			{Kind: rules.EventExchange, Mailbox: "N"},
		}},
		"[FIN] that is shown nowhere": {rules.Change{Kind: rules.MessageReceived, Mailbox: "M", Ends: true}, nil, none, []rules.Telling{{Kind: rules.EventExchange, Mailbox: "M"}}},
		"report":                      {rules.Change{Kind: rules.MessageReceived, Mailbox: "M", Shown: true, Aside: true}, nil, none, nil},
		"reply":                       {rules.Change{Kind: rules.ReplySent, To: []rules.MailboxID{"M", "N"}}, nil, open, []rules.Telling{{Kind: rules.EventMessage, Mailbox: "M"}, {Kind: rules.EventMessage, Mailbox: "N"}}},
		"end of the exchange":         {rules.Change{Kind: rules.ExchangeEnded, Mailbox: "M"}, []rules.MailboxID{"M"}, open, []rules.Telling{{Kind: rules.EventExchange, Mailbox: "M"}}},
		"end of a conversation":       {rules.Change{Kind: rules.ConversationEnded}, []rules.MailboxID{"M", "N"}, open, []rules.Telling{{Kind: rules.EventConversation, Mailbox: "M"}, {Kind: rules.EventConversation, Mailbox: "N"}}},
	} {
		if got := rules.Told(tt.change, tt.ended, tt.before, open); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, k := range []rules.ChangeKind{
		rules.BlockSet, rules.BlockLifted, rules.AccountChanged, rules.AccountErased, rules.ObjectionSet, rules.ObjectionLifted, rules.MessageRefused,
		rules.ConversationDeleted, rules.LifeNoted, rules.VerdictAsked, rules.ReceiptSent, rules.DelegateInvited, rules.TermsAccepted,
	} {
		if got := rules.Told(rules.Change{Kind: k, Mailbox: "M", To: []rules.MailboxID{"M"}, Shown: true}, []rules.MailboxID{"M"}, none, open); len(got) > 0 {
			t.Errorf("%s is told: %+v", k, got)
		}
	}
}
