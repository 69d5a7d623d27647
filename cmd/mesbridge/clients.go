package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/oauth"
	"mesbridge/oauth/clientfile"
)

// clientsCommand manages the OAuth clients. The bridge may run meanwhile: it sees each change at once.
type clientsCommand struct {
	Add    clientsAddCommand    `cmd:"" help:"Register a client and print its secret, which is shown this once."`
	List   clientsListCommand   `cmd:"" help:"List the registered clients."`
	Rotate clientsRotateCommand `cmd:"" help:"Give a client a new secret, or other public keys."`
	Remove clientsRemoveCommand `cmd:"" help:"Withdraw a client; its tokens stop at their next use."`
}

// clientsPlace says whose clients.
type clientsPlace struct {
	Config string `required:"" xor:"place" placeholder:"FILE" help:"Configuration file of the bridge."`
	Data   string `required:"" xor:"place" type:"path" placeholder:"DIR" help:"Or its data directory, such as the demonstration's."`
}

// file is the list in the data directory, which must be there: a typing error must not make a new one.
func (p clientsPlace) file() (clientfile.File, error) {
	dir := p.Data
	if p.Config != "" {
		settings, err := config.Load(p.Config)
		if err != nil {
			return clientfile.File{}, usageError{err}
		}
		dir = settings.DataDir
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return clientfile.File{}, usageError{fmt.Errorf("there is no data directory %s; start the bridge once, or name the right one", dir)}
	}
	return clientfile.File{Path: filepath.Join(dir, app.ClientsFile), Now: time.Now}, nil
}

type clientsAddCommand struct {
	clientsPlace

	ID           string   `required:"" name:"id" help:"Client id, such as logiciel-medical."`
	Name         string   `required:"" help:"Name shown to people when they agree."`
	Kind         string   `required:"" enum:"patient,professional,application" help:"Who it speaks for: patient, professional, or application for a system in its own name."`
	Scopes       []string `required:"" name:"scope" help:"What it may ask for; several, separated by commas. ${scopes}"`
	Redirects    []string `name:"redirect" placeholder:"URL" help:"Address that the browser comes back to, letter by letter; not for an application."`
	FINESS       string   `name:"finess" help:"Structure of an application."`
	Mailboxes    []string `name:"mailbox" placeholder:"ADDRESS" help:"Mailbox that an application may act for."`
	JWKS         string   `name:"jwks" type:"existingfile" placeholder:"FILE" help:"Public keys (RFC 7517) for private_key_jwt instead of a secret."`
	Certificates []string `name:"certificate" type:"existingfile" placeholder:"FILE" help:"Certificate of the client (PEM), which it shows at the listener with mutual TLS instead of a secret: one that it signed itself is known as it is, any other by its subject."`
	TLSSubject   string   `name:"tls-subject" placeholder:"DN" help:"Or the subject of that certificate, such as 'CN=lps.editeur.fr,OU=318751275100020,O=EDITEUR,ST=Paris (75),C=FR'."`
	Bound        bool     `help:"Its tokens count only with the certificate that it showed for them, though it proves itself in another way."`
	Exchanges    []string `name:"exchange" placeholder:"CLIENT" help:"Client ids at Pro Santé Connect whose tokens it may exchange for ours; with a certificate, kind professional."`
	PostLogouts  []string `name:"post-logout" placeholder:"URL" help:"Address that it may have the browser back at after a logout, letter by letter."`
	Public       bool     `help:"No secret: an application on a phone or in a browser, with PKCE."`
	Introspects  bool     `help:"It may ask about the tokens of other clients."`
}

// Run registers the client.
func (c clientsAddCommand) Run(s streams) error {
	file, err := c.file()
	if err != nil {
		return err
	}
	kind := oauth.Kind(c.Kind)
	if err := errors.Join(c.faults(kind)...); err != nil {
		return usageError{err}
	}
	r := clientfile.Record{
		ID: c.ID, Name: c.Name, Kind: kind, RedirectURIs: c.Redirects, Scopes: c.Scopes, FINESS: c.FINESS,
		Mailboxes: c.Mailboxes, Introspects: c.Introspects, BoundTokens: c.Bound, ExchangesFor: c.Exchanges, PostLogoutURIs: c.PostLogouts,
	}
	if r.TLSSubject, r.Certificates, err = c.proof(); err != nil {
		return usageError{err}
	}
	if c.JWKS != "" {
		if r.Keys, err = readKeySet(c.JWKS); err != nil {
			return usageError{err}
		}
	}
	secret, err := file.Add(r, r.Keys == nil && !c.Public && !c.mutualTLS())
	if err != nil {
		return err
	}
	printClient(s, c.ID, secret)
	return nil
}

// faults are those that only the command line can make; what oauth asks of a client is asked of the file.
func (c clientsAddCommand) faults(kind oauth.Kind) []error {
	var faults []error
	for _, scope := range c.Scopes {
		if !app.MayAsk(kind, scope) {
			faults = append(faults, fmt.Errorf("--scope: %s is nothing that a client of kind %s may ask for; %s", scope, kind, scopesHelp()))
		}
	}
	application := kind == oauth.Application
	switch {
	case application && c.FINESS == "":
		faults = append(faults, errors.New("--finess: name the structure that the application belongs to (I247)"))
	case !application && (c.FINESS != "" || len(c.Mailboxes) > 0):
		faults = append(faults, errors.New("--finess, --mailbox: these are for applications; a person's rights come with the login"))
	}
	if c.Public && (c.JWKS != "" || c.mutualTLS()) {
		faults = append(faults, errors.New("--public, --jwks, --certificate, --tls-subject: a public client proves nothing"))
	}
	if len(c.Exchanges) > 0 && (kind != oauth.Professional || !c.mutualTLS()) {
		faults = append(faults, errors.New("--exchange: name the certificate of professionals' software with --certificate or --tls-subject (I54)"))
	}
	for _, m := range c.Mailboxes {
		if _, err := app.ParseMailbox(m); err != nil {
			faults = append(faults, errors.New("--mailbox: write an address such as dpi@clinique.mssante.fr"))
		}
	}
	return faults
}

// printClient tells what the client's side must be configured with.
func printClient(s streams, id, secret string) {
	fmt.Fprintf(s.out, "client_id: %s\n", id)
	if secret != "" {
		fmt.Fprintf(s.out, "client_secret: %s\n", secret)
		fmt.Fprintln(s.err, "mesbridge: note: the secret is not kept; hand it over now, by a safe way")
	}
}

type clientsListCommand struct {
	clientsPlace

	JSON bool `name:"json" help:"Print the records as JSON."`
}

// Run prints the list.
func (c clientsListCommand) Run(s streams) error {
	file, err := c.file()
	if err != nil {
		return err
	}
	all, err := file.List()
	if err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		return e.Encode(all)
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tKIND\tAUTHENTICATION\tFINESS\tSINCE\tROTATED\tSCOPES")
	for _, r := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Kind, r.Authentication(), dash(r.FINESS), day(r.CreatedAt), day(r.RotatedAt), strings.Join(r.Scopes, " "))
	}
	return t.Flush()
}

// dash stands for nothing in a table.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

type clientsRotateCommand struct {
	clientsPlace

	ID   string        `arg:"" help:"Client id."`
	Keep time.Duration `default:"24h" help:"How long the old secret still counts (${default}); 0 when it may be known to somebody."`
	JWKS string        `name:"jwks" type:"existingfile" placeholder:"FILE" help:"Public keys to use from now on, instead of any secret."`

	Certificates []string `name:"certificate" type:"existingfile" placeholder:"FILE" help:"Certificates to be known by from now on, instead of any secret; see add."`
}

// Run rotates the secret, or the keys.
func (c clientsRotateCommand) Run(s streams) error {
	file, err := c.file()
	switch {
	case err != nil:
		return err
	case c.Keep < 0:
		return usageError{errors.New("--keep: write a duration such as 24h, or 0")}
	case c.JWKS != "":
		keys, err := readKeySet(c.JWKS)
		if err != nil {
			return usageError{err}
		}
		return file.RotateKeys(c.ID, *keys)
	case len(c.Certificates) > 0:
		subject, known, err := readCertificates(c.Certificates)
		if err != nil {
			return usageError{err}
		}
		return file.RotateCertificates(c.ID, subject, known)
	}
	secret, err := file.Rotate(c.ID, c.Keep)
	if err != nil {
		return err
	}
	printClient(s, c.ID, secret)
	return nil
}

type clientsRemoveCommand struct {
	clientsPlace

	ID string `arg:"" help:"Client id."`
}

// Run removes the client and prints its record, from which it could be registered again.
func (c clientsRemoveCommand) Run(s streams) error {
	file, err := c.file()
	if err != nil {
		return err
	}
	gone, err := file.Remove(c.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "mesbridge: note: %s is withdrawn and its tokens count no more; its record was:\n", gone.ID)
	return json.NewEncoder(s.out).Encode(gone)
}

// readKeySet reads public keys, or one key alone.
func readKeySet(path string) (*jose.JSONWebKeySet, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) == 0 {
		return nil, fmt.Errorf("%s holds no key set of RFC 7517, {\"keys\":[…]}", path)
	}
	return &set, nil
}

// scopesHelp lists what clients may ask for, by kind.
func scopesHelp() string {
	var text []string
	for _, k := range []oauth.Kind{oauth.Patient, oauth.Professional, oauth.Application} {
		text = append(text, fmt.Sprintf("%s: %s", k, strings.Join(app.Scopes(k), " ")))
	}
	return strings.Join(text, "; ") + "."
}
