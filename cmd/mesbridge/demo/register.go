package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// applications tells which mailbox each clinic's application may act for (outside contract).
func applications(all []Clinic) map[string][]rules.Address {
	boxes := make(map[string][]rules.Address, len(all))
	for _, c := range all {
		if a, err := rules.ParseAddress(c.Mailboxes[0].Address); err == nil { // the cast is tested
			boxes[c.ClientID] = []rules.Address{a}
		}
	}
	return boxes
}

// sharedMailboxes are the organisational mailboxes of the cast, with those who look after their users (I119).
func sharedMailboxes(cast Cast) []config.Mailbox {
	var list []config.Mailbox
	for _, c := range cast.Clinics {
		for _, m := range c.Mailboxes {
			shared := config.Mailbox{Address: m.Address, Kind: string(m.Kind)}
			for _, p := range cast.Professionals {
				if slices.Contains(p.Administers, m.Address) {
					shared.Responsible = append(shared.Responsible, config.Person{ID: p.ID, Name: p.Name()})
				}
			}
			if len(shared.Responsible) > 0 {
				list = append(list, shared)
			}
		}
	}
	return list
}

// officers are those of the cast who enrol patients (D26).
func officers(cast Cast) []config.Person {
	var all []config.Person
	for _, p := range cast.Professionals {
		if p.Enrols {
			all = append(all, config.Person{ID: p.ID, Name: p.Name()})
		}
	}
	return all
}

// admitUsers has those who look after a mailbox list its users of the cast, as they would on the page. Whom they
// took off the list since, and whom nobody looks after, stays as he is. A user who is listed keeps the mailbox's first
// templates.
func admitUsers(ctx context.Context, service *conversations.Service, cast Cast) error {
	for _, m := range sharedMailboxes(cast) {
		a, err := rules.ParseAddress(m.Address)
		if err != nil {
			return fmt.Errorf("read the address of a mailbox: %w", err)
		}
		by := conversations.Actor{Kind: conversations.ActorProfessional, ID: m.Responsible[0].ID, Name: m.Responsible[0].Name}
		for i, p := range cast.Professionals {
			if !slices.Contains(p.Mailboxes, m.Address) {
				continue
			}
			known, err := service.Mandates(ctx, p.ID)
			if err != nil {
				return fmt.Errorf("look up professional %d: %w", i, err)
			}
			if slices.ContainsFunc(known, func(k conversations.Mandate) bool { return k.Mailbox.Address.Canonical() == a.Canonical() }) {
				continue
			}
			if _, err := service.AdmitUser(ctx, by, a, conversations.Person{ID: p.ID, Name: p.Name()}, time.Time{}); err != nil {
				return fmt.Errorf("list professional %d: %w", i, err)
			}
			if err := keepModels(ctx, service, p, a); err != nil {
				return err
			}
		}
	}
	return nil
}
