package demo

import (
	"errors"
	"fmt"
	"slices"

	"mesbridge/bridge/trust"
	"mesbridge/cmd/mesbridge/app"
	"mesbridge/cmd/mesbridge/demo/provider"
	"mesbridge/oauth"
)

// The software of a fictitious editor: a client of the bridge that authenticates by its certificate, and a client of
// the provider that logs professionals in by itself. It exchanges what it gets there for tokens of ours (I52).
const (
	editorID         = "logiciel-demonstration"
	editorName       = "Logiciel de démonstration"
	editorProviderID = "logiciel-psc"
	editorRedirect   = "http://127.0.0.1/retour" // nobody listens: scripts read the code from the redirect
)

// ReadyEditor tells a script how to be that software.
type ReadyEditor struct {
	ClientID             string `json:"clientId"`
	Cert                 string `json:"cert"`
	Key                  string `json:"key"`
	Provider             string `json:"provider"` // issuer
	ProviderClientID     string `json:"providerClientId"`
	ProviderClientSecret string `json:"providerClientSecret"`
	ProviderRedirect     string `json:"providerRedirect"`
}

// editorClient is the software at the bridge.
func editorClient(s *Space) (oauth.Client, error) {
	certs, _, err := readPair(s.Editor)
	if err != nil || len(certs) == 0 {
		return oauth.Client{}, fmt.Errorf("read the editor's certificate: %w", errors.Join(err))
	}
	dn, err := trust.CertificateDN(certs[0])
	if err != nil {
		return oauth.Client{}, fmt.Errorf("read the editor's certificate: %w", err)
	}
	return oauth.Client{
		ID: editorID, Name: editorName, Kind: oauth.Professional, Scopes: slices.Clone(app.Scopes(oauth.Professional)),
		TLSSubject: string(dn), ExchangesFor: []string{editorProviderID},
	}, nil
}

// editorAtProvider is the software at the provider.
func editorAtProvider(secret string) provider.Client {
	return provider.Client{ID: editorProviderID, Secret: secret, RedirectURIs: []string{editorRedirect}}
}

// editor describes it.
func (d *demonstration) editor() ReadyEditor {
	return ReadyEditor{
		ClientID: editorID, Cert: d.space.Editor.Cert, Key: d.space.Editor.Key, Provider: d.neighbours.provider.ProfessionalsIssuer(),
		ProviderClientID: editorProviderID, ProviderClientSecret: d.secrets.editor, ProviderRedirect: editorRedirect,
	}
}
