package conversations_test

import (
	"slices"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// I187, I188 and D27: every act of a team, on templates and on absences leaves an entry of its kind that names the
// mailbox in clear ids, and its person under the seal.
func TestTeamActs_areTracedToThePerson(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	box, ctx := address(t, clinic), t.Context()
	b.tables.add(clinic, conversations.Mailbox{Kind: rules.Organisational, Name: "Chirurgie"})
	var template, note conversations.ID
	for _, act := range []struct {
		kind conversations.TraceKind
		by   conversations.Actor
		do   func() error
	}{
		{conversations.TraceCareTaken, theSecretary(), func() error { _, err := b.TakeCare(ctx, theSecretary(), box, b.id); return err }},
		{conversations.TraceCareReleased, theSecretary(), func() error { _, err := b.ReleaseCare(ctx, theSecretary(), box, b.id); return err }},
		{conversations.TraceCareHandedOver, theAssistant(), func() error {
			_, err := b.HandOver(ctx, theAssistant(), box, b.id, b.team(theAssistant()).Self, "")
			return err
		}},
		{conversations.TraceNoteAdded, theSecretary(), func() error {
			n, err := b.AddNote(ctx, theSecretary(), box, b.id, "x")
			note = n.ID
			return err
		}},
		{conversations.TraceNoteDeleted, theSecretary(), func() error { return b.DeleteNote(ctx, theSecretary(), box, b.id, note) }},
		{conversations.TraceTemplateSaved, theSecretary(), func() error {
			one, err := b.SaveTemplate(ctx, theSecretary(), box, conversations.Template{Name: "a", Text: "b"})
			template = one.ID
			return err
		}},
		{conversations.TraceTemplateDeleted, theSecretary(), func() error { return b.DeleteTemplate(ctx, theSecretary(), box, template) }},
		{conversations.TraceAbsenceDeclared, theManager(), func() error {
			_, err := b.DeclareAbsence(ctx, theManager(), box, conversations.AbsenceInput{Until: b.clock.Now().Add(time.Hour)})
			return err
		}},
		{conversations.TraceAbsenceEnded, theManager(), func() error { return b.EndAbsence(ctx, theManager(), box) }},
	} {
		b.memory.forget()
		if err := act.do(); err != nil {
			t.Fatalf("%s: %v", act.kind, err)
		}
		if found := b.memory.actors(t); len(found) != 1 || found[0] != act.by {
			t.Errorf("%s: traced to %+v", act.kind, found)
		}
		if kinds := b.newKinds(); !slices.Equal(kinds, []conversations.TraceKind{act.kind}) {
			t.Errorf("%s: entries %v", act.kind, kinds)
		}
	}
}

// newKinds lists the kinds of the entries since forget that name the clinic's mailbox.
func (b teamBench) newKinds() (kinds []conversations.TraceKind) {
	b.memory.mu.Lock()
	defer b.memory.mu.Unlock()
	for shard, entries := range b.memory.journal {
		for sequence, entry := range entries {
			trace, err := conversations.ReadTrace(conversations.JournalEntry{Shard: shard, Sequence: sequence, Entry: entry})
			if err == nil && !b.memory.seen[shard+string(rune(sequence))] && trace.Mailbox == b.MailboxID(address(b.t, clinic)) {
				kinds = append(kinds, trace.Kind)
			}
		}
	}
	return kinds
}
