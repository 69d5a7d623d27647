package conversations

import (
	"context"

	"mesbridge/rules"
)

// Notification is where a patient is told, outside, that a message waits inside (R122), and whether he wants to be
// (R124). Telling him never shows who wrote, nor what (R123).
type Notification struct {
	Address string // his ordinary e-mail address; empty: none is known (R126)
	Off     bool
}

// notificationField is the field of TableMessages that keeps it.
const notificationField ID = "notification"

// notificationLabel is all that is kept of it, sealed.
type notificationLabel struct {
	Address string `cbor:"1,keyasint,omitempty"`
	Off     bool   `cbor:"2,keyasint,omitempty"`
}

// Notification returns the patient's choice; told is false when he never made one.
func (s *Service) Notification(ctx context.Context, p PatientID) (n Notification, told bool, err error) {
	l, err := s.load(ctx, p, FactsQuery{Messages: []ID{notificationField}})
	if err != nil {
		return Notification{}, false, err
	}
	sealed := l.facts.Messages[notificationField]
	if sealed == nil {
		return Notification{}, false, nil
	}
	var label notificationLabel
	if err := l.vault.open(TableMessages, string(notificationField), sealed, &label); err != nil {
		return Notification{}, false, unavailable("open how a patient is told", err)
	}
	return Notification(label), true, nil
}

// SetNotification notes the patient's choice. The address is an ordinary one: a health mailbox is told of nothing
// (O90), and is KindInvalidRequest like what is no address. Who may only read and reply cannot change it (R133).
func (s *Service) SetNotification(ctx context.Context, actor Actor, p PatientID, n Notification) error {
	if n.Address != "" {
		a, err := rules.ParseAddress(n.Address)
		if err != nil || s.Directory.Trusted(a.Domain) || a.Domain == s.CitizenDomain {
			return &Error{Kind: KindInvalidRequest, Rule: "O90"}
		}
	}
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return err
	}
	if err := l.may(rules.MayGovern); err != nil {
		return err
	}
	if !l.state.Patient.Account.Reads() {
		return &Error{Kind: KindPatientOpposed, Rule: "O115"}
	}
	sealed := l.vault.seal(TableMessages, string(notificationField), notificationLabel(n))
	return l.touch(ctx, actor, entryFrame{Kind: TraceNotification}, Record{Table: TableMessages, Field: string(notificationField), Value: sealed})
}
