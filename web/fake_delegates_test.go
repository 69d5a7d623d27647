package web

import (
	"bytes"
	"context"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// fakeDelegations is the part of the fake core about who acts for whom.
type fakeDelegations struct {
	acting    []conversations.Profile
	delegates []conversations.DelegateLine
	invited   []conversations.InvitationInput
	codes     []string

	aboutPatients []conversations.PatientID // whose mailbox the calls were about
}

// The people for whom the patient of the tests may act, and one who is invited to act for her.
const (
	childPID   = conversations.PatientID("b2c3d4e5f60718293a4b5c6d7e8f90a1")
	elderPID   = conversations.PatientID("c3d4e5f60718293a4b5c6d7e8f90a1b2")
	delegateID = conversations.ID("a1helper")
	secretCode = "UGFZ2XN4QTOWK3JM"
)

// actingProfiles is a child and somebody whom the patient of the tests helps.
func actingProfiles() []conversations.Profile {
	return []conversations.Profile{
		{
			Patient: childPID, Name: "Léo Dupont", Minor: true, Rights: rules.Everything,
			Delegation: rules.Delegation{ID: "b2d", Kind: rules.Parent, State: rules.DelegationAccepted, Until: now.AddDate(8, 0, 0)},
			Actor:      conversations.Actor{Kind: conversations.ActorRepresentative, ID: string(patientPID), Name: "Jeanne Dupont"},
		},
		{
			Patient: elderPID, Name: "Odile Lebrun", Rights: rules.MayRead | rules.MayReply,
			Delegation: rules.Delegation{ID: "c3d", Kind: rules.Caregiver, State: rules.DelegationAccepted},
			Actor:      conversations.Actor{Kind: conversations.ActorCaregiver, ID: string(patientPID), Name: "Jeanne Dupont"},
		},
	}
}

func fakeDelegates() []conversations.DelegateLine {
	return []conversations.DelegateLine{
		{
			ID: delegateID, Name: "Sacha Petit", Kind: rules.Caregiver, State: rules.DelegationAccepted, At: now.AddDate(0, -1, 0),
			Since: now.AddDate(0, -1, 1), May: []conversations.DelegateAct{conversations.ActEnd},
		},
		{
			ID: "a1wait", Name: "Ma voisine", Kind: rules.Caregiver, State: rules.DelegationPending, At: now, Expires: now.AddDate(0, 0, 14),
			Code: secretCode, May: []conversations.DelegateAct{conversations.ActEnd},
		},
		{
			ID: "a1over", Name: "Paul Roux", Kind: rules.Caregiver, State: rules.DelegationEnded, At: now.AddDate(-1, 0, 0), EndedAt: now,
			EndedBy: rules.Holder, May: []conversations.DelegateAct{conversations.ActRestore},
		},
	}
}

// delegateBodies gives the bodies that the calls about delegates take.
func delegateBodies() map[string]string {
	return map[string]string{
		"POST /delegates":          `{"name":"Mon voisin","until":"2030-01-01T00:00:00Z"}`,
		"POST /invitations/view":   `{"code":"UGFZ-2XN4-QTOW-K3JM"}`,
		"POST /invitations/accept": `{"code":"ugfz 2xn4 qtow k3jm"}`,
		"POST /invitations/refuse": `{"code":"UGFZ2XN4QTOWK3JM"}`,
	}
}

func (f *fakeConversations) Profiles(context.Context, conversations.PatientID) ([]conversations.Profile, error) {
	return f.acting, f.called("Profiles")
}

func (f *fakeConversations) GiveUp(_ context.Context, _ conversations.Actor, _, _ conversations.PatientID) error {
	return f.called("GiveUp")
}

func (f *fakeConversations) Delegates(_ context.Context, p conversations.PatientID) ([]conversations.DelegateLine, error) {
	f.about(p)
	return f.delegates, f.called("Delegates")
}

func (f *fakeConversations) Invite(_ context.Context, _ conversations.Actor, p conversations.PatientID, in conversations.InvitationInput) (conversations.DelegateLine, error) {
	f.about(p)
	f.invited = append(f.invited, in)
	return fakeDelegates()[1], f.called("Invite")
}

func (f *fakeConversations) EndDelegate(_ context.Context, _ conversations.Actor, p conversations.PatientID, _ conversations.ID) error {
	f.about(p)
	return f.called("EndDelegate")
}

func (f *fakeConversations) RestoreDelegate(_ context.Context, _ conversations.Actor, p conversations.PatientID, _ conversations.ID) error {
	f.about(p)
	return f.called("RestoreDelegate")
}

func (f *fakeConversations) Invitation(_ context.Context, _ conversations.PatientID, code string) (conversations.Invitation, error) {
	f.codes = append(f.codes, code)
	return conversations.Invitation{Patient: "Odile Lebrun", Kind: rules.Caregiver, Expires: now.AddDate(0, 0, 3)}, f.called("Invitation")
}

func (f *fakeConversations) AcceptInvitation(_ context.Context, _ conversations.PatientID, code string) (conversations.Profile, error) {
	f.codes = append(f.codes, code)
	return actingProfiles()[1], f.called("AcceptInvitation")
}

func (f *fakeConversations) RefuseInvitation(_ context.Context, _ conversations.PatientID, code string) error {
	f.codes = append(f.codes, code)
	return f.called("RefuseInvitation")
}

// profileOf is the id outside of a patient's profile, under the key of the tests.
func profileOf(p conversations.PatientID) string {
	return (&App{cfg: Config{Key: bytes.Repeat([]byte{7}, 32)}}).profileID(p)
}

// about notes whose mailbox a call was about.
func (f *fakeConversations) about(p conversations.PatientID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.aboutPatients = append(f.aboutPatients, p)
}
