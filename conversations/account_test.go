package conversations_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func (b *bench) manage(by rules.Party, c rules.AccountCommand) (conversations.Account, error) {
	b.t.Helper()
	actor := b.self()
	if by != rules.Holder {
		actor = conversations.Actor{Kind: conversations.ActorSystem}
	}
	return b.ManageAccount(b.t.Context(), actor, by, b.patient.ID, c)
}

// must carries out a command that has to succeed.
func (b *bench) must(by rules.Party, c rules.AccountCommand, want rules.AccountState) {
	b.t.Helper()
	a, err := b.manage(by, c)
	if err != nil || a.State != want {
		b.t.Fatalf("%s: %s, %v, want %s", c, a.State, err, want)
	}
}

// Table 8.2, D16: what each state allows, by the commands that lead there.
func TestAccount_life(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	for _, step := range []struct {
		by      rules.Party
		command rules.AccountCommand
		state   rules.AccountState
		sender  conversations.Kind // what a sender is told; empty: taken
		reads   bool
		replies bool
	}{
		{rules.Holder, rules.CloseMessaging, rules.MessagingClosed, conversations.KindUnreachable, true, false},
		{rules.Holder, rules.ReopenMessaging, rules.Active, "", true, true},
		{rules.Administration, rules.SuspendAccount, rules.Suspended, conversations.KindUnavailable, false, false},
		{rules.Administration, rules.RestoreAccount, rules.Active, "", true, true},
		{rules.Holder, rules.CloseAccount, rules.Closed, conversations.KindUnreachable, false, false},
		{rules.Holder, rules.ReopenAccount, rules.Active, "", true, true},
	} {
		b.must(step.by, step.command, step.state)
		b.must(step.by, step.command, step.state) // again is the same
		_, err := b.Recipient(t.Context(), anINS, address(t, doctor))
		if (err == nil) != (step.sender == "") || err != nil && conversations.KindOf(err) != step.sender {
			t.Errorf("%s: a sender gets %v", step.state, err)
		}
		if _, err := b.Thread(t.Context(), b.patient.ID, id); (err == nil) != step.reads {
			t.Errorf("%s: read: %v", step.state, err)
		}
		if _, err := b.reply(id, "x"); (err == nil) != step.replies {
			t.Errorf("%s: reply: %v", step.state, err)
		}
	}
	_, err := b.manage(rules.Holder, rules.SuspendAccount)
	wantKind(t, err, conversations.KindPatientOpposed)
}

// O113, O116: the law goes on by itself: suspended becomes closed, closed is erased; reopened is left alone.
func TestAccount_periodsOfTheLaw(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Periods = rules.Periods{ArchiveYears: 1, SuspensionDays: 1}
	b.must(rules.Administration, rules.SuspendAccount, rules.Suspended)
	b.clock.advance(25 * time.Hour)
	b.settle()
	if a := b.state(); a.State != rules.Closed || a.EndsAt.IsZero() {
		t.Fatalf("%+v", a)
	}
	b.must(rules.Holder, rules.ReopenAccount, rules.Active)
	b.clock.advance(367 * 24 * time.Hour)
	b.settle()
	if a := b.state(); a.State != rules.Active {
		t.Fatalf("a reopened account is %s", a.State)
	}
	b.must(rules.Holder, rules.CloseAccount, rules.Closed)
	b.clock.advance(367 * 24 * time.Hour)
	b.settle()
	if a := b.state(); a.State != rules.Purged {
		t.Fatalf("after the archive's term the account is %s", a.State)
	}
}

func (b *bench) state() conversations.Account {
	b.t.Helper()
	a, err := b.Account(b.t.Context(), b.patient.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// D16, O117: erasure destroys the key at once, leaves a tombstone, and others as they were; the person may
// come back to an empty mailbox under the same matricule.
func TestAccount_erased(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other, err := b.Enrol(t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, "162999951203423", "Gérard Pelletan", rules.Active)
	if err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Fil", text: "un secret"})
	b.hand(other.INS, mail{from: doctor, subject: "À lui", text: "reste"}, func(*conversations.Incoming) {})
	id := b.thread("Fil").ID
	if _, err := b.reply(id, "Merci"); err != nil {
		t.Fatal(err)
	}
	b.must(rules.Holder, rules.EraseAccount, rules.Purged)
	b.must(rules.Holder, rules.EraseAccount, rules.Purged)
	if _, ok := b.memory.keys[b.patient.ID]; ok {
		t.Error("the key is still there")
	}
	for body, owner := range b.memory.owners {
		if _, there := b.memory.bodies[body]; there && owner == b.patient.ID {
			t.Error("a body is still there")
		}
	}
	for _, key := range b.redis.Keys() {
		if strings.HasSuffix(key, string(b.patient.ID)) && !strings.Contains(key, ":patient:") {
			t.Errorf("%s is still there", key)
		}
	}
	_, err = b.Inbox(t.Context(), b.patient.ID, "", 0)
	wantKind(t, err, conversations.KindMailboxUnknown)
	_, err = b.Recipient(t.Context(), anINS, address(t, doctor))
	wantKind(t, err, conversations.KindMailboxUnknown)
	if page, err := b.Inbox(t.Context(), other.ID, "", 0); err != nil || len(page.Items) != 1 {
		t.Errorf("another patient: %+v, %v", page, err)
	}
	b.settle() // what was under way for him ends
	page, err := b.Threads(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || len(page.Items) != 1 || page.Items[0].Subject != "À lui" {
		t.Errorf("the professional's list: %+v, %v", page.Items, err)
	}
	again, err := b.Enrol(t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, anINS, "Camille Durand", rules.Active)
	if err != nil || again.ID != b.patient.ID {
		t.Fatalf("%+v, %v", again, err)
	}
	b.settle()
	b.taken(mail{from: doctor, subject: "Nouveau", text: "2"})
	if thread := b.thread("Nouveau"); len(thread.Messages) != 1 {
		t.Errorf("%+v", thread)
	}
	if inbox, err := b.Inbox(t.Context(), b.patient.ID, "", 0); err != nil || len(inbox.Items) != 1 {
		t.Errorf("%+v, %v", inbox, err)
	}
}

// failingKeys cannot erase.
type failingKeys struct{ conversations.Keys }

var errDisk = errors.New("disk is away")

func (failingKeys) Erase(context.Context, conversations.PatientID) error { return errDisk }

// An erasure that a crash cut after its commit is finished by its effect; meanwhile nobody reads.
func TestAccount_erasureCutShort_isFinished(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	whole := b.Keys
	b.Keys = failingKeys{whole}
	_, err := b.manage(rules.Holder, rules.EraseAccount)
	wantKind(t, err, conversations.KindUnavailable)
	_, err = b.Inbox(t.Context(), b.patient.ID, "", 0)
	wantKind(t, err, conversations.KindMailboxUnknown)
	b.Keys = whole
	b.settle()
	if _, ok := b.memory.keys[b.patient.ID]; ok || b.bodyCount() != 0 {
		t.Error("the effect did not finish the erasure")
	}
}

// D32: accepted once per person and version, traced; a professional has an account of this alone.
func TestTerms_acceptance(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	terms := rules.Terms{Version: "1", Hash: "h"}
	for _, who := range []conversations.Signatory{
		{Patient: b.patient.ID, Kind: conversations.ActorPatient, ID: string(b.patient.ID), Name: "Camille Durand"},
		{Kind: conversations.ActorProfessional, ID: "899700218896", Name: "Dr Marie MARTIN"},
	} {
		if got, err := b.AcceptedTerms(t.Context(), who); err != nil || got.Version != "" {
			t.Errorf("before: %+v, %v", got, err)
		}
		entries := b.memory.entries()
		first, err := b.AcceptTerms(t.Context(), who, terms)
		if err != nil || first.Version != "1" || first.At.IsZero() {
			t.Fatalf("%+v, %v", first, err)
		}
		if b.memory.entries() == entries {
			t.Error("not traced")
		}
		entries = b.memory.entries()
		if again, err := b.AcceptTerms(t.Context(), who, terms); err != nil || !again.At.Equal(first.At) || b.memory.entries() != entries {
			t.Errorf("again: %+v, %v", again, err)
		}
	}
	if strings.Contains(b.redis.Dump(), "899700218896") || strings.Contains(b.redis.Dump(), "MARTIN") {
		t.Error("a professional is named in Redis")
	}
	page, err := b.History(t.Context(), b.patient.ID, "", 1)
	if err != nil || !slices.ContainsFunc(page.Items, func(l conversations.HistoryLine) bool { return l.Code == "terms.accept" }) {
		t.Errorf("%+v, %v", page, err)
	}
}

// O113, D28: as long as an account is closed nobody acts for its holder, nor he for anybody; opened again, all of it is back.
func TestCloseAccount_nobodyActsMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	helper, _ := b.helped()
	reads := func(want conversations.Kind) {
		t.Helper()
		if _, err := b.Inbox(b.as(helper), b.patient.ID, "", 0); err == nil && want != "" || err != nil && conversations.KindOf(err) != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	reads("")
	b.must(rules.Holder, rules.CloseAccount, rules.Closed)
	reads(conversations.KindPatientOpposed)
	b.must(rules.Holder, rules.ReopenAccount, rules.Active)
	reads("")
	for _, closed := range []bool{true, false} { // the helper's own account
		command, want := rules.ReopenAccount, 1
		if closed {
			command, want = rules.CloseAccount, 0
		}
		if _, err := b.ManageAccount(t.Context(), b.self(), rules.Holder, helper, command); err != nil {
			t.Fatal(err)
		}
		if all, err := b.Profiles(t.Context(), helper); err != nil || len(all) != want {
			t.Errorf("%s: acts for %v, %v", command, all, err)
		}
	}
}
