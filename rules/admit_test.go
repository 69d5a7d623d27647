package rules_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"mesbridge/rules"
)

// TestAdmit_change: what the service writes and the journal keeps of a message; the scenarios show
// what follows from it.
func TestAdmit_change(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	base := rules.AdmitFacts{
		Patient: rules.Patient{Account: rules.Active}, Next: 7, Message: "m7", Sender: rules.Correspondent{Mailbox: "A"},
		ReplyTo: []rules.MailboxID{"M", "N", "M"}, With: []rules.MailboxID{"B", "B", "C"}, Fresh: "fresh", Subject: "Bonjour", HasContent: true,
	}
	change := rules.Change{
		Kind: rules.MessageReceived, Seq: 7, At: now, Conversation: "fresh", Message: "m7", Mailbox: "A",
		ReplyTo: []rules.MailboxID{"M", "N"}, With: []rules.MailboxID{"B", "C"}, Shown: true, // OP8: each once
	}
	for _, c := range []struct {
		name   string
		facts  func(*rules.AdmitFacts)
		change func(*rules.Change)
		effect rules.Effects
		notes  rules.Notes
	}{
		{"new conversation", func(*rules.AdmitFacts) {}, func(*rules.Change) {}, rules.Project | rules.Notify, rules.Started},
		{
			"in a conversation (R110), with a receipt (R54)",
			func(f *rules.AdmitFacts) { f.Thread, f.WantsReceipt = "t1", true },
			func(c *rules.Change) { c.Conversation = "t1" }, rules.Project | rules.Notify | rules.Report, 0,
		},
		{
			"header FIN (R81)",
			func(f *rules.AdmitFacts) { f.EndHeaders = []string{"FIN"} },
			func(c *rules.Change) { c.Fin = true }, rules.Project | rules.Notify, rules.Started,
		},
		{
			"an auto-reply is without reply (D22)",
			func(f *rules.AdmitFacts) { f.IsReport = true },
			func(c *rules.Change) { c.Fin, c.Auto = true, true }, rules.Project | rules.Notify, rules.Started,
		},
		{
			"[FIN] ignores its own Reply-To (D6)",
			func(f *rules.AdmitFacts) { f.Subject, f.Thread = "[FIN]", "t1" },
			func(c *rules.Change) { c.Conversation, c.Ends, c.How, c.ReplyTo = "t1", true, rules.BySubject, nil },
			rules.Project | rules.Notify, rules.Ending,
		},
		{
			"empty [FIN] on its own is shown nowhere and does not notify (OP3c)",
			func(f *rules.AdmitFacts) { f.Subject, f.HasContent = "[FIN]", false },
			func(c *rules.Change) {
				c.Conversation, c.Ends, c.How, c.ReplyTo, c.Shown = "", true, rules.BySubject, nil, false
			},
			rules.Project, rules.Ending,
		},
		{
			"near miss (D5), reactivation (R90)",
			func(f *rules.AdmitFacts) {
				f.Subject, f.Exchange = "[fin]", rules.Exchange{Mailbox: "A", Written: 2, Granted: 2, Horizon: 5}
			},
			func(*rules.Change) {}, rules.Project | rules.Notify, rules.Started | rules.NearMiss | rules.Reactivated,
		},
		{
			"a document of another patient, by the setting flag (D31)",
			func(f *rules.AdmitFacts) { f.Foreign, f.FlagForeign = true, true },
			func(*rules.Change) {}, rules.Project | rules.Notify, rules.Started | rules.Foreign,
		},
		{
			"header FIN reactivates nothing (R92)",
			func(f *rules.AdmitFacts) {
				f.EndHeaders, f.Exchange = []string{"FIN"}, rules.Exchange{Mailbox: "A", Written: 2, Granted: 2, Horizon: 5}
			},
			func(c *rules.Change) { c.Fin = true }, rules.Project | rules.Notify, rules.Started,
		},
	} {
		f, want := base, change
		c.facts(&f)
		c.change(&want)
		got := rules.Admit(f, now)
		if got.Refusal.Refused() || got.Effects != c.effect || got.Notes != c.notes || !reflect.DeepEqual(got.Change, want) {
			t.Errorf("%s: %+v\nwant change %+v, effects %b, notes %b", c.name, got, want, c.effect, c.notes)
		}
	}
}

// TestAdmit_repeat: an operator's retry gets the first answer before anything is asked, so that a
// block in between does not turn it into a bounce of what was delivered.
func TestAdmit_repeat(t *testing.T) {
	t.Parallel()
	for _, account := range rules.AccountStates() {
		v := rules.Admit(rules.AdmitFacts{Patient: rules.Patient{Account: account}, Repeat: "m1", Sender: rules.Correspondent{Mailbox: "A"}}, time.Time{})
		if v.Refusal.Refused() || v.Notes != rules.Repeated || v.Change.Message != "m1" || v.Change.Kind != "" || v.Effects != 0 {
			t.Errorf("%s: %+v", account, v)
		}
	}
}

// TestAdmit_foreignDocument: a document of another patient is refused as such only where the patient can be
// reached at all, so that it tells nothing of a block (D31, D36).
func TestAdmit_foreignDocument(t *testing.T) {
	t.Parallel()
	sender := rules.Correspondent{Mailbox: "A"}
	for _, account := range rules.AccountStates() {
		f := rules.AdmitFacts{Patient: rules.Patient{Account: account}, Sender: sender, HasContent: true}
		want := rules.Admit(f, time.Time{}).Refusal
		if !want.Refused() {
			want = rules.Refusal{Code: rules.WrongPatient, Rule: "D31"}
		}
		f.Foreign = true
		if v := rules.Admit(f, time.Time{}); v.Refusal != want || v.Change.Kind != "" || v.Effects != 0 {
			t.Errorf("%s: %+v, want %+v", account, v, want)
		}
	}
}

// TestAdmit_keepsFacts: the facts that it is given are not altered.
func TestAdmit_keepsFacts(t *testing.T) {
	t.Parallel()
	ids := []rules.MailboxID{"M", "N", "M", "N", "O"}
	rules.Admit(rules.AdmitFacts{Patient: rules.Patient{Account: rules.Active}, Sender: rules.Correspondent{Mailbox: "A"}, ReplyTo: ids, With: ids}, time.Time{})
	var many []rules.MailboxID // a hostile header
	for i := range 20_000 {
		many = append(many, rules.MailboxID(fmt.Sprint(i%7_000)))
	}
	v := rules.Admit(rules.AdmitFacts{Patient: rules.Patient{Account: rules.Active}, Sender: rules.Correspondent{Mailbox: "A"}, With: many}, time.Time{})
	if n := len(v.Change.With); n != 7_000 || v.Change.With[0] != "0" || v.Change.With[6_999] != "6999" {
		t.Errorf("%d in copy", n)
	}
	if !reflect.DeepEqual(ids, []rules.MailboxID{"M", "N", "M", "N", "O"}) {
		t.Errorf("the facts are now %v", ids)
	}
}
