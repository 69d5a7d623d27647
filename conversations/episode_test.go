package conversations_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/storetest"
	"mesbridge/rules"
)

// The clinic of the tests: an application mailbox and a service of one structure.
const (
	finess    = "990000010"
	otherINS  = rules.INS("284052A32102552")
	appBox    = "dpi@clinique.test"
	visitText = "V-0815-4711"
)

func aVisit() conversations.Visit { return conversations.Visit{FINESS: finess, Number: visitText} }

func theClinic() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorClinic, ID: "clinic", Name: "Clinique"}
}

// admitted returns a bench whose clinic opened the visit and wrote two conversations: one about the visit,
// one that is not.
func admitted(t *testing.T, wrap ...func(conversations.Store) conversations.Store) (b *bench, tagged, other conversations.ID) {
	t.Helper()
	b = newBench(t, wrap...)
	for _, m := range []string{appBox, clinic} {
		b.tables.add(m, conversations.Mailbox{Name: "Service " + m[:3], Kind: rules.Organisational, Structure: "1" + finess})
	}
	b.event("e1", rules.EpisodeOpen)
	v := aVisit()
	return b, b.write("Votre opération", &v), b.write("Autre sujet", nil)
}

// event tells the clinic's event of the visit.
func (b *bench) event(id string, to rules.EpisodeState, change ...func(*conversations.EpisodeInput)) conversations.EpisodeLine {
	b.t.Helper()
	line, err := b.tell(id, to, change...)
	if err != nil {
		b.t.Fatalf("event %s: %v", id, err)
	}
	return line
}

func (b *bench) tell(id string, to rules.EpisodeState, change ...func(*conversations.EpisodeInput)) (conversations.EpisodeLine, error) {
	in := conversations.EpisodeInput{Visit: aVisit(), To: to, EventID: id, Source: rules.ByHand}
	if to == rules.EpisodeOpen {
		in.INS = anINS
	}
	for _, c := range change {
		c(&in)
	}
	return b.ChangeEpisode(b.t.Context(), theClinic(), []conversations.Address{address(b.t, appBox)}, in)
}

// write opens a conversation from the clinic's application.
func (b *bench) write(subject string, v *conversations.Visit) conversations.ID {
	b.t.Helper()
	t, err := b.OpenThread(b.t.Context(), theClinic(), conversations.ThreadInput{
		Mailbox: address(b.t, appBox), INS: anINS, Subject: subject, Text: "Bonjour", Visit: v,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return t.ID
}

func grace(d time.Duration) func(*conversations.EpisodeInput) {
	return func(in *conversations.EpisodeInput) { in.Grace = d }
}

func from(s rules.EpisodeSource) func(*conversations.EpisodeInput) {
	return func(in *conversations.EpisodeInput) { in.Source = s }
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func idsOf(e conversations.EpisodeLine) (ids []conversations.ID) {
	for _, t := range e.Threads {
		ids = append(ids, t.ID)
	}
	return ids
}

func (b *bench) states(ids ...conversations.ID) string {
	var s []string
	for _, id := range ids {
		s = append(s, b.read(id).State)
	}
	return strings.Join(s, " ")
}

// D24, D34: a close by hand ends exactly the tagged conversations, at once, and says by what.
func TestEpisode_closedByHand_endsTheTaggedAlone(t *testing.T) {
	t.Parallel()
	b, tagged, other := admitted(t)
	e := b.event("e2", rules.EpisodeClosed)
	if !slices.Equal(idsOf(e), []conversations.ID{tagged}) || e.State != rules.EpisodeClosed || e.Threads[0].State != "ended" {
		t.Errorf("%+v", e)
	}
	thread := b.read(tagged)
	if b.states(tagged, other) != "ended open" || thread.Ended == nil || thread.Ended.How != rules.ByEpisode {
		t.Errorf("%s, %+v", b.states(tagged, other), thread.Ended)
	}
	again := b.event("e2", rules.EpisodeClosed)
	if !slices.Equal(idsOf(again), []conversations.ID{tagged}) {
		t.Errorf("the same event touched %v", idsOf(again))
	}
	_, err := b.tell("e2", rules.EpisodeOpen)
	wantKind(t, err, conversations.KindOtherEvent)
	// A further message keeps the tag, and re-opens (D6).
	if _, err := b.Write(t.Context(), theClinic(), tagged, conversations.ThreadInput{Mailbox: address(t, appBox), Text: "Encore"}); err != nil {
		t.Fatal(err)
	}
	if b.states(tagged) != "open" {
		t.Errorf("after a further message: %s", b.states(tagged))
	}
	if e = b.event("e3", rules.EpisodeClosed); !slices.Equal(idsOf(e), []conversations.ID{tagged}) || b.states(tagged) != "ended" {
		t.Errorf("closed again: %v, %s", idsOf(e), b.states(tagged))
	}
}

// D24: announced to the patient; at its instant the end holds, whether a worker came or not.
func TestEpisode_grace_isAnnounced_andHoldsWithoutAWorker(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.ClosingNotice = func(_ string, until time.Time, contact string) string {
		return "jusqu’au " + until.Format(time.DateOnly) + contact
	}
	e := b.event("e2", rules.EpisodeClosed, grace(14*24*time.Hour), func(in *conversations.EpisodeInput) { in.Contact = " le 01" })
	thread := b.read(tagged)
	if thread.State != "open" || !thread.Reply.Until.Equal(e.ClosesAt) || e.ClosesAt.IsZero() {
		t.Errorf("%s until %s, closes at %s", thread.State, thread.Reply.Until, e.ClosesAt)
	}
	if want := "jusqu’au " + e.ClosesAt.Format(time.DateOnly) + " le 01"; len(thread.Messages) != 2 || thread.Messages[0].Text != want {
		t.Errorf("announced by %+v", thread.Messages[0])
	}
	if thread.Messages[0].NoReply { // R81: it says until when he may answer
		t.Error("the announcement says that it takes no answer")
	}
	b.settle()
	if n := len(b.read(tagged).Messages); n != 2 {
		t.Errorf("%d messages: told more than once", n)
	}
	b.clock.advance(14 * 24 * time.Hour)
	thread = b.read(tagged)
	if thread.State != "ended" || thread.Ended.How != rules.ByEpisode || !thread.Ended.At.Equal(e.ClosesAt) {
		t.Errorf("late worker: %s %+v", thread.State, thread.Ended)
	}
	_, err := b.reply(tagged, "Trop tard")
	wantKind(t, err, conversations.KindThreadClosed)
	before := b.memory.entries()
	b.settle()
	if b.memory.entries() != before+1 || !b.read(tagged).Ended.At.Equal(e.ClosesAt) {
		t.Errorf("%d entries, %+v: the worker writes the end down once, with its instant", b.memory.entries()-before, b.read(tagged).Ended)
	}
}

// R87, D24: who cannot reply already is told of the end without an instant until which he could.
func TestEpisode_grace_ofAConversationWithoutReply(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.ClosingNotice = func(_ string, until time.Time, _ string) string { return fmt.Sprint("instant: ", !until.IsZero()) }
	if _, err := b.Write(t.Context(), theClinic(), tagged, conversations.ThreadInput{Mailbox: address(t, appBox), Text: "Pour information", NoReply: true}); err != nil {
		t.Fatal(err)
	}
	b.event("e2", rules.EpisodeClosed, grace(time.Hour))
	if m := b.read(tagged).Messages[0]; m.Text != "instant: false" || !m.NoReply {
		t.Errorf("announced by %+v", m)
	}
}

// D24: a conversation whose last message is the patient's is not closed automatically.
func TestEpisode_unanswered_waits(t *testing.T) {
	t.Parallel()
	for _, how := range []struct {
		name   string
		change []func(*conversations.EpisodeInput)
		after  time.Duration
	}{
		{"adt at once", []func(*conversations.EpisodeInput){from(rules.ByADT)}, 0},
		{"by hand with a grace", []func(*conversations.EpisodeInput){grace(time.Hour)}, 2 * time.Hour},
	} {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			b, tagged, _ := admitted(t)
			if _, err := b.reply(tagged, "Une question"); err != nil {
				t.Fatal(err)
			}
			b.event("e2", rules.EpisodeClosed, how.change...)
			b.clock.advance(how.after)
			b.settle()
			e, err := b.Episode(t.Context(), nil, aVisit())
			if err != nil || b.states(tagged) != "open" || !e.Waiting() || !e.Threads[0].Waiting {
				t.Errorf("%s, %+v, %v", b.states(tagged), e, err)
			}
			if page, err := b.Episodes(t.Context(), nil, finess, conversations.EpisodeFilter{Waiting: true}); err != nil || len(page.Items) != 1 {
				t.Errorf("to be treated: %+v, %v", page.Items, err)
			}
			if _, err := b.Write(t.Context(), theClinic(), tagged, conversations.ThreadInput{Mailbox: address(t, appBox), Text: "Réponse"}); err != nil {
				t.Fatal(err)
			}
			if until := b.read(tagged).Reply.Until; until.Sub(b.clock.Now()).Round(time.Hour) != rules.DefaultAnswer {
				t.Errorf("after the answer: until %s", until)
			}
			b.clock.advance(rules.DefaultAnswer)
			b.settle()
			if b.states(tagged) != "ended" {
				t.Errorf("a week after the answer: %s", b.states(tagged))
			}
		})
	}
}

// D24: a cancelled discharge re-opens what it ended and nobody touched since, nothing else.
func TestEpisode_cancelled_givesBackWhatNobodyTouched(t *testing.T) {
	t.Parallel()
	b, tagged, other := admitted(t)
	v := aVisit()
	touched := b.write("Touché", &v)
	byHand := b.write("Déjà clos", &v)
	if _, err := b.EndThread(t.Context(), theClinic(), []conversations.Address{address(t, appBox)}, byHand); err != nil {
		t.Fatal(err)
	}
	e := b.event("e2", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour." })
	if !slices.Equal(idsOf(e), []conversations.ID{tagged, touched}) {
		t.Errorf("closed %v: what was ended stays as it was (table C4)", idsOf(e))
	}
	for _, m := range []string{"Encore", "Et fin"} {
		if _, err := b.Write(t.Context(), theClinic(), touched, conversations.ThreadInput{Mailbox: address(t, appBox), Text: m, NoReply: m == "Et fin"}); err != nil {
			t.Fatal(err)
		}
	}
	e = b.event("e3", rules.EpisodeOpen)
	if !slices.Equal(idsOf(e), []conversations.ID{tagged}) || b.states(tagged, other, byHand, touched) != "open open ended no-reply" {
		t.Errorf("cancelled %v: %s", idsOf(e), b.states(tagged, other, byHand, touched))
	}
	if got, err := b.Episode(t.Context(), nil, aVisit()); err != nil || got.State != rules.EpisodeOpen || !got.ClosesAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

// D6, D24: the last message carries FIN, and the conversation is ended, not without reply.
func TestEpisode_lastMessage(t *testing.T) {
	t.Parallel()
	b, tagged, other := admitted(t)
	b.event("e2", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour chez vous." })
	thread := b.read(tagged)
	if m := thread.Messages[0]; len(thread.Messages) != 2 || m.Text != "Bon retour chez vous." || !m.NoReply || thread.State != "ended" {
		t.Errorf("%s with %+v", thread.State, thread.Messages)
	}
	if len(b.read(other).Messages) != 1 {
		t.Error("the last message went elsewhere too")
	}
	b.settle()
	b.event("e2", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour chez vous." })
	if n := len(b.read(tagged).Messages); n != 2 {
		t.Errorf("%d messages after the same event again", n)
	}
}

// D13, D15: a block that came since the grace began withholds the last message; the end stays.
func TestEpisode_lastMessage_toWhoBlocked_isWithheld(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.event("e2", rules.EpisodeClosed, grace(time.Hour), func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour." })
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, b.read(tagged).Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(2 * time.Hour)
	b.settle()
	if n := len(b.read(tagged).Messages); n != 1 {
		t.Errorf("%d messages reached who blocked", n)
	}
	if _, err := b.Unblock(t.Context(), b.self(), b.patient.ID, b.read(tagged).Contact); err != nil {
		t.Fatal(err)
	}
	if b.states(tagged) != "ended" {
		t.Errorf("the end is %s", b.states(tagged))
	}
}

// D24, D33: death freezes at once and sends nothing; a mistake is taken back.
func TestEpisode_death_freezes(t *testing.T) {
	t.Parallel()
	b, tagged, other := admitted(t)
	b.event("e2", rules.EpisodeClosed, from(rules.ByDeath), func(in *conversations.EpisodeInput) { in.LastMessage = "Non" })
	b.settle()
	if b.states(tagged, other) != "frozen frozen" || len(b.read(tagged).Messages) != 1 {
		t.Errorf("%s, %d messages", b.states(tagged, other), len(b.read(tagged).Messages))
	}
	_, err := b.receive(mail{from: doctor, subject: "x", text: "y"})
	wantKind(t, err, conversations.KindUnreachable)
	b.event("e3", rules.EpisodeOpen)
	if b.states(tagged, other) != "open open" {
		t.Errorf("after the mistake: %s", b.states(tagged, other))
	}
}

// I230: an older event changes nothing.
func TestEpisode_olderEvent_isIgnored(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	e := b.event("e0", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.At = b.clock.Now().Add(-time.Hour) })
	if e.State != rules.EpisodeOpen || len(e.Threads) != 0 || b.states(tagged) != "open" {
		t.Errorf("%+v, %s", e, b.states(tagged))
	}
}

// D36, I248: a patient whom nobody enrolled looks the same; a visit is of one patient.
func TestEpisode_ofAStranger(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stranger := func(in *conversations.EpisodeInput) { in.INS = otherINS }
	if e := b.event("e1", rules.EpisodeOpen, stranger); e.State != rules.EpisodeOpen || len(e.Threads) != 0 {
		t.Errorf("%+v", e)
	}
	_, err := b.tell("e2", rules.EpisodeOpen)
	wantKind(t, err, conversations.KindWrongPatient)
	b.event("e3", rules.EpisodeClosed)
	e, err := b.Episode(t.Context(), nil, aVisit())
	if err != nil || e.State != rules.EpisodeClosed || e.Visit != aVisit() || e.ClosesAt.IsZero() || e.Since.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
	_, err = b.Episode(t.Context(), nil, conversations.Visit{FINESS: "990000028", Number: visitText})
	wantKind(t, err, conversations.KindEpisodeUnknown)
	_, err = b.tell("e4", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.Number = "never" })
	wantKind(t, err, conversations.KindEpisodeUnknown)
}

// TestEpisode_faultAtEachStep_endsOnceAndWhole: at each call of the store a fault comes between, and what is
// left is done by the same event told again, or by the effects alone.
func TestEpisode_faultAtEachStep_endsOnceAndWhole(t *testing.T) {
	t.Parallel()
	for m, calls := range map[storetest.Method]int{storetest.Facts: 5, storetest.Commit: 3, storetest.IndexVisit: 1, storetest.Visit: 1} {
		for _, made := range []bool{false, true} {
			if made && (m == storetest.Facts || m == storetest.Visit) {
				continue // a reading that was made is as good as none
			}
			for nth := range calls {
				for _, again := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s %d made %v told again %v", m, nth, made, again), func(t *testing.T) {
						t.Parallel()
						cutEpisode(t, m, nth, made, again)
					})
				}
			}
		}
	}
}

func cutEpisode(t *testing.T, m storetest.Method, nth int, made, again bool) {
	var faulty *storetest.FaultyStore
	b, one, _ := admitted(t, func(s conversations.Store) conversations.Store {
		faulty = storetest.Faulty(s)
		return faulty
	})
	v := aVisit()
	two := b.write("Une autre", &v)
	b.settle()
	for range nth {
		faulty.Before(m, func() error { return nil })
		faulty.After(m, func() error { return nil })
	}
	if made {
		faulty.FailAfter(m, storetest.ErrDown, 1)
	} else {
		faulty.FailBefore(m, storetest.ErrDown, 1)
	}
	last := func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour." }
	_, err := b.tell("e2", rules.EpisodeClosed, last)
	later := b.another() // the process was killed; its effects come back when their leases end
	later.clock.advance(2 * time.Minute)
	if again {
		if _, err := later.tell("e2", rules.EpisodeClosed, last); err != nil {
			t.Fatalf("told again: %v", err)
		}
	}
	later.settle()
	if !again && err != nil && later.states(one, two) == "open open" {
		return // refused before anything was committed: nobody was told that it was done
	}
	for _, id := range []conversations.ID{one, two} {
		if thread := later.read(id); thread.State != "ended" || len(thread.Messages) != 2 {
			t.Errorf("%s, %d messages", thread.State, len(thread.Messages))
		}
	}
	page, err := later.Episodes(t.Context(), nil, finess, conversations.EpisodeFilter{State: rules.EpisodeClosed})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("closed: %+v, %v", page.Items, err)
	}
	later.journalIsWhole()
}

// The visit number, the words and the event are nowhere in clear.
func TestEpisode_nothingPersonalReachesTheStore(t *testing.T) {
	t.Parallel()
	b, _, _ := admitted(t)
	b.event("event-4711", rules.EpisodeClosed, grace(time.Hour), func(in *conversations.EpisodeInput) {
		in.LastMessage, in.Contact = "Dernier mot", "Docteur Suite"
	})
	dump := b.everything()
	for _, entries := range b.memory.journal {
		for _, e := range entries {
			dump += string(e)
		}
	}
	for _, secret := range []string{visitText, finess, "event-4711", "Dernier mot", "Docteur Suite", string(anINS)} {
		if strings.Contains(dump, secret) {
			t.Errorf("%q is readable in the store or the journal", secret)
		}
	}
}

func TestEpisodes_pagesByState(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 7 {
		n := func(in *conversations.EpisodeInput) { in.Number = fmt.Sprint("visit ", i) }
		b.event("in", rules.EpisodeOpen, n)
		b.clock.advance(time.Second)
		if i%2 == 0 {
			b.event("out", rules.EpisodeClosed, n)
		}
	}
	for state, want := range map[rules.EpisodeState]int{"": 7, rules.EpisodeOpen: 3, rules.EpisodeClosed: 4} {
		seen := map[string]bool{}
		for cursor := ""; ; {
			page, err := b.Episodes(t.Context(), nil, finess, conversations.EpisodeFilter{State: state, Cursor: cursor, Limit: 2})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Items {
				seen[e.Visit.Number] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%q: %d visits, want %d", state, len(seen), want)
		}
	}
}
