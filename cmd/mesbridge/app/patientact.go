package app

import (
	"context"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// PatientAct is what an agent asks about one patient by the command line (D26, D28).
type PatientAct string

// Acts.
const (
	ActEnrol     PatientAct = "enrol"
	ActCodes     PatientAct = "codes"
	ActRevoke    PatientAct = "revoke"
	ActBind      PatientAct = "bind"
	ActUnlink    PatientAct = "unlink"
	ActRepresent PatientAct = "represent"
	ActDismiss   PatientAct = "dismiss"
)

// ActRequest is one act; only the fields of the act are set. It travels sealed.
type ActRequest struct {
	At       time.Time                  `json:"at"` // when it was written: an old one is refused
	Agent    string                     `json:"agent"`
	Act      PatientAct                 `json:"act"`
	INS      string                     `json:"ins,omitempty"`
	Person   string                     `json:"person,omitempty"` // matricule of who acts for the patient
	Traits   rules.Traits               `json:"traits,omitzero"`
	Document conversations.DocumentKind `json:"document,omitempty"`
	Name     string                     `json:"name,omitempty"`
	Subject  string                     `json:"subject,omitempty"`
	ID       conversations.ID           `json:"id,omitempty"`
	Kind     rules.DelegationKind       `json:"kind,omitempty"`
	Scope    rules.DelegationScope      `json:"scope,omitempty"`
	Until    time.Time                  `json:"until,omitzero"`
}

func (r ActRequest) written() time.Time { return r.At }

// ActAnswer is what came of it.
type ActAnswer struct {
	Refused
	Changed bool                          `json:"changed"`
	Handed  string                        `json:"handed,omitempty"` // code of an enrolment
	Expires time.Time                     `json:"expires,omitzero"`
	Unlike  []rules.Trait                 `json:"unlike,omitempty"` // traits that the matricule tells otherwise (R28)
	Fault   string                        `json:"fault,omitempty"`  // member of an enrolment that cannot be taken
	Codes   []conversations.EnrolmentLine `json:"codes,omitempty"`
}

// actPath is where the operations listener takes acts.
const actPath = "/patient/act"

// AskAct sends an act to the operations listener of a running bridge and returns its answer.
func AskAct(ctx context.Context, c config.Config, url string, r ActRequest) (answer ActAnswer, err error) {
	err = askSealed(ctx, c, url+actPath, r, &answer)
	return answer, err
}

// answerAct carries an act out, and tells.
func (a *App) answerAct(ctx context.Context, r ActRequest) (answer ActAnswer) {
	agent := conversations.Actor{Kind: conversations.ActorAgent, ID: r.Agent, Name: r.Agent}
	var ins, person rules.INS
	var err error
	if r.INS != "" {
		ins, err = a.matricule(r.INS)
	}
	if r.Person != "" && err == nil {
		person, err = a.matricule(r.Person)
	}
	if err == nil {
		err = a.act(ctx, agent, r, ins, person, &answer)
	}
	answer.Refused = refusedAs(err)
	return answer
}

// matricule reads a matricule.
func (a *App) matricule(text string) (rules.INS, error) {
	ins, err := rules.ParseINS(text, a.Config.INSKeyCheck)
	if err != nil {
		return "", &conversations.Error{Kind: conversations.KindINSInvalid, Rule: "R13", Err: err}
	}
	return ins, nil
}

// act carries an act out.
func (a *App) act(ctx context.Context, agent conversations.Actor, r ActRequest, ins, person rules.INS, answer *ActAnswer) (err error) {
	core := a.Conversations
	switch r.Act {
	case ActEnrol:
		in := conversations.EnrolmentInput{INS: ins, Traits: r.Traits, Document: r.Document, Qualified: true}
		answer.Fault, answer.Unlike = in.Fault(time.Now()), ins.Unlike(r.Traits)
		issued, err := core.HandCode(ctx, agent, in)
		answer.Handed, answer.Expires, answer.Changed = conversations.ShownCode(issued.Code), issued.Expires, err == nil
		return err
	case ActCodes:
		answer.Codes, err = core.Enrolments(ctx, agent)
		for i := range answer.Codes {
			answer.Codes[i].Name = "" // a terminal and its history are no place for names
		}
		return err
	case ActRevoke:
		answer.Changed = true
		return core.RevokeCode(ctx, agent, r.ID)
	case ActBind:
		answer.Changed = true
		_, err = core.BindVouched(ctx, agent, ins, r.Name, conversations.Login{Issuer: a.patientsIssuer(), Subject: r.Subject})
		return err
	case ActUnlink:
		answer.Changed, err = core.Unbind(ctx, agent, ins)
		return err
	case ActRepresent:
		answer.Changed = true
		return core.DeclareRepresentation(ctx, agent, conversations.Declaration{
			Patient: ins, Person: person, Kind: r.Kind, Scope: r.Scope, Until: r.Until,
		})
	case ActDismiss:
		answer.Changed, err = core.EndRepresentation(ctx, agent, ins, person)
		return err
	}
	return &conversations.Error{Kind: conversations.KindInvalidRequest, Rule: "D26"}
}
