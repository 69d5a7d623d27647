package web

import (
	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// verdictShape is the answer to the question whether a message would arrive (D29).
type verdictShape struct {
	Allowed      bool               `json:"allowed"`
	Code         *string            `json:"code"`
	Rule         string             `json:"rule"`
	Detail       string             `json:"detail"`
	Reachability rules.Reachability `json:"reachability"`
	Silences     []conversationItem `json:"silences"`
	Objection    *objectionMark     `json:"objection,omitempty"`
}

// verdict tells whether a message of the caller's mailbox would reach a patient now, and which conversations
// an end by that mailbox would silence (D6). What cannot be a matricule is told without a look at anything.
func verdict(a *App, r request) (answer, error) {
	var mailbox, text string
	err := jsonbody.Decode(r.body, jsonbody.Fields{
		"mailbox": jsonbody.Into(&mailbox), "patient": jsonbody.Object(jsonbody.Fields{"ins": jsonbody.Into(&text)}),
	})
	if err != nil {
		return answer{}, err
	}
	if mailbox == "" {
		return answer{}, invalid("mailbox", "Say for which mailbox.")
	}
	m, err := ownMailbox(r.who, mailbox)
	if err != nil {
		return answer{}, err
	}
	ins, err := rules.ParseINS(text, a.cfg.CheckINSKey)
	if err != nil {
		return ok(verdictOf(conversations.ContactVerdict{ContactAnswer: rules.ContactAnswer{
			Refusal: rules.Refusal{Code: rules.INSInvalid}, Rule: "R13", Reachability: rules.Unknown,
		}}))
	}
	v, err := a.deps.Conversations.Ask(r.ctx, r.who.actor(), m, ins)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(verdictOf(v))
}

func verdictOf(v conversations.ContactVerdict) verdictShape {
	s := verdictShape{
		Allowed: !v.Refusal.Refused(), Code: optional(string(v.Refusal.Code)), Rule: v.Rule, Reachability: v.Reachability,
		Silences: make([]conversationItem, len(v.Silences)), Objection: markOf(v.Objected),
	}
	for i, line := range v.Silences {
		s.Silences[i] = itemOf(line)
	}
	switch {
	case !s.Allowed:
		_, s.Detail = titles(code(v.Refusal.Code))
	case s.Objection != nil:
		s.Code, s.Detail = optional(string(s.Objection.Code)), "Ce patient s’oppose à l’échange d’informations le concernant avec vous ou votre structure. Votre message peut lui parvenir."
	case v.Reachability == rules.Reachable:
		s.Detail = "La messagerie de ce patient peut recevoir votre message."
	default:
		s.Detail = "Aucun échange ni aucune prise en charge ne relie cette boîte à ce patient : rien n’est dit de sa messagerie avant l’envoi."
	}
	return s
}
