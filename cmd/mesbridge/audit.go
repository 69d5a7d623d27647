package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/conversations"
	"mesbridge/conversations/archive"
)

type auditVerifyCommand struct {
	Config  string `type:"path" xor:"place" required:"" placeholder:"FILE" help:"Configuration file of the bridge, running or not."`
	Data    string `type:"path" xor:"place" required:"" placeholder:"DIR" help:"Directory of a demonstration, running or not."`
	Archive string `type:"path" xor:"place" required:"" placeholder:"DIR" help:"Directory of an archive alone, such as a copy of store/journal: nothing else is needed."`
	Key     string `type:"path" placeholder:"FILE" help:"The archive's public key, as it was handed to you; without it, public.pem in the archive is believed."`
	Ops     string `placeholder:"ADDR" help:"Operations listener of the running bridge, when it is not the one of the settings."`
	Bucket  bool   `help:"Check the copies of all bridges' archives in the bucket of the settings instead."`
	Number  uint64 `placeholder:"N" help:"Number of the last manifest, as an earlier check told it."`
	Hash    string `placeholder:"HEX" help:"Its hash."`
}

// Run checks every file and says what it found. The end of the archive is known from the running bridge,
// from its database when it does not run, or from an earlier check.
func (c auditVerifyCommand) Run(ctx context.Context, s streams) error {
	var o archive.VerifyOptions
	var err error
	if c.Key != "" {
		if o.Public, err = os.ReadFile(c.Key); err != nil {
			return usageError{fmt.Errorf("read public key: %w", err)}
		}
	}
	if c.Bucket {
		return c.copies(ctx, s, o)
	}
	dir := c.Archive
	if dir == "" {
		p := place{Config: c.Config, Data: c.Data}
		settings, err := p.settings()
		if err != nil {
			return err
		}
		dir = app.ArchiveDir(settings.DataDir)
		o.Anchor, err = p.end(ctx, s, settings, c.Ops)
		if err != nil {
			return err
		}
	}
	if c.Number > 0 {
		if o.Anchor != nil && o.Anchor.Number < c.Number {
			return fmt.Errorf("the archive ends with manifest %d, and manifest %d was seen before: the last ones were taken away", o.Anchor.Number, c.Number)
		}
		if o.Anchor == nil || o.Anchor.Number == c.Number {
			o.Anchor = &archive.Anchor{Number: c.Number, Manifest: c.Hash}
		}
	}
	if _, err := os.Stat(dir); err != nil {
		return usageError{fmt.Errorf("find the archive: %w", err)}
	}
	told := time.Now()
	o.Progress = func(done, total uint64) {
		if now := time.Now(); now.Sub(told) >= time.Second {
			told = now
			fmt.Fprintf(s.err, "mesbridge: note: %d of %d rounds checked\n", done, total)
		}
	}
	report, err := archive.Verify(os.DirFS(dir), o)
	if err != nil {
		return err
	}
	return tell(s, report, o.Anchor != nil, c.Number)
}

// copies checks every archive in the bucket. Where one has to end, only its own bridge can tell.
func (c auditVerifyCommand) copies(ctx context.Context, s streams, o archive.VerifyOptions) error {
	if c.Archive != "" || c.Number > 0 {
		return usageError{errors.New("--bucket: give --config, or --data, and not --archive or --number")}
	}
	settings, err := place{Config: c.Config, Data: c.Data}.settings()
	if err != nil {
		return err
	}
	all, err := app.Copies(ctx, settings)
	if errors.As(err, new(app.SettingsError)) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	var faults []error
	for _, folder := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(s.out, "archive %s\n", folder)
		report, err := archive.Verify(all[folder], o)
		if err == nil {
			err = tell(s, report, false, 0)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("archive %s: %w", folder, err))
		}
	}
	return errors.Join(faults...)
}

// tell writes what a check found. The number is that of a manifest known from elsewhere, 0 for none.
func tell(s streams, r archive.Report, anchored bool, number uint64) error {
	var faults []error
	for _, f := range r.Findings {
		faults = append(faults, errors.New(f.String()))
	}
	if len(faults) > 0 {
		faults = append(faults, fmt.Errorf("%d faults in %d rounds: keep the directory as it is, compare with your copies, and tell whoever answers for it", len(faults), r.Rounds))
		return errors.Join(faults...)
	}
	if number > 0 && number < r.Mark.Base.Round {
		fmt.Fprintf(s.err, "mesbridge: note: manifest %d, which you know, was purged: its hash cannot be compared any more\n", number)
	}
	if !anchored {
		fmt.Fprintln(s.err, "mesbridge: note: nothing tells whether the last rounds were taken away; give --number and --hash of an earlier check")
	}
	if purged := r.Mark; purged.Number > 0 {
		fmt.Fprintf(s.out, "purged on %s: rounds up to %d, for which an image stands, and technical traces up to round %d\n",
			purged.At.Format(time.RFC3339), purged.Base.Round, max(purged.Technical, purged.Base.Round))
	}
	fmt.Fprintf(s.out, "intact: %d rounds, %d entries; last manifest %d of %s\n", r.Rounds, r.Entries, r.Last.Number, r.Last.At.Format(time.RFC3339))
	fmt.Fprintf(s.out, "note for the next check: --number %d --hash %s\n", r.Last.Number, r.Hash)
	return nil
}

// end returns the end of the archive and traces the act. A running bridge seals what is new first; of one
// that does not run, what waits in the database is told.
func (p place) end(ctx context.Context, s streams, settings config.Config, ops string) (*archive.Anchor, error) {
	var head app.Head
	o, err := p.options(settings, s)
	switch {
	case errors.Is(err, redisserver.ErrLocked):
		if head, err = askRunning(ctx, settings, ops, "verify"); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, fmt.Errorf("open the data directory: %w", err)
	default:
		if head, err = askStopped(ctx, o); err != nil {
			return nil, err
		}
		if head.Waiting > 0 {
			fmt.Fprintf(s.err, "mesbridge: note: %d entries wait for their round in the database; the next start seals them\n", head.Waiting)
		}
	}
	return &archive.Anchor{Number: head.Number, Manifest: head.Manifest}, nil
}

// askStopped opens the database of a bridge that does not run.
func askStopped(ctx context.Context, o app.Options) (app.Head, error) {
	a, err := app.OpenTrail(ctx, o)
	if err != nil {
		return app.Head{}, err
	}
	head, err := a.Head()
	if err == nil {
		err = a.Note(ctx, conversations.Event{Kind: conversations.TraceVerify})
	}
	return head, errors.Join(err, a.Stop())
}

// askLimit bounds one question to the running bridge, which may have to seal much.
const askLimit = 2 * time.Minute

// askRunning has a running bridge seal, and returns the end of its archive.
func askRunning(ctx context.Context, settings config.Config, ops, act string) (head app.Head, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("ask the running bridge for the end of its journal: %w; name its operations listener with --ops", err)
		}
	}()
	url, err := operationsURL(settings, ops)
	if err != nil {
		return head, err
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/journal/round?act="+act, nil)
	if err != nil {
		return head, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return head, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return head, errors.New(answer.Status)
	}
	return head, json.NewDecoder(answer.Body).Decode(&head)
}

// operationsURL is where a running bridge serves its operations: at ops, or where the settings say.
func operationsURL(settings config.Config, ops string) (string, error) {
	if ops == "" {
		ops = settings.Listen.Ops
	}
	host, port, err := net.SplitHostPort(ops)
	if err != nil {
		return "", err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
