package demo

import (
	"context"
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// notYetSuspended are patients as they were when the past begins: whose access is suspended lost it some days ago, for the
// law closes an account some weeks after its suspension (O116).
func notYetSuspended(all []Patient) []Patient {
	before := slices.Clone(all)
	for i := range before {
		if before[i].State == rules.Suspended {
			before[i].State = rules.Active
		}
	}
	return before
}

// suspensions suspends the access of those whose it is.
func (p *past) suspensions(all []Patient) {
	service := conversations.Actor{Kind: conversations.ActorSystem, ID: "demonstration", Name: "Démonstration"}
	for _, one := range all {
		if one.State != rules.Suspended {
			continue
		}
		p.add(5, "10:00", func(ctx context.Context) error {
			_, err := p.core.ManageAccount(ctx, service, rules.Administration, p.people[one.INS].ID, rules.SuspendAccount)
			return err
		})
	}
}
