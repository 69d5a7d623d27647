package conversations

import (
	"cmp"
	"context"
	"slices"

	"mesbridge/rules"
)

// TakeCare lets the actor take care of a conversation for a shared mailbox. While a colleague does, nothing changes:
// the answer tells who, and since when.
func (s *Service) TakeCare(ctx context.Context, actor Actor, a Address, id ID) (Care, error) {
	return s.changeCare(ctx, actor, a, id, TraceCareTaken, "", func(f rules.CareFacts, _ rules.Member) rules.CareVerdict {
		return rules.TakeCare(f, s.Now())
	}, nil)
}

// ReleaseCare ends the actor's care of a conversation. What a colleague takes care of stays so, and the answer tells
// who that is.
func (s *Service) ReleaseCare(ctx context.Context, actor Actor, a Address, id ID) (Care, error) {
	return s.changeCare(ctx, actor, a, id, TraceCareReleased, "", func(f rules.CareFacts, _ rules.Member) rules.CareVerdict {
		return rules.ReleaseCare(f, s.Now())
	}, nil)
}

// HandOver gives the care of a conversation to a colleague, or to the actor himself, whoever has it, with an internal
// note in the same act; an empty note is none.
func (s *Service) HandOver(ctx context.Context, actor Actor, a Address, id, to ID, note string) (Care, error) {
	return s.changeCare(ctx, actor, a, id, TraceCareHandedOver, to, func(f rules.CareFacts, receiver rules.Member) rules.CareVerdict {
		return rules.HandOver(f, receiver, s.Now())
	}, func(l *loaded, w *teamwork) ([]Record, error) {
		if note == "" {
			return nil, nil
		}
		_, r, err := w.addNote(l, actor, id, note)
		return []Record{r}, err
	})
}

// changeCare asks rules about the care of a conversation, writes what changes, and tells who takes care after it.
// also adds records to a change.
func (s *Service) changeCare(ctx context.Context, actor Actor, a Address, id ID, kind TraceKind, to ID,
	ask func(f rules.CareFacts, to rules.Member) rules.CareVerdict, also func(*loaded, *teamwork) ([]Record, error),
) (Care, error) {
	var after Care
	err := s.changeTeam(ctx, actor, a, id, kind, func(l *loaded, w *teamwork) ([]Record, error) {
		label, receiver := careLabel{Thread: id, Name: cmp.Or(actor.Name, actor.ID)}, rules.Member{}
		if to != "" {
			colleague, known := w.colleague(to)
			if !known {
				return nil, &Error{Kind: KindNotFound, Rule: "I120"}
			}
			receiver = rules.Member{Person: s.personID(colleague.ID)}
			if receiver != s.member(actor) {
				label.Name, label.From = colleague.Name, cmp.Or(actor.Name, actor.ID)
			}
		}
		f := rules.CareFacts{Box: w.box, By: s.member(actor)}
		at := w.careAt(id)
		if at >= 0 {
			f.Current = w.cares[at].rule()
		}
		v := ask(f, receiver)
		if v.Refusal.Refused() {
			return nil, refused(v.Refusal)
		}
		if !v.Changed {
			after = w.care(id, f.By)
			return nil, nil
		}
		records := []Record{w.setCare(l, label, v.Care)}
		after = w.care(id, f.By)
		if also == nil {
			return records, nil
		}
		more, err := also(l, w)
		return append(records, more...), err
	})
	return after, err
}

// setCare writes who takes care of a conversation; the zero care is nobody.
func (w *teamwork) setCare(l *loaded, label careLabel, c rules.Care) Record {
	w.cares = slices.DeleteFunc(w.cares, func(o careLabel) bool { return o.Thread == label.Thread })
	if c != (rules.Care{}) {
		label.Person, label.Application, label.At = hexID(c.Holder.Person), c.Holder.Application, toMillis(c.At)
		w.cares = append(w.cares, label)
	}
	return l.sealField(careField(w.id), w.cares, len(w.cares) == 0)
}

// careOf tells for a list who takes care of a conversation.
func (t *teamBox) careOf(ctx context.Context, p PatientID, thread ID) (Care, error) {
	w, err := t.listed(ctx, p)
	if err != nil || w == nil {
		return Care{}, err
	}
	return w.care(thread, rules.Member{}), nil
}

// caresOf tells for a list who takes care of a patient's conversations, the latest first.
func (t *teamBox) caresOf(ctx context.Context, p PatientID) ([]Care, error) {
	w, err := t.listed(ctx, p)
	if err != nil || w == nil {
		return nil, err
	}
	return w.shownCares(), nil
}

// shownCares lists who takes care of a patient's conversations, the latest first.
func (w *teamwork) shownCares() (list []Care) {
	for _, label := range w.cares {
		if c := w.shownCare(label, rules.Member{}); c.Taken() {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b Care) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.By, b.By)) })
	return list
}

// listed reads for a list who takes care of a patient's conversations; nil for a mailbox that nobody shares. A list is
// projected, so that a patient who changes meanwhile is as good before as after.
func (t *teamBox) listed(ctx context.Context, p PatientID) (*teamwork, error) {
	if t == nil {
		return nil, nil
	}
	l, err := t.svc.load(ctx, p, FactsQuery{Conversations: []ID{careField(t.id)}})
	if err != nil {
		return nil, err
	}
	w := &teamwork{teamBox: t}
	if err := l.openField(l.facts, careField(t.id), &w.cares); err != nil {
		return nil, unavailable("open what colleagues noted", err)
	}
	return w, nil
}
