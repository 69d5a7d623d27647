package conversations

import (
	"slices"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// following collects the effects of one decision. Effects that would do the same work have the same id, so
// that only one of them waits.
type following struct {
	l      *loaded
	change rules.Change
	list   []Effect
}

// add adds an effect at the instant of the change, about its conversation and its message where e names none.
func (f *following) add(e Effect) {
	e.Patient = f.l.id
	if e.Thread == "" {
		e.Thread = ID(f.change.Conversation)
	}
	if e.Message == "" {
		e.Message = ID(f.change.Message)
	}
	e.At, e.CreatedAt = f.change.At, f.change.At
	f.list = append(f.list, e)
}

// addNew adds an effect whose work is its own: it has a new id.
func (f *following) addNew(e Effect) error {
	id, err := f.l.svc.newID(f.l.id)
	if err != nil {
		return err
	}
	e.ID = string(id)
	f.add(e)
	return nil
}

// effects lists what must follow the change.
func (l *loaded) effects(d *decision) ([]Effect, error) {
	f := &following{l: l, change: d.verdict.Change}
	wants := d.verdict.Effects.Has
	if wants(rules.Notify) {
		f.add(Effect{ID: l.id.Shard() + "n" + string(l.id[2:]), Kind: EffectNotify})
		f.alsoNotify(d)
	}
	for _, e := range l.deadlines(d.verdict) {
		at := e.At
		f.add(e)
		f.list[len(f.list)-1].At = at
	}
	if wants(rules.Project) {
		f.project(d)
	}
	if wants(rules.Report) {
		if err := f.addNew(Effect{Kind: EffectReport}); err != nil {
			return nil, err
		}
	}
	if wants(rules.Acknowledge) {
		if err := f.acknowledge(d); err != nil {
			return nil, err
		}
	}
	if wants(rules.Dispatch) {
		if err := f.dispatch(d); err != nil {
			return nil, err
		}
	}
	if err := f.tell(d); err != nil {
		return nil, err
	}
	for _, e := range slices.Concat(d.timed, l.moved(f.change), l.restand(f.change)) {
		e.Patient, e.CreatedAt = l.id, f.change.At
		f.list = append(f.list, e)
	}
	return f.list, nil
}

// project adds the indexing of the mailboxes that the change shows otherwise.
func (f *following) project(d *decision) {
	for _, m := range lo.Uniq(d.project) {
		place := f.l.svc.name("project", string(m)+string(f.l.id)+string(f.change.Conversation))
		f.add(Effect{ID: f.l.id.Shard() + "p" + lowerBase32(place[:15]), Kind: EffectProject, Mailbox: m})
	}
}

// dispatch adds the deliveries of a message to its mailboxes.
func (f *following) dispatch(d *decision) error {
	for _, m := range d.deliver {
		if err := f.addNew(Effect{Kind: EffectDeliver, Mailbox: m}); err != nil {
			return err
		}
	}
	return nil
}
