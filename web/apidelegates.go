package web

import (
	"net/http"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// profileShape is one profile whose mailbox the caller may use: his own, or that of somebody for whom he acts.
type profileShape struct {
	ID     string                `json:"id"`
	Name   string                `json:"name"`
	Kind   string                `json:"kind"`
	As     rules.DelegationKind  `json:"as,omitempty"`    // by which title; not of his own
	Scope  rules.DelegationScope `json:"scope,omitempty"` // of a person in charge of a protected adult
	Rights []string              `json:"rights"`
	Until  *string               `json:"until"`
}

// profileID is the id of a patient's profile outside: stable, and saying nothing.
func (a *App) profileID(p conversations.PatientID) string { return a.short("profile", string(p)) }

// rightNames lists rights as the API names them.
func rightNames(r rules.Rights) []string {
	list := []string{}
	for _, one := range []struct {
		right rules.Rights
		name  string
	}{
		{rules.MayRead, "read"},
		{rules.MayReply, "reply"},
		{rules.MayManage, "manage"},
		{rules.MayBlock, "block"},
		{rules.MayGovern, "account"},
	} {
		if r.Has(one.right) {
			list = append(list, one.name)
		}
	}
	return list
}

func (a *App) profileOf(p conversations.Profile) profileShape {
	s := profileShape{
		ID: a.profileID(p.Patient), Name: p.Name, Kind: "assisted", As: p.Delegation.Kind, Scope: p.Delegation.Scope,
		Rights: rightNames(p.Rights), Until: stamp(p.Delegation.Until),
	}
	if p.Minor {
		s.Kind = "minor"
	}
	return s
}

// profiles lists the caller's profiles, his own first.
func profiles(a *App, r request) (answer, error) {
	found, err := a.deps.Conversations.Profiles(r.ctx, r.who.Patient)
	if err != nil && !ownAlone(err) {
		return answer{}, err
	}
	all := []profileShape{{ID: a.profileID(r.who.Patient), Name: r.who.Name, Kind: "self", Rights: rightNames(rules.Everything)}}
	for _, p := range found {
		all = append(all, a.profileOf(p))
	}
	items, next, err := pageOf(r, all, func(p profileShape) string { return p.ID })
	if err != nil {
		return answer{}, err
	}
	return ok(list[profileShape]{Items: items, Next: optional(next)})
}

// ownAlone reports whether a person has no account by which he could act for others: the list of his profiles is
// his own then.
func ownAlone(err error) bool {
	k := conversations.KindOf(err)
	return k == conversations.KindMailboxUnknown || k == conversations.KindPatientOpposed
}

// giveUp ends what the caller may do for the owner of a profile, by his own wish (R135).
func giveUp(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	p, err := a.profileNamed(r.ctx, r.who.Patient, string(r.id))
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, a.deps.Conversations.GiveUp(r.ctx, p.Actor, r.who.Patient, p.Patient)
}

// delegateShape is one person who acts for a patient, or is invited to.
type delegateShape struct {
	ID      conversations.ID      `json:"id"`
	Name    string                `json:"name"`
	Kind    rules.DelegationKind  `json:"kind"`
	Scope   rules.DelegationScope `json:"scope,omitempty"`
	State   rules.DelegationState `json:"state"`
	Code    *string               `json:"code"`
	At      *string               `json:"at"`
	Expires *string               `json:"expires"`
	Since   *string               `json:"since"`
	Until   *string               `json:"until"`
	EndedAt *string               `json:"endedAt"`
	EndedBy *string               `json:"endedBy"`
	May     []string              `json:"may"`
}

func delegateOf(d conversations.DelegateLine) delegateShape {
	s := delegateShape{
		ID: d.ID, Name: d.Name, Kind: d.Kind, Scope: d.Scope, State: d.State, Code: optional(conversations.ShownCode(d.Code)), At: stamp(d.At),
		Expires: stamp(d.Expires), Since: stamp(d.Since), Until: stamp(d.Until), EndedAt: stamp(d.EndedAt), EndedBy: optional(string(d.EndedBy)),
		May: []string{},
	}
	for _, act := range d.May {
		s.May = append(s.May, string(act))
	}
	return s
}

// delegates lists who acts for the patient (R128).
func delegates(a *App, r request, p conversations.PatientID) (answer, error) {
	found, err := a.deps.Conversations.Delegates(r.ctx, p)
	if err != nil {
		return answer{}, err
	}
	items, next, err := pageOf(r, found, func(d conversations.DelegateLine) string { return string(d.ID) })
	if err != nil {
		return answer{}, err
	}
	return ok(listOf(items, next, time.Time{}, delegateOf))
}

// invite invites somebody to act for the patient: {name, kind?, until?}.
func invite(a *App, r request, p conversations.PatientID) (answer, error) {
	in, wish := conversations.InvitationInput{Operation: r.operation}, ""
	kind := string(rules.Caregiver)
	err := jsonbody.Decode(r.body, jsonbody.Fields{
		"name": jsonbody.Into(&in.Name), "kind": jsonbody.Into(&kind), "until": jsonbody.Into(&wish),
	})
	if err != nil {
		return answer{}, err
	}
	if in.Until, err = laterInstant(a, wish); err != nil {
		return answer{}, err
	}
	switch in.Kind = rules.DelegationKind(kind); {
	case strings.TrimSpace(in.Name) == "":
		return answer{}, invalid("name", "What you call the person; his own name takes its place.")
	case in.Kind != rules.Caregiver && in.Kind != rules.Parent && in.Kind != rules.Guardian:
		return answer{}, invalid("kind", "caregiver, parent or guardian.")
	}
	d, err := a.deps.Conversations.Invite(r.ctx, r.who.actor(), p, in)
	if err != nil {
		return answer{}, noRoom(err)
	}
	return created(delegateOf(d))
}

// laterInstant reads an optional instant that has to be later than now.
func laterInstant(a *App, wish string) (time.Time, error) {
	if wish == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, wish)
	switch {
	case err != nil:
		return at, invalid("until", "An instant of RFC 3339, with its offset.")
	case !at.After(a.deps.Now()):
		return at, invalid("until", "The instant is past.")
	}
	return at, nil
}

// noRoom says in words why a well-formed invitation cannot be made or accepted.
func noRoom(err error) error {
	if conversations.KindOf(err) != conversations.KindInvalidRequest {
		return err
	}
	return &problem{
		status: http.StatusUnprocessableEntity, code: codeInvalidRequest, cause: err,
		english: "No room: three caregivers and two legal representatives at most, each person once; a caregiver helps five persons at most.",
		french:  "Plus de place : trois aidants et deux représentants légaux au plus, une fois chacun ; un aidant aide cinq personnes au plus.",
	}
}

// restoreDelegate takes back an end that was a mistake.
func restoreDelegate(a *App, r request, p conversations.PatientID) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, noRoom(a.deps.Conversations.RestoreDelegate(r.ctx, r.who.actor(), p, r.id))
}

// invitationShape is an invitation as the person invited sees it.
type invitationShape struct {
	Patient personShape          `json:"patient"`
	Kind    rules.DelegationKind `json:"kind"`
	Expires *string              `json:"expires"`
	Until   *string              `json:"until"`
}

// invitation tells what a code invites to: {code}. It changes nothing; the code is a secret and stands in the body.
func invitation(a *App, r request) (answer, error) {
	code, err := readCode(r.body)
	if err != nil {
		return answer{}, err
	}
	i, err := a.deps.Conversations.Invitation(r.ctx, r.who.Patient, code)
	if err != nil {
		return answer{}, err
	}
	return ok(invitationShape{Patient: personShape{Name: i.Patient}, Kind: i.Kind, Expires: stamp(i.Expires), Until: stamp(i.Until)})
}

// acceptInvitation lets the caller act for whoever gave him a code: {code}.
func acceptInvitation(a *App, r request) (answer, error) {
	code, err := readCode(r.body)
	if err != nil {
		return answer{}, err
	}
	p, err := a.deps.Conversations.AcceptInvitation(r.ctx, r.who.Patient, code)
	if err != nil {
		return answer{}, noRoom(err)
	}
	return ok(a.profileOf(p))
}

// refuseInvitation declines: {code}.
func refuseInvitation(a *App, r request) (answer, error) {
	code, err := readCode(r.body)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, a.deps.Conversations.RefuseInvitation(r.ctx, r.who.Patient, code)
}

// readCode reads {code}.
func readCode(body []byte) (string, error) {
	code := ""
	if err := jsonbody.Decode(body, jsonbody.Fields{"code": jsonbody.Into(&code)}); err != nil {
		return "", err
	}
	if strings.TrimSpace(code) == "" || len(code) > maxID {
		return "", invalid("code", "The code of an invitation.")
	}
	return code, nil
}
