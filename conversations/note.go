package conversations

import (
	"cmp"
	"context"
	"slices"
	"time"

	"mesbridge/rules"
)

// InternalNote is an internal note on a conversation, for the users of one mailbox.
type InternalNote struct {
	ID   ID
	By   string // name of who wrote it
	At   time.Time
	Text string
	Mine bool // who looks wrote it, and may delete it
}

// noteLabel is a note as it is kept.
type noteLabel struct {
	ID          ID     `cbor:"1,keyasint"`
	Person      hexID  `cbor:"2,keyasint"`
	Application bool   `cbor:"3,keyasint,omitempty"`
	Name        string `cbor:"4,keyasint,omitempty"`
	At          millis `cbor:"5,keyasint"`
	Text        string `cbor:"6,keyasint"`
}

func (n noteLabel) author() rules.Member {
	return rules.Member{Person: rules.PersonID(n.Person), Application: n.Application}
}

func (n noteLabel) shown(viewer rules.Member) InternalNote {
	return InternalNote{ID: n.ID, By: n.Name, At: n.At.time(), Text: n.Text, Mine: n.author() == viewer}
}

// shownNotes lists the notes on the conversation, the latest first.
func (w *teamwork) shownNotes(viewer rules.Member) []InternalNote {
	var list []InternalNote
	for _, n := range slices.Backward(w.notes) {
		list = append(list, n.shown(viewer))
	}
	return list
}

// AddNote leaves an internal note on a conversation for the users of a shared mailbox. It fails with
// KindInvalidRequest for a text that says nothing or is no plain text, and with KindTooLarge for one that is too long
// or has too many beside it (rules.MaxNotes).
func (s *Service) AddNote(ctx context.Context, actor Actor, a Address, id ID, text string) (InternalNote, error) {
	var added InternalNote
	err := s.changeTeam(ctx, actor, a, id, TraceNoteAdded, func(l *loaded, w *teamwork) (r []Record, err error) {
		note, record, err := w.addNote(l, actor, id, text)
		added = note
		return []Record{record}, err
	})
	return added, err
}

// addNote asks rules and makes the record.
func (w *teamwork) addNote(l *loaded, actor Actor, thread ID, text string) (InternalNote, Record, error) {
	by := w.svc.member(actor)
	if r := rules.AddNote(rules.NoteFacts{Box: w.box, By: by, Text: text, Count: len(w.notes)}, w.svc.Now()); r.Refused() {
		return InternalNote{}, Record{}, refused(r)
	}
	id, err := w.svc.newID(l.id)
	if err != nil {
		return InternalNote{}, Record{}, err
	}
	n := noteLabel{
		ID: id, Person: hexID(by.Person), Application: by.Application, Name: cmp.Or(actor.Name, actor.ID), At: toMillis(w.svc.Now()), Text: text,
	}
	w.notes = append(w.notes, n)
	return n.shown(by), l.sealField(notesField(thread, w.id), w.notes, false), nil
}

// DeleteNote deletes a note of the actor's own. One that is not there any more, or never was, is KindNotFound.
func (s *Service) DeleteNote(ctx context.Context, actor Actor, a Address, id, note ID) error {
	return s.changeTeam(ctx, actor, a, id, TraceNoteDeleted, func(l *loaded, w *teamwork) ([]Record, error) {
		if r := w.box.Serves(s.member(actor), s.Now()); r.Refused() {
			return nil, refused(r)
		}
		i := slices.IndexFunc(w.notes, func(n noteLabel) bool { return n.ID == note })
		if i < 0 {
			return nil, &Error{Kind: KindNotFound, Rule: "I246"}
		}
		if r := rules.DeleteNote(w.box, s.member(actor), w.notes[i].author(), s.Now()); r.Refused() {
			return nil, refused(r)
		}
		w.notes = slices.Delete(w.notes, i, i+1)
		return []Record{l.sealField(notesField(id, w.id), w.notes, len(w.notes) == 0)}, nil
	})
}
