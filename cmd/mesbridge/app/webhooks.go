package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"mesbridge/conversations"
	"mesbridge/web/webhook"
)

// callReceivers makes the handler that calls the receivers of events. In the demonstration they are on this machine.
func (a *App) callReceivers(serving context.Context) (conversations.EffectHandler, error) {
	s := webhook.Settings{
		Core: a.Conversations, Allowed: a.Config.Webhooks.Allowed(), Plain: a.Demonstration != nil, Log: a.Log.With("part", "webhooks"), Now: time.Now,
	}
	if a.Demonstration != nil {
		s.Allowed = append(s.Allowed, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	}
	if file := a.Config.Webhooks.CA; file != "" {
		chain, err := os.ReadFile(string(file))
		if err != nil {
			return nil, fmt.Errorf("read webhooks.ca: %w", err)
		}
		s.Roots = x509.NewCertPool()
		if !s.Roots.AppendCertsFromPEM(chain) {
			return nil, SettingsError{errors.New("read webhooks.ca: no certificate in it")}
		}
	}
	sender := webhook.NewSender(serving, s)
	a.onStop("connections to receivers of events", time.Second, func(context.Context) error { sender.Close(); return nil })
	return sender.Call, nil
}

// applications lists what an application may act for, once the list of clients is open.
func (a *App) applications(client string) []conversations.Address {
	if a.clients == nil {
		return nil
	}
	return a.mailboxesOf(client)
}
