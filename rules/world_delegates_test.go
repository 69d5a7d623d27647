package rules_test

import (
	"fmt"
	"strings"
	"time"

	"mesbridge/rules"
)

// self is the patient's own name among the persons of the scenarios.
const self = rules.DelegateID("self")

// delegationFacts reads [ID] [by=holder|representative|delegate|administration] [asks=X] [kind=…] [scope=…]
// [person=X] [for=2h] [underage] [helps=N].
func (w *world) delegationFacts(a args) (rules.DelegationFacts, error) {
	f := rules.DelegationFacts{Patient: w.state.Patient, Next: w.seq + 1, By: rules.Holder, Asks: self, Self: self, Underage: a.has("underage")}
	if len(a.words) == 0 {
		return f, fmt.Errorf("which delegation?")
	}
	f.ID = rules.DelegationID(a.words[0])
	if by, ok := a.named["by"]; ok {
		f.By, f.Asks = rules.Party(by), ""
	}
	if who, ok := a.named["asks"]; ok {
		f.Asks = rules.DelegateID(who)
	}
	f.Wish = rules.Delegation{
		ID: f.ID, Kind: rules.DelegationKind(a.named["kind"]), Scope: rules.DelegationScope(a.named["scope"]), Person: rules.DelegateID(a.named["person"]),
	}
	if length, ok := a.named["for"]; ok {
		d, err := time.ParseDuration(length)
		if err != nil {
			return f, fmt.Errorf("for: %w", err)
		}
		f.Wish.Until = w.now.Add(d)
	}
	if n, ok := a.named["helps"]; ok {
		if _, err := fmt.Sscan(n, &f.Assisted); err != nil {
			return f, fmt.Errorf("helps: %w", err)
		}
	}
	return f, nil
}

// invite d1 kind=caregiver [by=representative asks=X] [for=48h]
func (w *world) invite(a args) ([]string, error) {
	f, err := w.delegationFacts(a)
	return w.commit(rules.Invite(f, w.now), string(f.ID)+" waits for somebody"), err
}

// accept d1 asks=X [underage] [helps=5]
func (w *world) acceptInvitation(a args) ([]string, error) {
	f, err := w.delegationFacts(a)
	return w.commit(rules.Accept(f, w.now), fmt.Sprintf("%s acts by %s", f.Asks, f.ID)), err
}

// decline d1 asks=X
func (w *world) decline(a args) ([]string, error) {
	f, err := w.delegationFacts(a)
	return w.commit(rules.RefuseInvitation(f, w.now), string(f.ID)+" is declined"), err
}

// represent d1 person=X kind=parent|guardian|protector [scope=…] [for=…] by=administration
func (w *world) represent(a args) ([]string, error) {
	f, err := w.delegationFacts(a)
	return w.commit(rules.Represent(f, w.now), fmt.Sprintf("%s acts by law", f.Wish.Person)), err
}

// end-delegation d1 [by=… asks=X]
func (w *world) endDelegation(a args) ([]string, error) {
	f, err := w.delegationFacts(a)
	return w.commit(rules.EndDelegation(f, w.now), string(f.ID)+" is ended"), err
}

// restore d1 [by=… asks=X]
func (w *world) restore(a args) ([]string, error) {
	f, err := w.delegationFacts(a)
	return w.commit(rules.Restore(f, w.now), string(f.ID)+" holds again"), err
}

// minor 8760h notes how long the patient is a minor.
func (w *world) minor(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("how long?")
	}
	d, err := time.ParseDuration(a.words[0])
	return w.commit(rules.NoteMinority(w.state.Patient, w.now.Add(d), w.seq+1, w.now), "the patient is a minor"), err
}

// may X tells what somebody may do for the patient.
func (w *world) may(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("who?")
	}
	d, rights := w.state.Patient.ActingFor(rules.DelegateID(a.words[0]), w.now)
	if rights == 0 {
		return []string{a.words[0] + " may do nothing"}, nil
	}
	var all []string
	for name, r := range map[rules.Rights]string{
		rules.MayRead: "read", rules.MayReply: "reply", rules.MayManage: "manage", rules.MayBlock: "block", rules.MayGovern: "govern",
	} {
		if rights.Has(name) {
			all = append(all, r)
		}
	}
	return []string{fmt.Sprintf("%s may %s as %s", a.words[0], strings.Join(inOrder(all), ", "), d.Kind)}, nil
}

func inOrder(all []string) (list []string) {
	for _, name := range []string{"read", "reply", "manage", "block", "govern"} {
		for _, one := range all {
			if one == name {
				list = append(list, name)
			}
		}
	}
	return list
}

// delegations lists them as they stand.
func (w *world) delegations(args) ([]string, error) {
	var all []string
	for _, d := range w.state.Patient.Delegations {
		d = w.state.Patient.DelegationAt(d, w.now)
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", d.ID, d.Kind, d.State, d.Person)))
	}
	if all == nil {
		all = []string{"none"}
	}
	return all, nil
}

// message-to-minor yes|no [hide] tells whether a first message may go, and who reads it.
func (w *world) messageToMinor(a args) ([]string, error) {
	answer := rules.Confidential("")
	if len(a.words) > 0 && a.words[0] != "hide" {
		answer = rules.Confidential(a.words[0])
	}
	hidden, r := rules.WriteToMinor(w.state.Patient, answer, a.has("hide"), w.now)
	switch {
	case r.Refused():
		return []string{refusal(r)}, nil
	case hidden:
		return []string{"goes, hidden from all but the minor"}, nil
	}
	return []string{"goes"}, nil
}
