package conversations_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/conversations/storetest"
	"mesbridge/rules"
)

// insNumber is a matricule with its key, one for each number below 1000.
func insNumber(n int) rules.INS {
	body := fmt.Sprintf("2790351215%03d", n)
	digits, _ := strconv.Atoi(body)
	return rules.INS(fmt.Sprintf("%s%02d", body, 97-digits%97))
}

// wrote enrols somebody and brings him a message of the clinic's mailbox.
func (b *bench) wrote(ins rules.INS, name string) {
	b.t.Helper()
	if _, err := b.Enrol(b.t.Context(), b.self(), ins, name, rules.Active); err != nil {
		b.t.Fatal(err)
	}
	b.hand(ins, mail{from: clinic, subject: "Suivi de " + name, text: "1"}, func(*conversations.Incoming) {})
}

func (b *bench) find(by conversations.Sought) conversations.FoundExchanges {
	b.t.Helper()
	found, err := b.FindExchanges(b.t.Context(), address(b.t, clinic), by)
	if err != nil {
		b.t.Fatal(err)
	}
	if found.Count < len(found.Items) {
		b.t.Errorf("%d of %d", len(found.Items), found.Count)
	}
	return found
}

func byName(t testing.TB, typed string) conversations.Sought {
	t.Helper()
	n, ok := rules.ReadSoughtName(typed)
	if !ok {
		t.Fatalf("%q is no name", typed)
	}
	return conversations.Sought{Name: n}
}

// TestFindExchanges_byNameOrMatricule: D29: only the mailbox's own register is looked through, and a line says what the
// ledger's says.
func TestFindExchanges_byNameOrMatricule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wrote(insNumber(1), "Éloïse Dupré-Martin")
	b.wrote(insNumber(2), "Martine Le Goff")
	b.wrote(insNumber(3), "Paul Durand")
	b.taken(mail{from: doctor, subject: "Ailleurs", text: "2"}) // Camille Durand is the doctor's patient alone
	b.settle()
	names := func(found conversations.FoundExchanges) string {
		list := ""
		for _, e := range found.Items {
			list += e.Patient.Name + ";"
		}
		return list
	}
	for typed, want := range map[string]string{
		"martin": "Martine Le Goff;Éloïse Dupré-Martin;", "ELOISE": "Éloïse Dupré-Martin;", "legoff": "Martine Le Goff;", "durand": "Paul Durand;", "camille": "",
	} {
		if got := names(b.find(byName(t, typed))); got != want {
			t.Errorf("%q finds %q, want %q", typed, got, want)
		}
	}
	if got := b.find(conversations.Sought{INS: insNumber(3)}); names(got) != "Paul Durand;" || got.Count != 1 {
		t.Errorf("by the matricule: %+v", got)
	}
	for _, stranger := range []rules.INS{anINS, insNumber(4)} { // with a mailbox of his own, or without: the same nothing (D36)
		if got := b.find(conversations.Sought{INS: stranger}); len(got.Items) != 0 || got.Some || got.Cut {
			t.Errorf("a stranger: %+v", got)
		}
	}
	listed, err := b.Exchanges(t.Context(), address(t, clinic), conversations.Filter{})
	if err != nil || len(listed.Items) != 3 {
		t.Fatalf("%+v, %v", listed, err)
	}
	all := b.find(byName(t, "eloise"))
	if got, want := fmt.Sprintf("%+v", all.Items[0]), fmt.Sprintf("%+v", listed.Items[2]); got != want {
		t.Errorf("found  %s\nlisted %s", got, want)
	}
}

// TestFindExchanges_unreadable_isNotFound: O117, D17: who was erased is not found, nor is whose key is lost, of which
// the answer warns; a store that does not answer is an error, and not an empty answer.
func TestFindExchanges_unreadable_isNotFound(t *testing.T) {
	t.Parallel()
	b, faulty := faultyBench(t)
	b.wrote(insNumber(1), "Jeanne Dupont")
	b.wrote(insNumber(2), "Jean Dupont")
	b.settle()
	if err := b.memory.keystore().Erase(t.Context(), b.PatientID(insNumber(1))); err != nil {
		t.Fatal(err)
	}
	if found := b.find(byName(t, "dupont")); found.Count != 1 || !found.Some {
		t.Errorf("without a key: %+v", found)
	}
	if found := b.find(conversations.Sought{INS: insNumber(1)}); found.Count != 0 || !found.Some {
		t.Errorf("by the matricule without a key: %+v", found)
	}
	for _, m := range []storetest.Method{storetest.Facts, storetest.Ledger, storetest.Standings} {
		faulty.FailBefore(m, storetest.ErrDown, 1)
		_, err := b.FindExchanges(t.Context(), address(t, clinic), byName(t, "dupont"))
		wantKind(t, err, conversations.KindUnavailable)
	}
	if n := faulty.Pending(); n != 0 {
		t.Errorf("%d faults wait", n)
	}
}

// crowded adds to the clinic's ledger more exchanges than are looked through, all newer than the others; their
// patients are nobody.
func (b *bench) crowded() {
	b.t.Helper()
	entries := make([]conversations.LedgerEntry, conversations.MaxLookedThrough)
	for i := range entries {
		entries[i] = conversations.LedgerEntry{Patient: conversations.PatientID(fmt.Sprintf("%02x%030x", i%256, i)), At: b.clock.Now().Add(time.Hour)}
	}
	if err := b.Store.Index(b.t.Context(), b.MailboxID(address(b.t, clinic)), entries); err != nil {
		b.t.Fatal(err)
	}
}

// TestFindExchanges_manyExchanges_saysWhatWasNotLookedAt: the work of one call is bounded, and whoever is older is found
// by his matricule; a list by care goes on where it stopped.
func TestFindExchanges_manyExchanges_saysWhatWasNotLookedAt(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	b.take(theSecretary())
	b.settle()
	if found := b.find(byName(t, "durand")); found.Count != 1 || found.Cut {
		t.Fatalf("%+v", found)
	}
	b.crowded()
	if found := b.find(byName(t, "durand")); found.Count != 0 || !found.Cut {
		t.Errorf("%+v", found)
	}
	if found := b.find(conversations.Sought{INS: anINS}); found.Count != 1 {
		t.Errorf("by the matricule: %+v", found)
	}
	mine := conversations.Filter{Care: conversations.MyCare, By: theSecretary()}
	page, err := b.Exchanges(t.Context(), address(t, clinic), mine)
	if err != nil || len(page.Items) != 0 || page.Next == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	mine.Cursor = page.Next
	if page, err = b.Exchanges(t.Context(), address(t, clinic), mine); err != nil || len(page.Items) != 1 || page.Next != "" {
		t.Errorf("%+v, %v", page, err)
	}
}

// BenchmarkFindExchanges measures one search on a real server, in a mailbox with so many exchanges.
func BenchmarkFindExchanges(b *testing.B) {
	for _, exchanges := range []int{300, 2000} {
		b.Run(strconv.Itoa(exchanges), func(b *testing.B) {
			w := newBench(b, func(conversations.Store) conversations.Store {
				return redisstore.New(redistest.Start(b).Client(b), redisstore.Options{Sweep: -1})
			})
			m := address(b, clinic)
			for i := range exchanges {
				ins := rules.INS(fmt.Sprintf("%015d", i))
				w.wrote(ins, fmt.Sprintf("Jeanne Martin %c%c", 'A'+i%26, 'a'+i/26%26))
				entry := []conversations.LedgerEntry{{Patient: w.PatientID(ins), At: w.clock.Now()}}
				if err := w.Store.Index(b.Context(), w.MailboxID(m), entry); err != nil {
					b.Fatal(err)
				}
			}
			for _, what := range []struct {
				name string
				do   func() error
			}{
				{"search", func() error { _, err := w.FindExchanges(b.Context(), m, byName(b, "cb")); return err }},
				{"mine", func() error {
					_, err := w.Exchanges(b.Context(), m, conversations.Filter{Care: conversations.MyCare, By: theSecretary()})
					return err
				}},
				{"page", func() error { _, err := w.Exchanges(b.Context(), m, conversations.Filter{}); return err }},
			} {
				b.Run(what.name, func(b *testing.B) {
					for b.Loop() {
						if err := what.do(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
