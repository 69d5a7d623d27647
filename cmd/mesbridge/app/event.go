package app

import (
	"context"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// EventRequest is a life event that the command line brings to the running bridge (D33). It travels sealed: it
// names a patient, and decides about him.
type EventRequest struct {
	At    time.Time       `json:"at"` // when it was written: an old one is refused
	Agent string          `json:"agent"`
	Event rules.LifeEvent `json:"event"`
	INS   string          `json:"ins"`
	New   string          `json:"new,omitempty"`
	Until time.Time       `json:"until,omitzero"`
	Seen  string          `json:"seen,omitempty"` // what the preview gave; empty: only look
}

// EventAnswer is what the event does, or did, or why not.
type EventAnswer struct {
	Refused
	Preview conversations.LifePreview `json:"preview"`
	Done    bool                      `json:"done"`
}

// eventPath is where the operations listener takes events.
const eventPath = "/patient/event"

func (r EventRequest) written() time.Time { return r.At }

// AskEvent sends an event to the operations listener of a running bridge and returns its answer.
func AskEvent(ctx context.Context, c config.Config, url string, r EventRequest) (answer EventAnswer, err error) {
	err = askSealed(ctx, c, url+eventPath, r, &answer)
	return answer, err
}

// answerEvent looks, or acts, and tells. The error of the core holds no name and no number.
func (a *App) answerEvent(ctx context.Context, asked EventRequest) (answer EventAnswer) {
	in, err := a.lifeInput(asked)
	switch {
	case err != nil:
	case asked.Seen == "":
		answer.Preview, err = a.Conversations.PreviewEvent(ctx, in)
	default:
		agent := conversations.Actor{Kind: conversations.ActorAgent, ID: asked.Agent, Name: asked.Agent}
		answer.Preview, err = a.Conversations.ApplyEvent(ctx, agent, in, asked.Seen)
		answer.Done = err == nil
	}
	answer.Refused = refusedAs(err)
	return answer
}

// lifeInput reads the matricules.
func (a *App) lifeInput(r EventRequest) (in conversations.LifeInput, err error) {
	in = conversations.LifeInput{Event: r.Event, Until: r.Until}
	if in.INS, err = a.matricule(r.INS); err != nil || r.New == "" {
		return in, err
	}
	in.New, err = a.matricule(r.New)
	return in, err
}
