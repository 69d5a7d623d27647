package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// TestTemplates_areTheMailboxs covers I119 and I120: users of a mailbox keep its templates, and nobody else sees them.
func TestTemplates_areTheMailboxs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.admit(time.Time{})
	box := address(t, clinic)
	b.tables.add(clinic, conversations.Mailbox{Kind: rules.Organisational, Name: "Secrétariat de chirurgie"})
	saved, err := b.SaveTemplate(t.Context(), theSecretary(), box, conversations.Template{Name: "Consignes", Text: "Bonjour,\n{signature}, {boite}"})
	if err != nil || saved.ID == "" {
		t.Fatal(saved, err)
	}
	if _, err := b.SaveTemplate(t.Context(), theSecretary(), box, conversations.Template{Name: "accueil", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	list, err := b.Templates(t.Context(), theSecretary(), box)
	if err != nil || len(list) != 2 || list[0].Name != "accueil" || list[1] != saved {
		t.Errorf("%+v, %v", list, err)
	}
	if text, err := b.FillTemplate(t.Context(), theSecretary(), box, saved.ID); err != nil || text != "Bonjour,\nSophie Amblardet, Secrétariat de chirurgie" {
		t.Errorf("%q, %v", text, err)
	}
	saved.Text = "Bonsoir"
	if again, err := b.SaveTemplate(t.Context(), theSecretary(), box, saved); err != nil || again != saved {
		t.Errorf("%+v, %v", again, err)
	}
	if err := b.DeleteTemplate(t.Context(), theSecretary(), box, list[0].ID); err != nil {
		t.Fatal(err)
	}
	if left, err := b.Templates(t.Context(), theSecretary(), box); err != nil || len(left) != 1 || left[0].Text != "Bonsoir" {
		t.Errorf("%+v, %v", left, err)
	}
	for name, err := range map[string]error{
		"who keeps the list": func() error { _, err := b.Templates(t.Context(), theManager(), box); return err }(),
		"another mailbox":    func() error { _, err := b.Templates(t.Context(), theSecretary(), address(t, doctor)); return err }(),
		"deleted":            b.DeleteTemplate(t.Context(), theSecretary(), box, list[0].ID),
		"changed, deleted": func() error {
			_, err := b.SaveTemplate(t.Context(), theSecretary(), box, conversations.Template{ID: list[0].ID, Name: "x", Text: "x"})
			return err
		}(),
		"filled, deleted": func() error { _, err := b.FillTemplate(t.Context(), theSecretary(), box, list[0].ID); return err }(),
	} {
		if err == nil || conversations.KindOf(err) != conversations.KindNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTemplates_ofAPersonalMailbox: its holder keeps them, under the mailbox's own key.
func TestTemplates_ofAPersonalMailbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tables.add(doctor, conversations.Mailbox{Kind: rules.Personal, Person: "899700218896", Name: "Dr Marie Martin"})
	holder := conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896", Name: "Marie Martin"}
	if _, err := b.SaveTemplate(t.Context(), holder, address(t, doctor), conversations.Template{Name: "a", Text: "{nom}"}); err == nil || b.rule(err) != "R71" {
		t.Errorf("an unknown placeholder: %v", err)
	}
	keys := len(b.memory.keys)
	if _, err := b.SaveTemplate(t.Context(), holder, address(t, doctor), conversations.Template{Name: "a", Text: "b"}); err != nil {
		t.Fatal(err)
	}
	if len(b.memory.keys) != keys+1 {
		t.Error("the mailbox got no key of its own")
	}
}

// rule is the rule that an error names.
func (b *bench) rule(err error) string {
	b.t.Helper()
	e, ok := err.(*conversations.Error) //nolint:errorlint // the service returns it bare
	if !ok {
		b.t.Fatalf("%v is no error of the core", err)
	}
	return e.Rule
}
