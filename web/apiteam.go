package web

import (
	"net/http"

	"mesbridge/conversations"
	"mesbridge/web/jsonbody"
)

// team finds what colleagues know of the conversation of a call: for the mailbox that ?mailbox= names, else for the
// first of the caller's shared mailboxes that takes part. Without one there is nothing.
func (a *App) team(r request) (conversations.Team, error) {
	boxes := r.who.Mailboxes
	if wish := r.query("mailbox"); wish != "" {
		m, mine := owned(r.who, wish)
		if !mine {
			return conversations.Team{}, notFound()
		}
		boxes = []conversations.Address{m}
	}
	found, err := a.deps.Conversations.Team(r.ctx, r.who.actor(), boxes, r.id)
	switch {
	case err != nil:
		return conversations.Team{}, toProfessional(err)
	case len(found) == 0:
		return conversations.Team{}, notFound()
	}
	return found[0], nil
}

// getTeam tells who takes care of a conversation, who has it open, and the internal notes.
func getTeam(a *App, r request) (answer, error) {
	t, err := a.team(r)
	if err != nil {
		return answer{}, err
	}
	return ok(teamOf(t))
}

// attend notes that the caller has a conversation open.
func attend(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	t, err := a.team(r)
	if err != nil {
		return answer{}, err
	}
	err = a.deps.Conversations.Attend(r.ctx, r.who.actor(), []conversations.Address{t.Mailbox}, r.id)
	return answer{status: http.StatusNoContent}, toProfessional(err)
}

// takeCare lets the caller take care of a conversation; while a colleague does, the answer says who.
func takeCare(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	t, err := a.team(r)
	if err != nil {
		return answer{}, err
	}
	return careAnswer(a.deps.Conversations.TakeCare(r.ctx, r.who.actor(), t.Mailbox, r.id))
}

// releaseCare ends the caller's care of a conversation.
func releaseCare(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	t, err := a.team(r)
	if err != nil {
		return answer{}, err
	}
	return careAnswer(a.deps.Conversations.ReleaseCare(r.ctx, r.who.actor(), t.Mailbox, r.id))
}

// handOver gives the care of a conversation to a colleague: {to, note?}.
func handOver(a *App, r request) (answer, error) {
	var to, note string
	if err := jsonbody.Decode(r.body, jsonbody.Fields{"to": jsonbody.Into(&to), "note": jsonbody.Into(&note)}); err != nil {
		return answer{}, err
	}
	if to == "" {
		return answer{}, invalid("to", "Say to which colleague, by the id of the team.")
	}
	t, err := a.team(r)
	if err != nil {
		return answer{}, err
	}
	care, err := a.deps.Conversations.HandOver(r.ctx, r.who.actor(), t.Mailbox, r.id, conversations.ID(to), note)
	return careAnswer(care, ofNote(err, "note"))
}

// careAnswer tells who takes care after a command.
func careAnswer(c conversations.Care, err error) (answer, error) {
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(careState{Care: careOf(c)})
}

// addNote leaves an internal note: {text}.
func addNote(a *App, r request) (answer, error) {
	var text string
	if err := jsonbody.Decode(r.body, jsonbody.Fields{"text": jsonbody.Into(&text)}); err != nil {
		return answer{}, err
	}
	t, err := a.team(r)
	if err != nil {
		return answer{}, err
	}
	n, err := a.deps.Conversations.AddNote(r.ctx, r.who.actor(), t.Mailbox, r.id, text)
	if err != nil {
		return answer{}, toProfessional(ofNote(err, "text"))
	}
	return created(noteOf(n))
}

// ofNote names the member that holds a note where the core found it invalid.
func ofNote(err error, member string) error {
	if conversations.KindOf(err) == conversations.KindInvalidRequest {
		return invalid(member, "A note is plain text.")
	}
	return err
}

// deleteNote deletes a note of the caller's own.
func deleteNote(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	note, err := outsideID(r.param("note"))
	if err != nil {
		return answer{}, err
	}
	t, err := a.team(r)
	if err != nil {
		return answer{}, err
	}
	err = a.deps.Conversations.DeleteNote(r.ctx, r.who.actor(), t.Mailbox, r.id, note)
	return answer{status: http.StatusNoContent}, toProfessional(err)
}

// teamShape is what colleagues know of a conversation.
type teamShape struct {
	Mailbox    string           `json:"mailbox"`
	Care       *careShape       `json:"care"`
	Present    []presenceShape  `json:"present"`
	Notes      []noteShape      `json:"notes"`
	Colleagues []colleagueShape `json:"colleagues"`
	Self       conversations.ID `json:"self,omitempty"` // the caller among them; not of an application
}

type careState struct {
	Care *careShape `json:"care"`
}

type careShape struct {
	By   string  `json:"by"`
	At   *string `json:"at"`
	Mine bool    `json:"mine"`
	From *string `json:"from"`
}

type presenceShape struct {
	Name string  `json:"name"`
	At   *string `json:"at"`
}

type noteShape struct {
	ID   conversations.ID `json:"id"`
	By   string           `json:"by"`
	At   *string          `json:"at"`
	Text string           `json:"text"`
	Mine bool             `json:"mine"`
}

type colleagueShape struct {
	ID   conversations.ID `json:"id"`
	Name string           `json:"name"`
}

func teamOf(t conversations.Team) teamShape {
	s := teamShape{
		Mailbox: t.Mailbox.Wire(), Care: careOf(t.Care), Present: make([]presenceShape, len(t.Present)), Notes: make([]noteShape, len(t.Notes)),
		Colleagues: make([]colleagueShape, len(t.Colleagues)), Self: t.Self,
	}
	for i, p := range t.Present {
		s.Present[i] = presenceShape{Name: p.Name, At: stamp(p.At)}
	}
	for i, n := range t.Notes {
		s.Notes[i] = noteOf(n)
	}
	for i, c := range t.Colleagues {
		s.Colleagues[i] = colleagueShape(c)
	}
	return s
}

// careOf is nil when nobody takes care.
func careOf(c conversations.Care) *careShape {
	if !c.Taken() {
		return nil
	}
	return &careShape{By: c.By, At: stamp(c.At), Mine: c.Mine, From: optional(c.From)}
}

// caresOf lists the care of a list, nil for nobody's.
func caresOf(all []conversations.Care) []careShape {
	var list []careShape
	for _, c := range all {
		list = append(list, *careOf(c))
	}
	return list
}

func noteOf(n conversations.InternalNote) noteShape {
	return noteShape{ID: n.ID, By: n.By, At: stamp(n.At), Text: n.Text, Mine: n.Mine}
}
