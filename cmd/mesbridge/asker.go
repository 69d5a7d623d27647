package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/cmd/mesbridge/config"
)

// askFlags are how a command about a patient reaches the running bridge, and who answers for it.
type askFlags struct {
	place
	Agent string `required:"" placeholder:"NAME" help:"Name of the person who answers for it; it is traced."`
	Ops   string `placeholder:"ADDR" help:"Operations listener of the running bridge, when it is not the one of the settings."`
}

// asker speaks to a running bridge for an agent.
type asker struct {
	settings config.Config
	url      string
	agent    string
}

// asker reads the settings that the flags name.
func (f askFlags) asker() (a asker, err error) {
	if a.agent = strings.TrimSpace(f.Agent); a.agent == "" {
		return a, usageError{errors.New("--agent: write the name of the person who answers for it")}
	}
	if a.settings, err = f.settings(); err != nil {
		return a, err
	}
	if a.url, err = operationsURL(a.settings, f.Ops); err != nil {
		return a, usageError{fmt.Errorf("--ops: %w", err)}
	}
	return a, nil
}

// about is asker with the matricules, n of them, that a file holds.
func (f askFlags) about(file string, n int) (asker, []string, error) {
	a, err := f.asker()
	if err != nil {
		return a, nil, err
	}
	matricules, err := theseMatricules(file, n)
	return a, matricules, err
}

// ask puts a question to the running bridge.
func ask[Q, A any](ctx context.Context, a asker, put func(context.Context, config.Config, string, Q) (A, error), q Q) (A, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	answer, err := put(ctx, a.settings, a.url, q)
	if err != nil {
		return answer, fmt.Errorf("ask the running bridge: %w; start it, or name its operations listener with --ops", err)
	}
	return answer, nil
}

// event has the running bridge tell what an event would do, or carry it out.
func (a asker) event(ctx context.Context, r app.EventRequest) (app.EventAnswer, error) {
	r.At, r.Agent = time.Now(), a.agent
	return ask(ctx, a, app.AskEvent, r)
}

// act has the running bridge carry an act out.
func (a asker) act(ctx context.Context, r app.ActRequest) (app.ActAnswer, error) {
	r.At, r.Agent = time.Now(), a.agent
	answer, err := ask(ctx, a, app.AskAct, r)
	if err == nil && answer.Code != "" {
		err = fmt.Errorf("%s is refused: %s (%s): %s", r.Act, answer.Code, answer.Rule, refusedAct(answer))
	}
	return answer, err
}
