package web

import (
	"bytes"
	"context"
	"time"

	"mesbridge/conversations"
)

// fakeTeam is the part of the fake core that knows what colleagues note, and who is away.
type fakeTeam struct {
	team     conversations.Team
	taken    conversations.Care // what TakeCare answers
	template conversations.Template
	absence  conversations.Absence
	handed   []string // to and note of what was handed over
	declared conversations.AbsenceInput
}

// IDs of the team of the fake.
const (
	noteID      = conversations.ID("a1note")
	templateID  = conversations.ID("a1model")
	colleagueID = conversations.ID("a1kpaul")
)

// teamBodies are the bodies of the calls of teams, templates and absences.
func teamBodies() map[string]string {
	return map[string]string{
		"POST /conversations/{id}/care/handover":   `{"to":"` + string(colleagueID) + `","note":"Rappeler lundi"}`,
		"POST /conversations/{id}/notes":           `{"text":"Rappeler lundi"}`,
		"POST /mailboxes/{id}/templates":           `{"name":"Consignes","text":"Bonjour"}`,
		"PUT /mailboxes/{id}/templates/{template}": `{"name":"Consignes","text":"Bonjour"}`,
		"PUT /mailboxes/{id}/absence":              `{"until":"2099-01-01T00:00:00Z","cover":"max.petit@cabinet.mssante.fr"}`,
	}
}

// ownedKey stands in paths for the mailbox that the professional of the tests reads and writes for.
func ownedKey() string {
	a := App{cfg: Config{Key: bytes.Repeat([]byte{7}, 32)}}
	return a.mailboxKey(must(ownedBox))
}

func someTeam() fakeTeam {
	box := must("cardiologie@chu.mssante.fr")
	return fakeTeam{
		team: conversations.Team{
			Mailbox:    box,
			Present:    []conversations.Presence{{Name: "Paul Roy", At: now.Add(-time.Minute)}},
			Notes:      []conversations.InternalNote{{ID: noteID, By: "Claire Martin", At: now, Text: "Rappeler lundi", Mine: true}},
			Colleagues: []conversations.Colleague{{ID: colleagueID, Name: "Paul Roy"}}, Self: "a1kself",
		},
		taken:    conversations.Care{By: "Claire Martin", At: now, Mine: true},
		template: conversations.Template{ID: templateID, Name: "Consignes <avant>", Text: "Bonjour,\n{signature}"},
		absence: conversations.Absence{
			From: now.Add(-time.Hour), Until: now.Add(48 * time.Hour), Text: "Appelez le cabinet.", Cover: "Dr Max Petit", Box: must("max.petit@cabinet.mssante.fr"),
			By: conversations.Person{Name: "Claire Martin"}, Admit: true,
		},
	}
}

func (f *fakeConversations) Team(context.Context, conversations.Actor, []conversations.Address, conversations.ID) ([]conversations.Team, error) {
	if f.team.Mailbox.IsZero() {
		return nil, f.called("Team")
	}
	return []conversations.Team{f.team}, f.called("Team")
}

func (f *fakeConversations) Attend(context.Context, conversations.Actor, []conversations.Address, conversations.ID) error {
	return f.called("Attend")
}

func (f *fakeConversations) TakeCare(context.Context, conversations.Actor, conversations.Address, conversations.ID) (conversations.Care, error) {
	return f.taken, f.called("TakeCare")
}

func (f *fakeConversations) ReleaseCare(context.Context, conversations.Actor, conversations.Address, conversations.ID) (conversations.Care, error) {
	return conversations.Care{}, f.called("ReleaseCare")
}

func (f *fakeConversations) HandOver(_ context.Context, _ conversations.Actor, _ conversations.Address, _, to conversations.ID, note string) (conversations.Care, error) {
	f.handed = []string{string(to), note}
	return conversations.Care{By: "Paul Roy", At: now}, f.called("HandOver")
}

func (f *fakeConversations) AddNote(_ context.Context, by conversations.Actor, _ conversations.Address, _ conversations.ID, text string) (conversations.InternalNote, error) {
	return conversations.InternalNote{ID: noteID, By: by.Name, At: now, Text: text, Mine: true}, f.called("AddNote")
}

func (f *fakeConversations) DeleteNote(context.Context, conversations.Actor, conversations.Address, conversations.ID, conversations.ID) error {
	return f.called("DeleteNote")
}

func (f *fakeConversations) Templates(context.Context, conversations.Actor, conversations.Address) ([]conversations.Template, error) {
	return []conversations.Template{f.template}, f.called("Templates")
}

func (f *fakeConversations) SaveTemplate(_ context.Context, _ conversations.Actor, _ conversations.Address, in conversations.Template) (conversations.Template, error) {
	if in.ID == "" {
		in.ID = templateID
	}
	return in, f.called("SaveTemplate")
}

func (f *fakeConversations) DeleteTemplate(context.Context, conversations.Actor, conversations.Address, conversations.ID) error {
	return f.called("DeleteTemplate")
}

func (f *fakeConversations) FillTemplate(_ context.Context, by conversations.Actor, _ conversations.Address, id conversations.ID) (string, error) {
	if id != templateID {
		return "", kind(conversations.KindNotFound)
	}
	return "Bonjour,\n" + by.Name, f.called("FillTemplate")
}

func (f *fakeConversations) Absence(context.Context, conversations.Actor, conversations.Address) (conversations.Absence, error) {
	return f.absence, f.called("Absence")
}

func (f *fakeConversations) DeclareAbsence(_ context.Context, _ conversations.Actor, _ conversations.Address, in conversations.AbsenceInput) (conversations.Absence, error) {
	f.declared = in
	return f.absence, f.called("DeclareAbsence")
}

func (f *fakeConversations) EndAbsence(context.Context, conversations.Actor, conversations.Address) error {
	return f.called("EndAbsence")
}

func (c *ownedCore) Team(ctx context.Context, by conversations.Actor, all []conversations.Address, id conversations.ID) ([]conversations.Team, error) {
	return hidden(c.boxes("Team", all...), func() ([]conversations.Team, error) {
		found, err := c.fakeConversations.Team(ctx, by, all, id)
		for i := range found {
			found[i].Mailbox = must(ownedBox)
		}
		return found, err
	})
}

func (c *ownedCore) Attend(ctx context.Context, by conversations.Actor, all []conversations.Address, id conversations.ID) error {
	_, err := hidden(c.boxes("Attend", all...), done(func() error { return c.fakeConversations.Attend(ctx, by, all, id) }))
	return err
}

func (c *ownedCore) TakeCare(ctx context.Context, by conversations.Actor, m conversations.Address, id conversations.ID) (conversations.Care, error) {
	return hidden(c.boxes("TakeCare", m), func() (conversations.Care, error) { return c.fakeConversations.TakeCare(ctx, by, m, id) })
}

func (c *ownedCore) ReleaseCare(ctx context.Context, by conversations.Actor, m conversations.Address, id conversations.ID) (conversations.Care, error) {
	return hidden(c.boxes("ReleaseCare", m), func() (conversations.Care, error) { return c.fakeConversations.ReleaseCare(ctx, by, m, id) })
}

func (c *ownedCore) HandOver(ctx context.Context, by conversations.Actor, m conversations.Address, id, to conversations.ID, note string) (conversations.Care, error) {
	return hidden(c.boxes("HandOver", m), func() (conversations.Care, error) { return c.fakeConversations.HandOver(ctx, by, m, id, to, note) })
}

func (c *ownedCore) AddNote(ctx context.Context, by conversations.Actor, m conversations.Address, id conversations.ID, text string) (conversations.InternalNote, error) {
	return hidden(c.boxes("AddNote", m), func() (conversations.InternalNote, error) { return c.fakeConversations.AddNote(ctx, by, m, id, text) })
}

func (c *ownedCore) DeleteNote(ctx context.Context, by conversations.Actor, m conversations.Address, id, note conversations.ID) error {
	_, err := hidden(c.boxes("DeleteNote", m), done(func() error { return c.fakeConversations.DeleteNote(ctx, by, m, id, note) }))
	return err
}

func (c *ownedCore) Templates(ctx context.Context, by conversations.Actor, m conversations.Address) ([]conversations.Template, error) {
	return hidden(c.boxes("Templates", m), func() ([]conversations.Template, error) { return c.fakeConversations.Templates(ctx, by, m) })
}

func (c *ownedCore) SaveTemplate(ctx context.Context, by conversations.Actor, m conversations.Address, in conversations.Template) (conversations.Template, error) {
	return hidden(c.boxes("SaveTemplate", m), func() (conversations.Template, error) { return c.fakeConversations.SaveTemplate(ctx, by, m, in) })
}

func (c *ownedCore) DeleteTemplate(ctx context.Context, by conversations.Actor, m conversations.Address, id conversations.ID) error {
	_, err := hidden(c.boxes("DeleteTemplate", m), done(func() error { return c.fakeConversations.DeleteTemplate(ctx, by, m, id) }))
	return err
}

func (c *ownedCore) Absence(ctx context.Context, by conversations.Actor, m conversations.Address) (conversations.Absence, error) {
	return hidden(c.declarer("Absence", by, m), func() (conversations.Absence, error) { return c.fakeConversations.Absence(ctx, by, m) })
}

func (c *ownedCore) DeclareAbsence(ctx context.Context, by conversations.Actor, m conversations.Address, in conversations.AbsenceInput) (conversations.Absence, error) {
	return hidden(c.declarer("DeclareAbsence", by, m), func() (conversations.Absence, error) {
		return c.fakeConversations.DeclareAbsence(ctx, by, m, in)
	})
}

func (c *ownedCore) EndAbsence(ctx context.Context, by conversations.Actor, m conversations.Address) error {
	_, err := hidden(c.declarer("EndAbsence", by, m), done(func() error { return c.fakeConversations.EndAbsence(ctx, by, m) }))
	return err
}

// declarer lets whoever is responsible for the mailbox pass (I119).
func (c *ownedCore) declarer(method string, by conversations.Actor, m conversations.Address) error {
	if by.ID != listKeeper {
		_ = c.called(method)
		return kind(conversations.KindNotFound)
	}
	return c.boxes(method, m)
}
