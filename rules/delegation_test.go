package rules_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mesbridge/rules"
)

// D28: 00:00 in Paris on the 18th birthday, in summer and in winter, and for who was born on 29 February.
func TestMajorityOf(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for born, want := range map[[3]int]string{
		{2008, 7, 14}: "2026-07-13T22:00:00Z", {2008, 12, 1}: "2026-11-30T23:00:00Z", {2008, 2, 29}: "2026-02-28T23:00:00Z",
		{2010, 3, 28}: "2028-03-27T22:00:00Z",
	} {
		if got := rules.MajorityOf(born[0], time.Month(born[1]), born[2], paris).Format(time.RFC3339); got != want {
			t.Errorf("born %v: %s, want %s", born, got, want)
		}
	}
}

// persons who may act, or want to.
var persons = []rules.DelegateID{"P", "Q", "R", "X", "Y", self}

// life is a random life of one patient's delegations.
type life struct {
	*world
	made int
}

// step carries out one random command, and reports its change.
func (l *life) step(t *rapid.T) rules.Change {
	f := rules.DelegationFacts{
		Patient: l.state.Patient, Next: l.seq + 1, Self: self, Asks: rapid.SampledFrom(persons).Draw(t, "asks"),
		By: rapid.SampledFrom([]rules.Party{rules.Holder, rules.Representative, rules.Delegate, rules.Administration}).Draw(t, "by"),
		ID: rules.DelegationID(fmt.Sprintf("d%d", rapid.IntRange(1, l.made+1).Draw(t, "id"))),
	}
	f.Wish = rules.Delegation{
		ID: rules.DelegationID(fmt.Sprintf("d%d", l.made+1)), Person: rapid.SampledFrom(persons).Draw(t, "person"),
		Kind:  rapid.SampledFrom([]rules.DelegationKind{rules.Parent, rules.Guardian, rules.Protector, rules.Caregiver}).Draw(t, "kind"),
		Scope: rapid.SampledFrom([]rules.DelegationScope{"", rules.ScopeRead, rules.ScopeEverything}).Draw(t, "scope"),
	}
	commands := []func(rules.DelegationFacts, time.Time) rules.Verdict{
		rules.Invite, rules.Invite, rules.Accept, rules.Accept, rules.RefuseInvitation, rules.Represent, rules.EndDelegation, rules.Restore,
	}
	v := rapid.SampledFrom(commands).Draw(t, "command")(f, l.now)
	if v.Refusal.Refused() || v.Change.Kind == "" {
		return rules.Change{}
	}
	l.seq++
	rules.Apply(&l.state, v.Change)
	if v.Change.Delegation.ID == f.Wish.ID {
		l.made++
	}
	return v.Change
}

// TestDelegations_hold are the laws of D28, R129, R131, R133 and R135 over random lives.
func TestDelegations_hold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := &life{world: newWorld()}
		if rapid.Bool().Draw(t, "minor") {
			l.state.Patient.MinorUntil = l.now.Add(30 * 24 * time.Hour)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			l.now = l.now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 5, 60 * 24, 60 * 24 * 10}).Draw(t, "minutes")) * time.Minute)
			l.check(t, l.step(t))
		}
	})
}

// check holds the state to the laws, after a change.
func (l *life) check(t *rapid.T, c rules.Change) {
	p := l.state.Patient
	standing := map[rules.DelegationKind]int{}
	for _, d := range p.Delegations {
		if s := p.DelegationAt(d, l.now).State; s == rules.DelegationAccepted || s == rules.DelegationPending {
			standing[d.Kind]++
		}
	}
	if standing[rules.Caregiver] > rules.MaxCaregivers || standing[rules.Parent]+standing[rules.Guardian] > rules.MaxRepresentatives ||
		standing[rules.Protector] > rules.MaxRepresentatives || len(p.Delegations) > rules.MaxDelegations {
		t.Fatalf("too many: %v of %d (R133)", standing, len(p.Delegations))
	}
	for _, who := range persons {
		d, rights := p.ActingFor(who, l.now)
		switch {
		case rights == 0:
		case who == self:
			t.Fatal("somebody is his own delegate")
		case (d.Kind == rules.Parent || d.Kind == rules.Guardian) && !p.Minor(l.now):
			t.Fatal("a parent acts for an adult (R131)")
		case d.Kind == rules.Caregiver && rights != rules.MayRead|rules.MayReply:
			t.Fatalf("a caregiver may %b (R133)", rights)
		}
	}
	if c.Kind == rules.DelegateEnded || c.Kind == rules.DelegateRefused {
		for _, d := range p.Delegations {
			if d.ID == c.Delegation.ID && p.DelegationAt(d, l.now).State == rules.DelegationAccepted {
				t.Fatal("what was ended gives rights (R135)")
			}
		}
	}
}

// Every kind of change says whether somebody may make it for the patient; what only a professional or the system
// makes, nobody may (R133).
func TestNeeded(t *testing.T) {
	t.Parallel()
	for kind, want := range map[rules.ChangeKind]rules.Rights{
		rules.ConversationOpened: rules.MayRead, rules.ReplySent: rules.MayReply, rules.ConversationDeleted: rules.MayManage,
		rules.BlockSet: rules.MayBlock, rules.ObjectionSet: rules.MayBlock, rules.AccountErased: rules.MayGovern,
		rules.DelegateInvited: rules.MayGovern,
	} {
		if got, possible := rules.Needed(kind); !possible || got != want {
			t.Errorf("%s needs %b, want %b", kind, got, want)
		}
	}
	for _, kind := range []rules.ChangeKind{rules.MessageReceived, rules.TermsAccepted, rules.MinorityNoted, rules.DelegateDeclared, rules.DelegateAccepted} {
		if _, possible := rules.Needed(kind); possible {
			t.Errorf("%s can be made for the patient", kind)
		}
	}
}
