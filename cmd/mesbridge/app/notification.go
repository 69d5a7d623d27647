package app

import (
	"context"

	"mesbridge/bridge/delivery"
	"mesbridge/conversations"
)

// privateAddresses tells where patients are told that a message waits: where they said, and in the demonstration the
// address of the cast as long as they said nothing. It is delivery.Addresses and web.Addresses.
type privateAddresses struct {
	chosen   func(context.Context, conversations.PatientID) (conversations.Notification, bool, error)
	fallback delivery.Addresses // nil: none
}

func (a *App) privateAddresses() privateAddresses {
	p := privateAddresses{chosen: a.Conversations.Notification}
	if a.Demonstration != nil {
		p.fallback = a.Demonstration.Addresses
	}
	return p
}

// PrivateAddress returns the address, empty when none is known (R126) or the patient wants no notification (R124).
func (p privateAddresses) PrivateAddress(ctx context.Context, id conversations.PatientID) (string, error) {
	n, told, err := p.chosen(ctx, id)
	switch {
	case conversations.KindOf(err) == conversations.KindMailboxUnknown && err != nil: // erased meanwhile
		return "", nil
	case err != nil:
		return "", err
	case n.Off:
		return "", nil
	case told:
		return n.Address, nil
	case p.fallback == nil:
		return "", nil
	}
	return p.fallback.PrivateAddress(ctx, id)
}
