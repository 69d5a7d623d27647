package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/conversations"
)

// Options are what one demonstration is asked for.
type Options struct {
	Data      string // directory of everything; made when it is not there
	Listen    config.Listen
	Common    string            // directory of what several demonstrations share; empty: Data
	Redis     config.Redis      // the zero value: a server of our own
	Store     config.Store      // the zero value: local
	Ready     string            // ready file to write; empty: none
	Majority  time.Time         // when the minors of the cast come of age (D28); zero: see the function Majority
	Crowd     int               // patients beside the cast, for measurements; see the function Crowd
	CrowdFile string            // takes them as a list of ReadyPatient, the first ones with tokens; empty: none
	Past      bool              // people wrote to each other before it began; told by a new demonstration alone
	Routes    map[string]string // servers that take the replies for operators' domains instead of the simulated ones
	Out       io.Writer
	Log       *slog.Logger
}

// Folders of a data directory, beside those of the bridge.
const (
	pkiFolder     = "pki"
	secretsFolder = "secrets"
	tokensFile    = "tokens.json"
)

// Run starts everything, tells where it is, and returns after ctx has ended and all has stopped in
// order, or with the failure that ended it before.
func Run(ctx context.Context, o Options) error {
	if o.Majority.IsZero() {
		o.Majority = Majority()
	}
	d := &demonstration{Options: o, cast: People(), failed: make(chan error, 1), addresses: newAddresses()}
	err := d.start(ctx)
	if err == nil {
		err = d.wait(ctx)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // told to end while it started
	}
	return errors.Join(err, d.stop())
}

// wait returns when ctx has ended, or with what failed. Meanwhile it confirms the white list, as a fetcher
// would: one that nobody confirms for a week stops all mail (O16).
func (d *demonstration) wait(ctx context.Context) error {
	confirm := time.NewTicker(time.Hour)
	defer confirm.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-d.failed:
			return err
		case err := <-d.app.Failed():
			return err
		case now := <-confirm.C:
			if err := os.Chtimes(d.space.WhiteList, now, now); err != nil {
				return fmt.Errorf("confirm the white list: %w", err)
			}
		}
	}
}

// demonstration is what runs.
type demonstration struct {
	Options
	cast       Cast
	space      *Space
	secrets    secrets
	neighbours *neighbours
	addresses  *addresses
	users      string // list of the staff of the first clinic
	app        *app.App
	mutualTLS  string // URL of the listener of that name; empty: none
	failed     chan error
}

// fail notes the first failure of a neighbour.
func (d *demonstration) fail(err error) {
	select {
	case d.failed <- err:
	default:
	}
}

// start takes the data directory, makes what is missing in it, and starts neighbours and bridge.
func (d *demonstration) start(ctx context.Context) error {
	data, err := filepath.Abs(d.Data)
	if err != nil {
		return fmt.Errorf("find data directory: %w", err)
	}
	if d.Data = data; d.Common == "" {
		d.Common = data
	}
	for _, dir := range []string{d.Data, d.Common} {
		if err = os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
	}
	lock, err := redisserver.LockDir(data)
	if err != nil {
		return err
	}
	listeners, err := app.Listen(ctx, d.Listen)
	if err != nil {
		return errors.Join(err, lock.Unlock())
	}
	url := "http://" + listeners.HTTP.Addr().String()
	if listeners.MutualTLS != nil {
		d.mutualTLS = "https://" + listeners.MutualTLS.Addr().String()
	}
	if err = d.prepare(url); err != nil {
		listeners.Close()
		return errors.Join(err, lock.Unlock())
	}
	editor, err := editorClient(d.space)
	if err != nil {
		listeners.Close()
		return errors.Join(err, lock.Unlock())
	}
	d.app, err = app.Start(ctx, app.Options{
		Config: d.settings(url), Log: d.Log, Lock: lock, Listeners: listeners,
		Demonstration: &app.Demonstration{
			Servers: d.neighbours.servers, Clients: append(clients(d.cast.Clinics, d.secrets.clinics), editor), Addresses: d.addresses, EmbeddedRedis: true,
			Applications: applications(d.cast.Clinics),
		},
	})
	if err != nil {
		return err
	}
	return d.present(ctx, url)
}

// prepare removes the ready file of an earlier start, which nobody who waits for ours must find, makes
// the trust space and the secrets, and starts the neighbours.
func (d *demonstration) prepare(url string) (err error) {
	if err = os.Remove(d.Ready); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the ready file of an earlier start: %w", err)
	}
	if d.Store, err = keepStore(d.Data, d.Store); err != nil {
		return err
	}
	if d.space, err = OpenSpace(filepath.Join(d.Common, pkiFolder), d.cast, time.Now()); err != nil {
		return err
	}
	if err = writeFile(filepath.Join(d.Common, letterFile), letter); err != nil {
		return err
	}
	if d.secrets, err = openSecrets(filepath.Join(d.Common, secretsFolder), d.cast.Clinics); err != nil {
		return err
	}
	if d.users, err = openUsers(filepath.Join(d.Common, secretsFolder), d.cast.Staff); err != nil {
		return err
	}
	secret, err := d.secrets.provider.Read()
	if err != nil {
		return fmt.Errorf("read the provider's client secret: %w", err)
	}
	if d.neighbours, err = openNeighbours(d.Common, d.space, callbacks(url, string(secret)), editorAtProvider(d.secrets.editor), logins(d.cast), d.fail); err != nil {
		return err
	}
	return d.neighbours.reroute(d.Routes)
}

// settings are those of a production start, with the files of the demonstration.
func (d *demonstration) settings(url string) config.Config {
	c := config.Default()
	c.Environment = config.Test
	c.CitizenDomain = CitizenDomain
	c.DataDir = d.Data
	c.PublicURL = url
	c.Contact = "accessibilite@exemple.fr"
	c.Mail.PerMinute, c.Mail.PerSender = 0, 0 // D35
	if d.Redis.Server != "" {
		c.Redis = d.Redis
	}
	c.Store = d.Store
	c.Listen = d.Listen
	c.SMTP = config.SMTP{
		Hostname: ServerName, Certificate: config.File(d.space.Bridge.Cert), Key: config.SecretFile(d.space.Bridge.Key),
		CA: config.File(d.space.CA), CRLs: []config.File{config.File(d.space.CRL)}, // certificates of the demonstration name no server to ask
	}
	c.WhiteList.File, c.WhiteList.SignerRoots = config.File(d.space.WhiteList), config.File(d.space.CA)
	c.Mailboxes = sharedMailboxes(d.cast)
	c.Enrolment.Officers = officers(d.cast)
	c.Directory.File = config.File(d.space.Directory)
	c.Limits.VerdictsPerHour, c.Limits.APIPerMinute = 0, 0 // rate limits are off (outside contract)
	c.Limits.LoginsPerMinute, c.Limits.TokensPerMinute = 0, 0
	c.Keys = config.Keys{Master: d.secrets.master, PatientHash: d.secrets.patientHash}
	c.OAuth = config.OAuth{Secret: d.secrets.oauth, SigningKey: d.secrets.signing}
	if d.mutualTLS != "" {
		c.OAuth.MutualTLS = config.MutualTLS{
			URL: d.mutualTLS, Certificate: config.File(d.space.Bridge.Cert), Key: config.SecretFile(d.space.Bridge.Key),
		}
	}
	c.INSClaim = insClaim
	p := d.neighbours.provider
	c.Patients.Issuer, c.Professionals.Issuer = p.PatientsIssuer(), p.ProfessionalsIssuer()
	c.Professionals.Discovery = p.ProfessionalsDiscovery()
	c.Patients.DecryptionKeys = []config.SecretFile{d.secrets.decryption}
	c.Structures = []config.Structure{{
		Key: structureKey, FINESS: d.cast.Clinics[0].FINESS, Name: d.cast.Clinics[0].Name, Users: config.File(d.users),
		Provider: config.Provider{Issuer: p.StaffIssuer()},
	}}
	for _, up := range []*config.Provider{&c.Patients, &c.Professionals, &c.Structures[0].Provider} {
		up.ClientID, up.ClientSecret = providerClient, d.secrets.provider
	}
	c.Notifications = config.Mailer{SmartHost: d.neighbours.sink, From: "ne-pas-repondre@" + notificationDomain}
	return c
}

// notificationDomain is the ordinary domain that notifications come from.
const notificationDomain = "messagerie.exemple.fr"

// present enrols the cast, writes the ready file and prints the banner.
func (d *demonstration) present(ctx context.Context, url string) error {
	d.addresses.fill(d.cast.Patients, d.app.Conversations.PatientID)
	known, err := d.people(ctx)
	if err != nil {
		return err
	}
	tokens, err := openTokens(filepath.Join(d.Common, tokensFile), d.app.OAuth, time.Now)
	if err != nil {
		return err
	}
	r, err := d.describe(ctx, url, known, tokens)
	if err != nil {
		return err
	}
	if err = d.gather(ctx, tokens); err != nil {
		return err
	}
	if err = tokens.save(); err != nil {
		return err
	}
	if err = Banner(d.Out, d.Common, r); err != nil || d.Ready == "" {
		return err
	}
	return r.Write(d.Ready) // last: whoever waits for it finds everything
}

// people makes the cast known, unless they are, and tells their past when a new demonstration is asked for one.
func (d *demonstration) people(ctx context.Context) ([]conversations.Patient, error) {
	service, p, patients := d.app.Conversations, (*past)(nil), d.cast.Patients
	if _, err := service.PatientByINS(ctx, d.cast.Patients[0].INS); d.Past && isUnknown(err) {
		if p, err = d.openPast(); err != nil {
			return nil, err
		}
		service, patients = p.core, notYetSuspended(patients)
	}
	known, err := enrol(ctx, service, patients, d.Majority)
	if err != nil {
		return nil, err
	}
	if err = accept(ctx, service, d.cast.Patients, known, d.cast.Professionals); err != nil {
		return nil, err
	}
	if err = admitUsers(ctx, service, d.cast); err != nil || p == nil {
		return known, err
	}
	if err = p.tell(ctx, d.cast, known); err != nil {
		return nil, err
	}
	return enrol(ctx, service, d.cast.Patients, d.Majority) // everybody as the past left him
}

// stop stops the bridge first, which still delivers, then its neighbours.
func (d *demonstration) stop() error {
	var errs []error
	if d.app != nil {
		errs = append(errs, d.app.Stop())
	}
	if d.neighbours != nil {
		errs = append(errs, d.neighbours.close())
	}
	return errors.Join(errs...)
}
