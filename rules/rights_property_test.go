package rules_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mesbridge/rules"
)

// lived returns a random life of a patient who can act.
func lived(t *rapid.T) *run {
	r := newRun()
	for range rapid.IntRange(1, 30).Draw(t, "length") {
		r.step(t)
	}
	r.state.Patient = rules.Patient{Account: rules.Active}
	return r
}

// views are what the patient may do and what each professional sees, everywhere.
func (r *run) views() (rights map[rules.ConversationID]rules.Right, seen map[rules.MailboxID][]rules.ThreadState) {
	rights, seen = map[rules.ConversationID]rules.Right{}, map[rules.MailboxID][]rules.ThreadState{}
	for _, c := range allThreads {
		rights[c] = r.right(c)
		for _, m := range allBoxes {
			seen[m] = append(seen[m], rules.SeenBy(r.who.Of(m), r.state.Patient, r.state.Conversations[c], r.state.Exchanges, r.now))
		}
	}
	for _, m := range allBoxes {
		seen[m] = append(seen[m], rules.ExchangeSeenBy(r.who.Of(m), r.state.Patient, r.state.Exchanges[m], r.now))
	}
	return rights, seen
}

func drawObjection(t *rapid.T, kind rules.ObjectionKind) rules.Objection {
	o := rules.Objection{ID: "o1", Kind: kind, Scope: rules.Everyone}
	if rapid.Bool().Draw(t, "a structure") {
		o.Scope, o.Value = rules.WholeStructure, "s1"
	}
	return o
}

// TestObjection_liftedRestores: D14 b, D15. While a refusal of messages stands nothing passes to or from
// whom it binds; lifted, everything is as before.
func TestObjection_liftedRestores(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := lived(t)
		before, seen := r.views()
		o := drawObjection(t, rules.AgainstMessages)
		f := rules.ObjectionFacts{Patient: r.state.Patient, Next: r.seq + 1, Objection: o}
		if !r.apply(rules.Object(f, r.now)) {
			t.Fatal("not declared")
		}
		for _, m := range allBoxes {
			bound := o.Binds(r.who.Of(m))
			if got := rules.Reach(r.state.Patient, r.who.Of(m), r.now).Refused(); got != bound {
				t.Fatalf("%s: refused %v, bound %v", m, got, bound)
			}
			for _, c := range allThreads {
				if now := r.right(c); bound && (slices.Contains(now.To, m) || slices.Contains(now.ToAll, m)) {
					t.Fatalf("%s reaches %s, whom the patient refuses", c, m)
				}
			}
		}
		f.Patient, f.Next = r.state.Patient, r.seq+1
		r.apply(rules.Withdraw(f, r.now))
		after, seenAfter := r.views()
		if !reflect.DeepEqual(before, after) || !reflect.DeepEqual(seen, seenAfter) {
			t.Fatalf("before %+v\nafter %+v", before, after)
		}
	})
}

// TestObjection_toExchangeStopsNothing: D14 c. It changes nobody's mail and no state that a professional
// sees, and of the patient's rights REPLY_TO_ALL alone.
func TestObjection_toExchangeStopsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := lived(t)
		before, seen := r.views()
		o := drawObjection(t, rules.AgainstExchange)
		r.apply(rules.Object(rules.ObjectionFacts{Patient: r.state.Patient, Next: r.seq + 1, Objection: o}, r.now))
		after, seenAfter := r.views()
		if !reflect.DeepEqual(seen, seenAfter) {
			t.Fatalf("professionals saw %v, and see %v", seen, seenAfter)
		}
		for c, was := range before {
			now := after[c]
			if now.State != was.State || !slices.Equal(now.To, was.To) {
				t.Fatalf("%s: %+v became %+v", c, was, now)
			}
			want := slices.DeleteFunc(slices.Clone(was.ToAll), func(m rules.MailboxID) bool { return o.Binds(r.who.Of(m)) })
			if !slices.Equal(now.ToAll, want) {
				t.Fatalf("%s: REPLY_TO_ALL adds %v, want %v", c, now.ToAll, want)
			}
		}
		for _, m := range allBoxes {
			if rules.Reach(r.state.Patient, r.who.Of(m), r.now).Refused() {
				t.Fatalf("a message of %s is refused", m)
			}
			if _, told := r.state.Patient.ObjectionTo(r.who.Of(m)); told != o.Binds(r.who.Of(m)) {
				t.Fatalf("%s is told %v", m, told)
			}
		}
	})
}

// TestDeletion_isNobodysBusiness: R115, I167. A deletion changes nothing that a professional sees, and
// nothing in the patient's other conversations.
func TestDeletion_isNobodysBusiness(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := lived(t)
		before, seen := r.views()
		gone := rapid.SampledFrom(allThreads).Draw(t, "thread")
		if !r.apply(rules.DeleteConversation(rules.DeletionFacts{
			Patient: r.state.Patient, Next: r.seq + 1, Conversation: r.state.Conversations[gone], Shown: true,
		}, r.now)) {
			return
		}
		after, seenAfter := r.views()
		if !reflect.DeepEqual(seen, seenAfter) {
			t.Fatalf("professionals saw %v, and see %v", seen, seenAfter)
		}
		for c := range before {
			if c != gone && !reflect.DeepEqual(before[c], after[c]) {
				t.Fatalf("%s: %+v became %+v", c, before[c], after[c])
			}
		}
		if len(after[gone].To) > 0 {
			t.Fatalf("%s is deleted and answers %v", gone, after[gone].To)
		}
	})
}

// TestAccount_anyOrderOfCommands: D16. A purged account is never read again, what the holder may ask for
// is carried out, and a command that was carried out can be repeated.
func TestAccount_anyOrderOfCommands(t *testing.T) {
	t.Parallel()
	all := []rules.AccountCommand{
		rules.OpenAccount, rules.OpposeAccount, rules.ActivateAccount, rules.CloseMessaging, rules.ReopenMessaging,
		rules.CloseAccount, rules.ReopenAccount, rules.SuspendAccount, rules.RestoreAccount, rules.EraseAccount,
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rules.State{Patient: rules.Patient{Account: rules.NotActivated}}
		at := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 20).Draw(t, "length") {
			at = at.Add(time.Hour)
			f := rules.AccountFacts{
				Patient: s.Patient, Next: 1, Command: rapid.SampledFrom(all).Draw(t, "command"),
				By: rapid.SampledFrom([]rules.Party{rules.Holder, rules.Administration, rules.Law}).Draw(t, "by"),
			}
			may := slices.Contains(s.Patient.Commands(), f.Command)
			v := rules.ManageAccount(f, at)
			if may && v.Refusal.Refused() {
				t.Fatalf("%s is offered to the holder and refused from %s", f.Command, s.Patient.Account)
			}
			if v.Refusal.Refused() || v.Change.Kind == "" {
				continue
			}
			if f.By == rules.Holder && !may {
				t.Fatalf("the holder did %s from %s", f.Command, s.Patient.Account)
			}
			was := s.Patient.Account
			rules.Apply(&s, v.Change)
			if was == rules.Purged && f.Command != rules.OpenAccount {
				t.Fatalf("%s brought a purged account to %s", f.Command, s.Patient.Account)
			}
			f.Patient = s.Patient
			if again := rules.ManageAccount(f, at); again.Refusal.Refused() || again.Change.Kind != "" {
				t.Fatalf("%s a second time: %+v", f.Command, again)
			}
		}
	})
}
