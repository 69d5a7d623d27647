package conversations_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// TestTakeCare_firstHasIt covers I120 and D27: of two colleagues the first takes care, the other is told who, and may
// take over; who loses the right loses the care.
func TestTakeCare_firstHasIt(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	if c := b.team(theSecretary()).Care; c.Taken() {
		t.Errorf("nobody asked, and %q takes care", c.By)
	}
	if c := b.take(theSecretary()); !c.Mine || c.By != "Sophie Amblardet" {
		t.Errorf("%+v", c)
	}
	if c := b.take(theAssistant()); c.Mine || c.By != "Sophie Amblardet" {
		t.Errorf("%+v", c)
	}
	if c, err := b.ReleaseCare(t.Context(), theAssistant(), address(t, clinic), b.id); err != nil || c.By != "Sophie Amblardet" {
		t.Errorf("another's release: %+v, %v", c, err)
	}
	seen := b.team(theAssistant())
	if len(seen.Colleagues) != 1 || seen.Colleagues[0].Name != "Sophie Amblardet" {
		t.Fatalf("colleagues %+v", seen.Colleagues)
	}
	if c, err := b.HandOver(t.Context(), theAssistant(), address(t, clinic), b.id, seen.Self, ""); err != nil || !c.Mine || c.From != "" {
		t.Errorf("taken over: %+v, %v", c, err)
	}
	given, err := b.HandOver(t.Context(), theAssistant(), address(t, clinic), b.id, seen.Colleagues[0].ID, "Rappeler lundi")
	if err != nil || given.Mine || given.By != "Sophie Amblardet" || given.From != "Paul Roy" {
		t.Errorf("handed over: %+v, %v", given, err)
	}
	mine := b.team(theSecretary())
	if !mine.Care.Mine || mine.Care.From != "Paul Roy" || len(mine.Notes) != 1 || mine.Notes[0].Text != "Rappeler lundi" || mine.Notes[0].Mine {
		t.Errorf("whoever was given it: %+v", mine)
	}
	users, err := b.Users(t.Context(), theManager(), address(t, clinic))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(users, func(u conversations.MailboxUser) bool { return u.Who.ID == secretary })
	if err := b.DismissUser(t.Context(), theManager(), address(t, clinic), users[at].ID); err != nil {
		t.Fatal(err)
	}
	if c := b.team(theAssistant()).Care; c.Taken() {
		t.Errorf("after the removal %q still takes care", c.By)
	}
	_, err = b.TakeCare(t.Context(), theSecretary(), address(t, clinic), b.id)
	wantKind(t, err, conversations.KindNotHabilitated)
	b.clock.advance(time.Second)
	b.admit(time.Time{})
	if c := b.team(theSecretary()).Care; c.Taken() {
		t.Error("care came back with a right that was given anew")
	}
}

// TestTakeCare_race: of colleagues who ask at once on several processes one has it, and all are told the same.
func TestTakeCare_race(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	services := []*conversations.Service{b.Service, b.another().Service}
	got := make([]conversations.Care, 8)
	var all sync.WaitGroup
	for i := range got {
		by := []conversations.Actor{theSecretary(), theAssistant()}[i%2]
		all.Go(func() {
			for {
				c, err := services[i%4/2].TakeCare(t.Context(), by, address(t, clinic), b.id)
				if err != nil && conversations.KindOf(err) == conversations.KindStaleState {
					continue
				}
				if err != nil {
					t.Error(err)
				}
				got[i] = c
				return
			}
		})
	}
	all.Wait()
	for i, c := range got {
		mine := c.By == []string{"Sophie Amblardet", "Paul Roy"}[i%2]
		if c.By != got[0].By || !c.At.Equal(got[0].At) || c.Mine != mine {
			t.Errorf("%d was told %+v, the first %+v", i, c, got[0])
		}
	}
}

// TestCare_inLists: the lists of the mailbox tell who takes care, those of another mailbox nothing.
func TestCare_inLists(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	b.queued()
	b.take(theSecretary())
	threads, err := b.Threads(t.Context(), address(t, clinic), conversations.Filter{})
	if err != nil || len(threads.Items) != 1 || threads.Items[0].Care.By != "Sophie Amblardet" {
		t.Errorf("%+v, %v", threads.Items, err)
	}
	pairs, err := b.Exchanges(t.Context(), address(t, clinic), conversations.Filter{})
	if err != nil || len(pairs.Items) != 1 || len(pairs.Items[0].Cares) != 1 || pairs.Items[0].Cares[0].By != "Sophie Amblardet" {
		t.Errorf("%+v, %v", pairs.Items, err)
	}
	theirs, err := b.Threads(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || len(theirs.Items) != 1 || theirs.Items[0].Care.Taken() {
		t.Errorf("the doctor's list: %+v, %v", theirs.Items, err)
	}
}

// TestAttend_isForColleagues: who has a conversation open is told to the others of the mailbox for a while, and to
// nobody else.
func TestAttend_isForColleagues(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	if err := b.Attend(t.Context(), theSecretary(), b.boxes(), b.id); err != nil {
		t.Fatal(err)
	}
	if p := b.team(theAssistant()).Present; len(p) != 1 || p[0].Name != "Sophie Amblardet" {
		t.Errorf("%+v", p)
	}
	if p := b.team(theSecretary()).Present; len(p) != 0 {
		t.Errorf("she herself: %+v", p)
	}
	b.clock.advance(conversations.PresenceLasts)
	if p := b.team(theAssistant()).Present; len(p) != 0 {
		t.Errorf("after a while: %+v", p)
	}
	if err := b.Attend(t.Context(), theManager(), b.boxes(), b.id); err != nil {
		t.Fatal(err)
	}
	if p := b.team(theAssistant()).Present; len(p) != 0 {
		t.Errorf("who may not read is there: %+v", p)
	}
	wantKind(t, b.Attend(t.Context(), theSecretary(), []conversations.Address{address(t, "nulle.part@x.test")}, b.id), conversations.KindNotFound)
}

// TestNotes_areTheMailboxsOwn covers D34 and I120: a note is there for the users of the mailbox, deletable by its author,
// and for nobody else.
func TestNotes_areTheMailboxsOwn(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	n, err := b.AddNote(t.Context(), theSecretary(), address(t, clinic), b.id, "Rappeler lundi")
	if err != nil || !n.Mine {
		t.Fatal(n, err)
	}
	if seen := b.team(theAssistant()).Notes; len(seen) != 1 || seen[0].By != "Sophie Amblardet" || seen[0].Mine || seen[0].Text != "Rappeler lundi" {
		t.Errorf("%+v", seen)
	}
	for name, c := range map[string]struct {
		err  error
		want conversations.Kind
	}{
		"another author":     {b.DeleteNote(t.Context(), theAssistant(), address(t, clinic), b.id, n.ID), conversations.KindNotHabilitated},
		"who keeps the list": {b.DeleteNote(t.Context(), theManager(), address(t, clinic), b.id, n.ID), conversations.KindNotHabilitated},
		"unknown note":       {b.DeleteNote(t.Context(), theSecretary(), address(t, clinic), b.id, "00x"), conversations.KindNotFound},
		"personal box":       {addNoteErr(b, theSecretary(), doctor), conversations.KindNotFound},
		"no part in it":      {addNoteErr(b, theSecretary(), "nulle.part@x.test"), conversations.KindNotFound},
	} {
		if c.err == nil || conversations.KindOf(c.err) != c.want {
			t.Errorf("%s: %v, want %s", name, c.err, c.want)
		}
	}
	b.tables.add(doctor, conversations.Mailbox{Kind: rules.Personal, Person: "899700218896"})
	owner := conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896"}
	if found, err := b.Team(t.Context(), owner, []conversations.Address{address(t, doctor)}, b.id); err != nil || len(found) != 0 {
		t.Errorf("the doctor, who shares the conversation: %+v, %v", found, err)
	}
	if err := b.DeleteNote(t.Context(), theSecretary(), address(t, clinic), b.id, n.ID); err != nil {
		t.Fatal(err)
	}
	if seen := b.team(theSecretary()).Notes; len(seen) != 0 {
		t.Errorf("after its deletion: %+v", seen)
	}
}

func addNoteErr(b teamBench, by conversations.Actor, box string) error {
	_, err := b.AddNote(b.t.Context(), by, address(b.t, box), b.id, "x")
	return err
}

// TestTeam_isNotThePatients: nothing that colleagues note is in what the patient reads, nor in his history; every act
// is in the trail with who did it, without its text in clear.
func TestTeam_isNotThePatients(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	b.take(theSecretary())
	const secret = "Note entre collègues"
	n, err := b.AddNote(t.Context(), theSecretary(), address(t, clinic), b.id, secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteNote(t.Context(), theSecretary(), address(t, clinic), b.id, n.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ReleaseCare(t.Context(), theSecretary(), address(t, clinic), b.id); err != nil {
		t.Fatal(err)
	}
	history, err := b.History(t.Context(), b.patient.ID, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range history.Items {
		if line.ActorKind == conversations.ActorProfessional {
			t.Errorf("the history tells of %s by %s", line.Code, line.Actor)
		}
	}
	var kinds []conversations.TraceKind
	for shard, entries := range b.memory.journal {
		for sequence, entry := range entries {
			e := conversations.JournalEntry{Shard: shard, Sequence: sequence, Entry: entry}
			if trace, err := conversations.ReadTrace(e); err != nil || trace.Conversation != b.id || trace.Mailbox != b.MailboxID(address(t, clinic)) ||
				trace.Actor != conversations.ActorProfessional {
				continue
			} else if kinds = append(kinds, trace.Kind); strings.Contains(string(entry), secret) || strings.Contains(string(entry), "Amblardet") {
				t.Errorf("%s is in clear", trace.Kind)
			}
			redo, _, err := conversations.OpenRedo(e, b.memory.keys[b.patient.ID])
			if err != nil || redo.Actor.ID != secretary {
				t.Errorf("traced to %+v, %v", redo.Actor, err)
			}
		}
	}
	slices.Sort(kinds)
	if want := []conversations.TraceKind{"care.release", "care.take", "note.add", "note.delete"}; !slices.Equal(kinds, want) {
		t.Errorf("entries %v, want %v", kinds, want)
	}
}

// TestTeam_goesWithTheConversation covers OP18 and O117: what colleagues noted is erased with the conversation that the
// patient deleted, and with his account.
func TestTeam_goesWithTheConversation(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	b.take(theSecretary())
	if _, err := b.AddNote(t.Context(), theSecretary(), address(t, clinic), b.id, "x"); err != nil {
		t.Fatal(err)
	}
	if n := b.teamFields(); n != 2 {
		t.Fatalf("%d fields hold what colleagues noted", n)
	}
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, b.id); err != nil {
		t.Fatal(err)
	}
	if len(b.team(theSecretary()).Notes) != 1 {
		t.Error("professionals are told of the deletion (I167)")
	}
	b.clock.advance(31 * 24 * time.Hour)
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{})
	if n := b.teamFields(); n != 0 {
		t.Errorf("%d fields are left of an expunged conversation", n)
	}

	b = newTeamBench(t)
	b.take(theSecretary())
	if _, err := b.ManageAccount(t.Context(), b.self(), rules.Holder, b.patient.ID, rules.EraseAccount); err != nil {
		t.Fatal(err)
	}
	if n := b.teamFields(); n != 0 {
		t.Errorf("%d fields are left of an erased account", n)
	}
}

// teamFields counts what the store holds of teams.
func (b teamBench) teamFields() (n int) {
	for _, key := range b.redis.Keys() {
		if !strings.Contains(key, ":conv:") {
			continue
		}
		fields, err := b.redis.HKeys(key)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, f := range fields {
			if strings.HasPrefix(f, "care:") || strings.Contains(f, ":notes:") {
				n++
			}
		}
	}
	return n
}

// TestTeam_application covers I120: the application of an application's mailbox takes care in its own name.
func TestTeam_application(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const box = "dpi@clinique.test"
	b.tables.add(box, conversations.Mailbox{Kind: rules.Application, Name: "DPI"})
	b.taken(mail{from: box, subject: "Résultats", text: "1"})
	id, app := b.thread("Résultats").ID, theClinic()
	c, err := b.TakeCare(t.Context(), app, address(t, box), id)
	if err != nil || !c.Mine {
		t.Fatalf("%+v, %v", c, err)
	}
	other := app
	other.ID = "another-application"
	if c, err := b.TakeCare(t.Context(), other, address(t, box), id); err != nil || c.Mine || !c.Taken() {
		t.Errorf("another application: %+v, %v", c, err)
	}
	_, err = b.TakeCare(t.Context(), theSecretary(), address(t, box), id)
	wantKind(t, err, conversations.KindNotHabilitated)
}

// TestTeam_rebuilt: what colleagues noted comes back from the journal alone.
func TestTeam_rebuilt(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	b.take(theSecretary())
	if _, err := b.AddNote(t.Context(), theSecretary(), address(t, clinic), b.id, "x"); err != nil {
		t.Fatal(err)
	}
	shard := b.patient.ID.Shard()
	image := conversations.NewImage(shard)
	for sequence := uint64(1); sequence <= uint64(len(b.memory.journal[shard])); sequence++ {
		e := conversations.JournalEntry{Shard: shard, Sequence: sequence, Entry: b.memory.journal[shard][sequence]}
		trace, err := conversations.ReadTrace(e)
		if err != nil {
			t.Fatal(err)
		}
		redo, _, err := conversations.OpenRedo(e, b.memory.keys[trace.Patient])
		if err != nil {
			t.Fatal(err)
		}
		image.Apply(e, redo)
	}
	table := image.Patients[b.patient.ID].Tables[conversations.TableConversations]
	found := 0
	for field := range table {
		if strings.HasPrefix(field, "care:") || strings.Contains(field, ":notes:") {
			found++
		}
	}
	if found != 2 {
		t.Errorf("%d fields of %d come back", found, 2)
	}
}

// TestTeam_unknown covers D17: what cannot be read is not told as nothing.
func TestTeam_unknown(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	b.redis.SetError("LOADING")
	for name, call := range map[string]func(context.Context) error{
		"Team": func(ctx context.Context) error { _, err := b.Team(ctx, theSecretary(), b.boxes(), b.id); return err },
		"TakeCare": func(ctx context.Context) error {
			_, err := b.TakeCare(ctx, theSecretary(), address(t, clinic), b.id)
			return err
		},
		"Attend": func(ctx context.Context) error { return b.Attend(ctx, theSecretary(), b.boxes(), b.id) },
		"Templates": func(ctx context.Context) error {
			_, err := b.Templates(ctx, theSecretary(), address(t, clinic))
			return err
		},
	} {
		if err := call(t.Context()); err == nil || conversations.KindOf(err) != conversations.KindUnavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}
