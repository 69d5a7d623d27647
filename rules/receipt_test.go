package rules_test

import (
	"slices"
	"testing"
	"time"

	"mesbridge/rules"
)

func box(t *testing.T, s string) rules.Address {
	t.Helper()
	a, err := rules.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestReceiptsTo: R62, R63, R67.
func TestReceiptsTo(t *testing.T) {
	t.Parallel()
	path, author, answers, other := box(t, "a@un.test"), box(t, "b@un.test"), box(t, "c@deux.test"), box(t, "d@un.test")
	facts := rules.ReceiptFacts{ReturnPath: path, From: author, ReplyTo: []rules.Address{answers}}
	for name, c := range map[string]struct {
		asked  []rules.Address
		change func(*rules.ReceiptFacts)
		want   []rules.Address
	}{
		"not asked":        {},
		"return path":      {asked: []rules.Address{path}, want: []rules.Address{path}},
		"in capitals":      {asked: []rules.Address{{Local: "A", Domain: "un.test"}}, want: []rules.Address{{Local: "A", Domain: "un.test"}}},
		"author":           {asked: []rules.Address{author}, want: []rules.Address{author}},
		"reply mailbox":    {asked: []rules.Address{answers}, want: []rules.Address{answers}},
		"another mailbox":  {asked: []rules.Address{other}},
		"several":          {asked: []rules.Address{other, answers, path, path}, want: []rules.Address{answers, path}},
		"a report":         {asked: []rules.Address{path}, change: func(f *rules.ReceiptFacts) { f.IsReport = true }},
		"null return path": {asked: []rules.Address{author}, change: func(f *rules.ReceiptFacts) { f.ReturnPath = rules.Address{} }},
	} {
		f := facts
		f.Asked = c.asked
		if c.change != nil {
			c.change(&f)
		}
		if got := rules.ReceiptsTo(f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %d told, want %d", name, len(got), len(c.want))
		}
	}
}

// TestOpened: R59, R60: the first opening is traced and releases what is due; the next one is nothing.
func TestOpened(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	f := rules.OpenedFacts{Account: rules.Active, Next: 7, Conversation: "c", Unread: true, Due: []rules.MessageKey{"m"}}
	if v := rules.Opened(f, now); v.Change.Kind != rules.ConversationOpened || !v.Effects.Has(rules.Acknowledge) || v.Change.Seq != 7 {
		t.Errorf("first opening: %+v", v)
	}
	f.Due = nil
	if v := rules.Opened(f, now); v.Change.Kind != rules.ConversationOpened || v.Effects != 0 {
		t.Errorf("nothing asked: %+v", v)
	}
	f.Unread = false
	if v := rules.Opened(f, now); v.Change.Kind != "" || v.Refusal.Refused() {
		t.Errorf("further opening: %+v", v)
	}
	for _, s := range rules.AccountStates() {
		f.Account, f.Unread = s, true
		if v := rules.Opened(f, now); v.Refusal.Refused() == s.Reads() {
			t.Errorf("%s: %+v", s, v.Refusal)
		}
	}
}
