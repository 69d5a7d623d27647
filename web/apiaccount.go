package web

import (
	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// account tells where the patient's account stands (D16).
func account(a *App, r request, p conversations.PatientID) (answer, error) {
	found, err := a.deps.Conversations.Account(r.ctx, p)
	if err != nil {
		return answer{}, err
	}
	return ok(accountOf(found))
}

// confirmErasure is what a caller writes to erase an account: nothing brings it back.
const confirmErasure = "erase"

// manageAccount carries out a command of the holder: {command, confirm?}.
func manageAccount(a *App, r request, p conversations.PatientID) (answer, error) {
	var command, confirm string
	err := jsonbody.Decode(r.body, jsonbody.Fields{"command": jsonbody.Into(&command), "confirm": jsonbody.Into(&confirm)})
	switch {
	case err != nil:
		return answer{}, err
	case !isHolders(rules.AccountCommand(command)):
		return answer{}, invalid("command", "activate, close-messaging, reopen-messaging, close, reopen or erase.")
	case command == string(rules.EraseAccount) && confirm != confirmErasure:
		return answer{}, invalid("confirm", "To erase everything for good, confirm with "+confirmErasure+".")
	}
	found, err := a.deps.Conversations.ManageAccount(r.ctx, r.who.actor(), rules.Holder, p, rules.AccountCommand(command))
	if err != nil {
		return answer{}, err
	}
	return ok(accountOf(found))
}

// isHolders reports whether a command is one that holders give.
func isHolders(c rules.AccountCommand) bool {
	switch c { //nolint:exhaustive // the others are the administration's
	case rules.ActivateAccount, rules.CloseMessaging, rules.ReopenMessaging, rules.CloseAccount, rules.ReopenAccount, rules.EraseAccount:
		return true
	}
	return false
}

// accountShape is the state of an account, with the commands that its holder may give now.
type accountShape struct {
	State    rules.AccountState     `json:"state"`
	Since    *string                `json:"since"`
	EndsAt   *string                `json:"endsAt"`
	Commands []rules.AccountCommand `json:"commands"`
	Storage  storageShape           `json:"storage"`
}

// storageShape is how much of the mailbox is taken, in octets; no quota is 0 (O167).
type storageShape struct {
	Used  int64 `json:"used"`
	Quota int64 `json:"quota"`
}

func accountOf(a conversations.Account) accountShape {
	s := accountShape{State: a.State, Since: stamp(a.Since), EndsAt: stamp(a.EndsAt), Commands: a.Commands, Storage: storageShape{a.Storage.Used, a.Storage.Quota}}
	if s.Commands == nil {
		s.Commands = []rules.AccountCommand{}
	}
	return s
}

// recordOpposition records what the patient told a professional (D14 d): {mailbox, patient:{ins}, toPatient?,
// toProfessionals?, reason?}. Neither set clears the record.
func recordOpposition(a *App, r request) (answer, error) {
	in, mailbox, ins := conversations.OppositionInput{}, "", ""
	err := jsonbody.Decode(r.body, jsonbody.Fields{
		"mailbox": jsonbody.Into(&mailbox), "patient": jsonbody.Object(jsonbody.Fields{"ins": jsonbody.Into(&ins)}),
		"toPatient": jsonbody.Into(&in.ToPatient), "toProfessionals": jsonbody.Into(&in.ToProfessionals), "reason": jsonbody.Into(&in.Reason),
	})
	if err != nil {
		return answer{}, err
	}
	if in.Mailbox, err = ownMailbox(r.who, mailbox); err != nil {
		return answer{}, err
	}
	if in.INS, err = patientINS(ins, a.cfg.CheckINSKey); err != nil {
		return answer{}, err
	}
	if err := checkReason(in.Reason); err != nil {
		return answer{}, err
	}
	o, err := a.deps.Conversations.RecordOpposition(r.ctx, r.who.actor(), in)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(oppositionOf(o))
}

// oppositionShape is what a mailbox's side recorded on the patient's word.
type oppositionShape struct {
	ToPatient       bool    `json:"toPatient"`
	ToProfessionals bool    `json:"toProfessionals"`
	At              *string `json:"at"`
}

func oppositionOf(o conversations.Opposition) oppositionShape {
	return oppositionShape{ToPatient: o.ToPatient, ToProfessionals: o.ToProfessionals, At: stamp(o.At)}
}
