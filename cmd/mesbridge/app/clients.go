package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"mesbridge/oauth"
	"mesbridge/oauth/clientfile"
	"mesbridge/rules"
)

// ClientsFile is the name of the list of OAuth clients in the data directory; the command "clients"
// edits it.
const ClientsFile = "clients.json"

// Scopes are those that a client may ask for, by whom it speaks for (I247, outside contract).
func Scopes(kind oauth.Kind) []string {
	login := []string{"openid", "profile", "offline_access"}
	switch kind {
	case oauth.Patient:
		return append(login, PatientScopes()...)
	case oauth.Professional:
		return append(login, ProfessionalScopes()...)
	case oauth.Application:
		return ClinicScopes()
	}
	return nil
}

// MayAsk reports whether a scope is one of [Scopes].
func MayAsk(kind oauth.Kind, scope string) bool { return slices.Contains(Scopes(kind), scope) }

// ParseMailbox reads the address of a mailbox that an application may act for.
func ParseMailbox(text string) (rules.Address, error) { return rules.ParseAddress(text) }

// openClients reads the list of clients, and puts the demonstration's before it.
func (a *App) openClients() (oauth.Clients, error) {
	listed, err := clientfile.Open(filepath.Join(a.Config.DataDir, ClientsFile), time.Now, a.Log.With("part", "clients"))
	if err != nil {
		return nil, SettingsError{fmt.Errorf("%w; mend the file, or take it away and register the clients again", err)}
	}
	a.clients = listed
	if a.Demonstration == nil {
		return listed, nil
	}
	cast, err := oauth.NewStaticClients(a.Demonstration.Clients...)
	return firstOf{cast, listed}, err
}

// firstOf asks each list in turn.
type firstOf []oauth.Clients

// Client gives the client of the first list that knows it.
func (f firstOf) Client(ctx context.Context, id string) (oauth.Client, error) {
	for _, list := range f {
		if c, err := list.Client(ctx, id); !errors.Is(err, oauth.ErrUnknownClient) {
			return c, err
		}
	}
	return oauth.Client{}, oauth.ErrUnknownClient
}

// mailboxesOf lists what an application may act for, by the list of clients.
func (a *App) mailboxesOf(client string) []rules.Address {
	if a.Demonstration != nil {
		if known, ok := a.Demonstration.Applications[client]; ok {
			return known
		}
	}
	var all []rules.Address
	for _, text := range a.clients.Mailboxes(client) {
		if at, err := ParseMailbox(text); err == nil {
			all = append(all, at)
		}
	}
	return all
}
