package conversations_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

const (
	manager   = "899900000041"
	secretary = "899900000033"
)

func theManager() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorProfessional, ID: manager, Name: "Irène Chapuisat"}
}

func (b *bench) mandates(person string) []conversations.Mandate {
	b.t.Helper()
	list, err := b.Mandates(b.t.Context(), person)
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

func (b *bench) admit(until time.Time) conversations.MailboxUser {
	b.t.Helper()
	u, err := b.AdmitUser(b.t.Context(), theManager(), address(b.t, clinic), conversations.Person{ID: secretary, Name: "Sophie Amblardet"}, until)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// TestMandates_holder covers I120: who holds a personal mailbox by the directory acts for it, and nobody
// else does.
func TestMandates_holder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tables.add(doctor, conversations.Mailbox{Kind: rules.Personal, Person: "899900000017"})
	b.tables.add("dpi@clinique.test", conversations.Mailbox{Kind: rules.Application, Person: "899900000017"})
	list := b.mandates("899900000017")
	if len(list) != 1 || list[0].Mailbox.Address.Wire() != doctor || !list[0].Use || list[0].Administer || list[0].Listed {
		t.Errorf("holder: %d mailboxes, %+v", len(list), list)
	}
	for _, nobody := range []string{"", "899900000025"} {
		if list := b.mandates(nobody); len(list) != 0 {
			t.Errorf("person %q has %d mailboxes", nobody, len(list))
		}
	}
}

// TestAdmitUser_countsAtOnce covers I119 and D27: a user on the list reads and writes until his end or his
// removal; who keeps the list does neither.
func TestAdmitUser_countsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if list := b.mandates(manager); len(list) != 1 || list[0].Use || !list[0].Administer {
		t.Fatalf("responsible: %+v", list)
	}
	end := b.clock.Now().Add(24 * time.Hour).Truncate(time.Millisecond)
	u := b.admit(end)
	list := b.mandates(secretary)
	if len(list) != 1 || !list[0].Use || !list[0].Listed || list[0].Administer || !list[0].Until.Equal(end) || list[0].Responsible[0].ID != manager {
		t.Fatalf("user: %+v", list)
	}
	users, err := b.Users(t.Context(), theManager(), address(t, clinic))
	if err != nil || len(users) != 1 || users[0].Who.Name != "Sophie Amblardet" || users[0].By.ID != manager || users[0].ID != u.ID {
		t.Errorf("list: %+v, %v", users, err)
	}
	if again := b.admit(time.Time{}); again.ID != u.ID || !again.Until.IsZero() {
		t.Errorf("a second admission made another user, or kept the end: %+v", again)
	}
	if err := b.DismissUser(t.Context(), theManager(), address(t, clinic), u.ID); err != nil {
		t.Fatal(err)
	}
	if list := b.mandates(secretary); len(list) != 1 || list[0].Use || list[0].Ended.IsZero() || list[0].EndedBy == "" {
		t.Errorf("after the removal, which the person is told: %+v", list)
	}
	b.clock.advance(31 * 24 * time.Hour)
	if list := b.mandates(secretary); len(list) != 0 {
		t.Errorf("a month later: %+v", list)
	}
	if err := b.DismissUser(t.Context(), theManager(), address(t, clinic), u.ID); err != nil {
		t.Errorf("a second removal: %v", err)
	}
}

// TestAdmitUser_ends at the instant of its end, the first one without the right.
func TestAdmitUser_ends(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.admit(b.clock.Now().Add(time.Hour))
	b.clock.advance(time.Hour)
	if list := b.mandates(secretary); len(list) != 0 {
		t.Errorf("after the end: %+v", list)
	}
}

// TestAdmitUser_refuses whoever does not keep the list, with the answer of a list that is not there.
func TestAdmitUser_refuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	user := b.admit(time.Time{})
	stranger := conversations.Actor{Kind: conversations.ActorProfessional, ID: secretary}
	someone := conversations.Person{ID: "899900000058"}
	for name, err := range map[string]error{
		"admit by a user": func() error {
			_, err := b.AdmitUser(t.Context(), stranger, address(t, clinic), someone, time.Time{})
			return err
		}(),
		"list by a user":    func() error { _, err := b.Users(t.Context(), stranger, address(t, clinic)); return err }(),
		"dismiss by a user": b.DismissUser(t.Context(), stranger, address(t, clinic), user.ID),
		"another mailbox": func() error {
			_, err := b.AdmitUser(t.Context(), theManager(), address(t, doctor), someone, time.Time{})
			return err
		}(),
		"unknown user": b.DismissUser(t.Context(), theManager(), address(t, clinic), "00nobody"),
	} {
		if conversations.KindOf(err) != conversations.KindNotFound || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := b.AdmitUser(t.Context(), theManager(), address(t, clinic), conversations.Person{ID: manager}, time.Time{})
	if err == nil || conversations.KindOf(err) != conversations.KindNotHabilitated {
		t.Errorf("the responsible person lists herself without an exercise (I119): %v", err)
	}
}

// TestMandates_unknown covers D17: what cannot be read gives no right.
func TestMandates_unknown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.admit(time.Time{})
	b.redis.SetError("LOADING")
	if list, err := b.Mandates(t.Context(), secretary); err == nil || conversations.KindOf(err) != conversations.KindUnavailable {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestAdmitUser_traces covers I187 and D27: the entry names the mailbox in clear ids, and people under the
// seal alone; the index comes back from it.
func TestAdmitUser_traces(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.admit(time.Time{})
	var kinds []conversations.TraceKind
	for shard, entries := range b.memory.journal {
		for seq, entry := range entries {
			e := conversations.JournalEntry{Shard: shard, Sequence: seq, Entry: entry}
			if trace, err := conversations.ReadTrace(e); err != nil || trace.Mailbox != b.MailboxID(address(t, clinic)) {
				continue
			}
			kinds = append(kinds, b.redone(e))
		}
	}
	if len(kinds) != 1 || kinds[0] != conversations.TraceAdmitted {
		t.Errorf("entries %v", kinds)
	}
}

// redone makes a store again from one entry of the manager's, which must name a list and a person's index.
func (b *bench) redone(e conversations.JournalEntry) conversations.TraceKind {
	b.t.Helper()
	trace, err := conversations.ReadTrace(e)
	if err != nil {
		b.t.Fatal(err)
	}
	key, _, err := b.memory.keystore().Key(b.t.Context(), trace.Patient)
	if err != nil {
		b.t.Fatal(err)
	}
	redo, sealed, err := conversations.OpenRedo(e, key)
	if err != nil || sealed || trace.Actor != conversations.ActorProfessional || redo.Actor.ID != manager {
		b.t.Errorf("%+v, %v, %v", redo.Actor, sealed, err)
	}
	image := conversations.NewImage(e.Shard)
	if image.Apply(e, redo); len(image.Ledger) != 1 || len(image.Patients) != 1 {
		b.t.Errorf("a rebuilt store knows %d lists of %d persons", len(image.Patients), len(image.Ledger))
	}
	return trace.Kind
}

// TestAdmitUser_race: of changes made at once by several processes none is lost.
func TestAdmitUser_race(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := b.another().Service
	people := []string{"899900000101", "899900000102", "899900000103", "899900000104", "899900000105", "899900000106"}
	var all sync.WaitGroup
	for i, person := range people {
		service := []*conversations.Service{b.Service, other}[i%2]
		all.Go(func() {
			for {
				_, err := service.AdmitUser(t.Context(), theManager(), address(t, clinic), conversations.Person{ID: person}, time.Time{})
				var refusal *conversations.Error
				if errors.As(err, &refusal) && refusal.Kind == conversations.KindStaleState {
					continue
				}
				if err != nil {
					t.Error(err)
				}
				return
			}
		})
	}
	all.Wait()
	users, err := b.Users(t.Context(), theManager(), address(t, clinic))
	if err != nil || len(users) != len(people) {
		t.Errorf("%d users of %d, %v", len(users), len(people), err)
	}
}
