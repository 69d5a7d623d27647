package demo

import (
	"context"
	"fmt"
	"time"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/conversations"
	"mesbridge/oauth"
	"mesbridge/rules"
	"mesbridge/web"
)

// enrol opens the mailboxes of those patients who have none yet. Others keep the state that they are
// in: a restart finds what people did.
func enrol(ctx context.Context, service *conversations.Service, all []Patient, majority time.Time) ([]conversations.Patient, error) {
	actor := conversations.Actor{Kind: conversations.ActorSystem, ID: "demonstration", Name: "Démonstration"}
	known := make([]conversations.Patient, len(all))
	for i, p := range all {
		found, err := service.PatientByINS(ctx, p.INS)
		unknown := isUnknown(err)
		switch {
		case err != nil && !unknown:
			return nil, fmt.Errorf("look up patient %d: %w", i, err)
		case unknown && erased(ctx, service, service.PatientID(p.INS)):
			found = conversations.Patient{ID: service.PatientID(p.INS), State: rules.Purged}
		case unknown || found.State == rules.Absent: // a start that was cut may leave one absent
			if found, err = service.Enrol(ctx, actor, p.INS, p.Name, p.State); err != nil {
				return nil, fmt.Errorf("enrol patient %d: %w", i, err)
			}
		}
		if p.Minor && found.State != rules.Purged {
			if err := service.NoteMinority(ctx, actor, found.ID, majority); err != nil {
				return nil, fmt.Errorf("note that patient %d is a minor: %w", i, err)
			}
		}
		known[i] = found
	}
	return known, delegate(ctx, service, all, known, majority)
}

// Majority is when the minors of the cast come of age unless the caller wants it otherwise: not soon (D28).
func Majority() time.Time { return time.Date(2033, time.January, 14, 23, 0, 0, 0, time.UTC) }

// isUnknown reports whether an error says that nobody made the patient known yet.
func isUnknown(err error) bool {
	return err != nil && conversations.KindOf(err) == conversations.KindMailboxUnknown
}

// erased reports whether a patient had his account erased: he is not enrolled again.
func erased(ctx context.Context, service *conversations.Service, id conversations.PatientID) bool {
	a, err := service.Account(ctx, id)
	return err == nil && a.State == rules.Purged
}

// accept has people accept the terms of use (D32): the patients but those whom the cast leaves pending, and
// the professionals.
func accept(ctx context.Context, service *conversations.Service, patients []Patient, known []conversations.Patient, professionals []Professional) error {
	for i, p := range patients {
		if p.TermsPending || known[i].State == rules.Purged {
			continue
		}
		who := conversations.Signatory{Patient: known[i].ID, Kind: conversations.ActorPatient, ID: string(known[i].ID), Name: p.Name}
		if _, err := service.AcceptTerms(ctx, who, web.TermsFor(web.Patient)); err != nil {
			return fmt.Errorf("accept the terms for patient %d: %w", i, err)
		}
	}
	for i, p := range professionals {
		who := conversations.Signatory{Kind: conversations.ActorProfessional, ID: p.ID, Name: p.Name()}
		if _, err := service.AcceptTerms(ctx, who, web.TermsFor(web.Professional)); err != nil {
			return fmt.Errorf("accept the terms for professional %d: %w", i, err)
		}
	}
	return nil
}

// clients are the OAuth clients of the clinics.
func clients(all []Clinic, secrets map[string]string) []oauth.Client {
	list := make([]oauth.Client, len(all))
	for i, c := range all {
		list[i] = oauth.Client{
			ID: c.ClientID, Name: c.Name, Kind: oauth.Application, Scopes: app.ClinicScopes(), FINESS: c.FINESS,
			SecretHash: oauth.HashSecret(secrets[c.ClientID]),
		}
	}
	return list
}

// addresses knows the private addresses of the cast; it is delivery.Addresses. Who asks before they are
// set, which a message from before a restart can cause, waits for them.
type addresses struct {
	set chan struct{}
	of  map[conversations.PatientID]string
}

func newAddresses() *addresses { return &addresses{set: make(chan struct{})} }

// fill sets the addresses of the cast, once; idOf tells the ids that patients have or will have.
func (a *addresses) fill(all []Patient, idOf func(rules.INS) conversations.PatientID) {
	a.of = make(map[conversations.PatientID]string, len(all))
	for _, p := range all {
		a.of[idOf(p.INS)] = p.Notify
	}
	close(a.set)
}

// PrivateAddress returns where a patient is told that a message waits.
func (a *addresses) PrivateAddress(ctx context.Context, p conversations.PatientID) (string, error) {
	select {
	case <-a.set:
		return a.of[p], nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
