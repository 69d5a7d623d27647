package conversations

import (
	"slices"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// effects lists what must follow the change. Effects that would do the same work have the same id, so
// that only one of them waits.
func (l *loaded) effects(d *decision) ([]Effect, error) {
	change := d.verdict.Change
	var list []Effect
	add := func(e Effect) {
		e.Patient = l.id
		if e.Thread == "" {
			e.Thread = ID(change.Conversation)
		}
		if e.Message == "" {
			e.Message = ID(change.Message)
		}
		e.At, e.CreatedAt = change.At, change.At
		list = append(list, e)
	}
	if d.verdict.Effects.Has(rules.Notify) {
		add(Effect{ID: l.id.Shard() + "n" + string(l.id[2:]), Kind: EffectNotify})
		l.alsoNotify(d, add)
	}
	for _, e := range l.deadlines(d.verdict) {
		at := e.At
		add(e)
		list[len(list)-1].At = at
	}
	if d.verdict.Effects.Has(rules.Project) {
		for _, m := range lo.Uniq(d.project) {
			place := l.svc.name("project", string(m)+string(l.id)+string(change.Conversation))
			add(Effect{ID: l.id.Shard() + "p" + lowerBase32(place[:15]), Kind: EffectProject, Mailbox: m})
		}
	}
	if d.verdict.Effects.Has(rules.Report) {
		id, err := l.svc.newID(l.id)
		if err != nil {
			return nil, err
		}
		add(Effect{ID: string(id), Kind: EffectReport})
	}
	if d.verdict.Effects.Has(rules.Acknowledge) {
		if err := l.acknowledge(d, add); err != nil {
			return nil, err
		}
	}
	if d.verdict.Effects.Has(rules.Dispatch) {
		for _, m := range d.deliver {
			id, err := l.svc.newID(l.id)
			if err != nil {
				return nil, err
			}
			add(Effect{ID: string(id), Kind: EffectDeliver, Mailbox: m})
		}
	}
	if err := l.telling(d, add); err != nil {
		return nil, err
	}
	for _, e := range slices.Concat(d.timed, l.moved(change), l.restand(change)) {
		e.Patient, e.CreatedAt = l.id, change.At
		list = append(list, e)
	}
	return list, nil
}
