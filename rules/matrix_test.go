package rules_test

import (
	"strings"
	"testing"
	"time"

	"mesbridge/rules"
)

// answers is one row of a matrix of states and events: the answer to each event, in the order of the
// columns. "." is yes.
type answers map[rules.AccountState][]string

// TestAccount_everyStateEveryEvent: table 8.2, D16, D36. Every pair is written down; a state without a
// row, or an event without a column, fails.
func TestAccount_everyStateEveryEvent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	m := rules.Correspondent{Mailbox: "M"}
	open := rules.Conversation{ID: "t1", Voices: []rules.Voice{{Message: "m1", Seq: 1, From: "M", ReplyTo: []rules.MailboxID{"M"}}}}
	ex := rules.Exchanges{"M": {Mailbox: "M", Since: now, Written: 1, Granted: 1}}

	events := []struct {
		name string
		ask  func(rules.Patient) string
	}{
		{"RCPT from M", func(p rules.Patient) string { return code(rules.Reach(p, m, now)) }},
		{"RCPT from <>", func(p rules.Patient) string { return code(rules.Reach(p, rules.Correspondent{}, now)) }},
		{"message from M", func(p rules.Patient) string {
			return code(rules.Admit(rules.AdmitFacts{Patient: p, Sender: m, Fresh: "t2"}, now).Refusal)
		}},
		{"the patient reads", func(p rules.Patient) string {
			if p.Account.Reads() {
				return "."
			}
			return "no"
		}},
		{"the patient replies", func(p rules.Patient) string {
			r := rules.RightToReply(p, open, ex, nil, now)
			return code(rules.Reply(rules.ReplyFacts{Right: r, HasText: true}, now).Refusal)
		}},
		{"a queued reply leaves", func(p rules.Patient) string {
			return code(rules.Deliver(rules.DeliverFacts{Patient: p, Sent: 2, To: m, Conversation: open, Exchange: ex["M"]}, now).Refusal)
		}},
		{"new message to M", func(p rules.Patient) string {
			if rules.CanContact(p, m, ex["M"], now) {
				return "."
			}
			return "no"
		}},
		{"M looks at the conversation", func(p rules.Patient) string { return string(rules.SeenBy(m, p, open, ex, now)) }},
		{"M looks at the exchange", func(p rules.Patient) string { return string(rules.ExchangeSeenBy(m, p, ex["M"], now)) }},
	}
	table := answers{
		rules.Absent:          row("mailbox-unknown mailbox-unknown mailbox-unknown no patient-opposed patient-opposed no unreachable unreachable"),
		rules.Opposed:         row("mailbox-unknown mailbox-unknown mailbox-unknown no patient-opposed patient-opposed no unreachable unreachable"),
		rules.NotActivated:    row(". . . no patient-opposed patient-opposed no open open"),
		rules.Active:          row(". . . . . . . open open"),
		rules.MessagingClosed: row("patient-unreachable patient-unreachable patient-unreachable . patient-opposed patient-opposed no unreachable unreachable"),
		rules.Suspended:       row("temporarily-unavailable temporarily-unavailable temporarily-unavailable no patient-opposed patient-opposed no unreachable unreachable"),
		rules.Closed:          row("patient-unreachable patient-unreachable patient-unreachable no patient-opposed patient-opposed no unreachable unreachable"),
		rules.Purged:          row("mailbox-unknown mailbox-unknown mailbox-unknown no patient-opposed patient-opposed no unreachable unreachable"),
		"asleep":              row("temporarily-unavailable temporarily-unavailable temporarily-unavailable no patient-opposed patient-opposed no unreachable unreachable"), // D17
		"":                    row("temporarily-unavailable temporarily-unavailable temporarily-unavailable no patient-opposed patient-opposed no unreachable unreachable"),
	}
	for _, state := range append(rules.AccountStates(), "asleep", "") {
		want, ok := table[state]
		if !ok || len(want) != len(events) {
			t.Fatalf("%q has %d answers, want %d", state, len(want), len(events))
		}
		for i, e := range events {
			if got := e.ask(rules.Patient{Account: state}); got != want[i] {
				t.Errorf("%s, %s: %s, want %s", state, e.name, got, want[i])
			}
		}
	}
}

// row cuts the answers of one state.
func row(text string) []string { return strings.Fields(text) }

// code is the code of a refusal, "." when there is none.
func code(r rules.Refusal) string {
	if r.Refused() {
		return string(r.Code)
	}
	return "."
}

// TestChangeAccount_everyPair: D16, O115, O117, R141. Every state may follow every other, but after
// purged only a new account of the same person.
func TestChangeAccount_everyPair(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	for _, from := range append(rules.AccountStates(), "") {
		for _, to := range append(rules.AccountStates(), "asleep") {
			want := "moves"
			switch {
			case to == "asleep":
				want = "invalid-request"
			case from == to, from == "" && to == rules.Absent:
				want = "stays"
			case from == rules.Purged && to != rules.NotActivated && to != rules.Active:
				want = "not-found"
			}
			v := rules.ChangeAccount(rules.Patient{Account: from}, to, 3, now)
			got := code(v.Refusal)
			if got == "." {
				got = "stays"
				if v.Change.Kind != "" {
					got = "moves"
				}
			}
			if got != want {
				t.Errorf("from %q to %q: %s, want %s", from, to, got, want)
			}
			if want == "moves" && (v.Change.Account != to || v.Change.Seq != 3 || !v.Change.At.Equal(now)) {
				t.Errorf("from %q to %q: %+v", from, to, v.Change)
			}
		}
	}
}

// TestReply_everyState: the answer to a reply in each state of the right, and what is told first when
// several grounds hold (R89, R79, R112, D19).
func TestReply_everyState(t *testing.T) {
	t.Parallel()
	rights := map[rules.ReplyState]rules.Right{
		rules.Frozen:  {State: rules.Frozen, Code: rules.PatientOpposed, Rule: "O116"},
		rules.Blocked: {State: rules.Blocked, Code: rules.BlockedByPatient, Rule: "D15"},
		rules.Ended:   {State: rules.Ended, Code: rules.ThreadClosed, Rule: "R89"},
		rules.NoReply: {State: rules.NoReply, Code: rules.ReplyNotAllowed, Rule: "R88"},
		rules.Open:    {State: rules.Open, To: []rules.MailboxID{"A"}},
		"":            {},
	}
	for state, want := range map[rules.ReplyState]string{
		rules.Frozen: "patient-opposed", rules.Blocked: "blocked-by-patient", rules.Ended: "thread-closed",
		rules.NoReply: "reply-not-allowed", rules.Open: "too-large", "": "temporarily-unavailable",
	} {
		f := rules.ReplyFacts{Right: rights[state], Choice: rules.ReplyToOne, HasText: true, Bytes: 2, MaxBytes: 1}
		if got := code(rules.Reply(f, time.Time{}).Refusal); got != want {
			t.Errorf("right %q: %s, want %s", state, got, want)
		}
	}
	open := rights[rules.Open]
	all := open
	all.ToAll = []rules.MailboxID{"B", "C"}
	for _, c := range []struct {
		name string
		f    rules.ReplyFacts
		want string
	}{
		{"plain", rules.ReplyFacts{Right: open, HasText: true, Bytes: 1, MaxBytes: 1}, "."},
		{"no choice is REPLY", rules.ReplyFacts{Right: all, HasText: true}, "."},
		{"to all, offered", rules.ReplyFacts{Right: all, Choice: rules.ReplyToAll, HasText: true}, "."},
		{"to all, not offered", rules.ReplyFacts{Right: open, Choice: rules.ReplyToAll, HasText: true}, "reply-not-allowed"},
		{"to all, not offered, empty and too large", rules.ReplyFacts{Right: open, Choice: rules.ReplyToAll, Bytes: 2}, "reply-not-allowed"},
		{"a choice that is none", rules.ReplyFacts{Right: all, Choice: "NEW_MESSAGE", HasText: true}, "invalid-request"},
		{"no text", rules.ReplyFacts{Right: open}, "invalid-request"},
		{"no text, too large", rules.ReplyFacts{Right: open, Bytes: 2, MaxBytes: 1}, "invalid-request"},
		{"too large by one", rules.ReplyFacts{Right: open, HasText: true, Bytes: 11, MaxBytes: 10}, "too-large"},
		{"just fits", rules.ReplyFacts{Right: open, HasText: true, Bytes: 10, MaxBytes: 10}, "."},
	} {
		v := rules.Reply(c.f, time.Time{})
		if got := code(v.Refusal); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		to := names(v.Change.To)
		switch {
		case c.want != "." && (to != "" || v.Change.Kind != ""):
			t.Errorf("%s: refused, but changes %+v", c.name, v.Change)
		case c.want == "." && c.f.Choice == rules.ReplyToAll && to != "A and B and C", c.want == "." && c.f.Choice != rules.ReplyToAll && to != "A":
			t.Errorf("%s: goes to %s", c.name, to)
		}
	}
}
