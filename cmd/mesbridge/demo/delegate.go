package demo

import (
	"context"
	"fmt"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// delegate lets those act for others whom the cast names: representatives by declaration, as a listed agent makes it on
// papers, caregivers by an invitation that they accept (D28). It is done once for each patient: a restart finds what
// people ended.
func delegate(ctx context.Context, service *conversations.Service, all []Patient, known []conversations.Patient, majority time.Time) error {
	for i, p := range all {
		if known[i].State != rules.Active || len(p.Representatives)+len(p.Caregivers) == 0 || p.Minor && !time.Now().Before(majority) {
			continue
		}
		there, err := service.Delegates(ctx, known[i].ID)
		if err != nil {
			return fmt.Errorf("look up who acts for patient %d: %w", i, err)
		}
		if len(there) > 0 {
			continue
		}
		if err := appoint(ctx, service, p, known[i]); err != nil {
			return fmt.Errorf("name who acts for patient %d: %w", i, err)
		}
	}
	return nil
}

// appoint names the representatives and caregivers of one patient.
func appoint(ctx context.Context, service *conversations.Service, p Patient, known conversations.Patient) error {
	agent := conversations.Actor{Kind: conversations.ActorSystem, ID: "demonstration", Name: "Démonstration"}
	for _, ins := range p.Representatives {
		in := conversations.RepresentationInput{Person: service.PatientID(ins), Kind: rules.Parent}
		if err := service.Represent(ctx, agent, known.ID, in); err != nil {
			return err
		}
	}
	self := conversations.Actor{Kind: conversations.ActorPatient, ID: string(known.ID), Name: known.Name}
	for _, ins := range p.Caregivers {
		d, err := service.Invite(ctx, self, known.ID, conversations.InvitationInput{Kind: rules.Caregiver, Name: "Mon aidant"})
		if err != nil {
			return err
		}
		if _, err := service.AcceptInvitation(ctx, service.PatientID(ins), d.Code); err != nil {
			return err
		}
	}
	return nil
}
