package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/audit"
	"mesbridge/rules"
)

type auditExportCommand struct {
	place
	Ops     string     `placeholder:"ADDR" help:"Operations listener of the running bridge, when it is not the one of the settings."`
	Mailbox string     `placeholder:"ADDRESS" help:"Traces of one professional mailbox."`
	Patient string     `type:"path" placeholder:"FILE" help:"Traces of the patient whose matricule INS the file holds; - reads it from standard input."`
	Message string     `placeholder:"ID" help:"Traces of one message: its Message-ID, or an id of the bridge."`
	From    *time.Time `placeholder:"TIME" help:"First instant, such as 2026-05-12T00:00:00Z."`
	To      *time.Time `placeholder:"TIME" help:"First instant that is left out."`
	Form    string     `name:"format" default:"csv" enum:"csv,jsonl" placeholder:"csv|jsonl" help:"csv (O158), or jsonl."`
	Out     string     `type:"path" required:"" placeholder:"FILE" help:"File to write; FILE.manifest.json goes beside it."`
}

// Run writes the export and its manifest, for their owner alone. Over a running bridge, only what stands in
// clear is written, for the keys are the bridge's.
func (c auditExportCommand) Run(ctx context.Context, s streams) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	filter, asked, err := c.filter(settings)
	if err != nil {
		return err
	}
	o := audit.Options{Filter: filter, Form: audit.Format(c.Form), Version: version(), Now: time.Now()}
	held, stop, err := c.hold(ctx, s, settings)
	if err != nil {
		return err
	}
	o.Keys = held
	manifest, err := c.write(ctx, s, settings, o, asked)
	if err = errors.Join(err, stop()); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d traces in %s, sealed up to manifest %d; %s.manifest.json tells hashes and places\n", manifest.Rows, c.Out, manifest.Round, c.Out)
	return nil
}

// hold seals what is new and traces the export (O155, O158): on the database when no bridge runs, whose
// keys it then gives, or by the running bridge.
func (c auditExportCommand) hold(ctx context.Context, s streams, settings config.Config) (conversations.Keys, func() error, error) {
	o, err := c.options(settings, s)
	if errors.Is(err, redisserver.ErrLocked) {
		fmt.Fprintln(s.err, "mesbridge: note: the bridge runs and holds the keys: who acted is left out; stop it to export that too")
		_, err := askRunning(ctx, settings, c.Ops, "export")
		return nil, func() error { return nil }, err
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open the data directory: %w", err)
	}
	a, err := app.OpenArchive(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	if err = a.Note(ctx, conversations.Event{Kind: conversations.TraceExport}); err == nil {
		err = a.Seal(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, a.Stop())
	}
	return a.Keys(), a.Stop, nil
}

// write writes both files.
func (c auditExportCommand) write(ctx context.Context, s streams, settings config.Config, o audit.Options, asked map[string]string) (audit.Manifest, error) {
	source, err := archive.NewReader(os.DirFS(app.ArchiveDir(settings.DataDir)), nil)
	if err != nil {
		return audit.Manifest{}, fmt.Errorf("read the archive: %w; run mesbridge audit verify", err)
	}
	o.Source = source
	total := source.Total()
	o.Progress = func(seen, rows int) {
		fmt.Fprintf(s.err, "mesbridge: note: %d of %d entries looked at, %d traces found\n", seen, total, rows)
	}
	f, err := writePrivate(c.Out)
	if err != nil {
		return audit.Manifest{}, fmt.Errorf("write export: %w", err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	manifest, err := audit.Export(ctx, w, o)
	if err = errors.Join(err, w.Flush(), f.Sync(), f.Close()); err != nil {
		return manifest, err
	}
	manifest.Filter = asked
	manifest.Round, manifest.Head = source.Head()
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return manifest, fmt.Errorf("write manifest: %w", err)
	}
	m, err := writePrivate(c.Out + ".manifest.json")
	if err != nil {
		return manifest, fmt.Errorf("write manifest: %w", err)
	}
	_, err = m.Write(append(text, '\n'))
	return manifest, errors.Join(err, m.Sync(), m.Close())
}

// filter reads what is asked for; asked tells it again without a name of anybody.
func (c auditExportCommand) filter(settings config.Config) (f audit.Filter, asked map[string]string, err error) {
	key, err := settings.Keys.PatientHash.ReadKey()
	if err != nil {
		return f, nil, fmt.Errorf("read the patient hash key: %w", err)
	}
	names := conversations.Service{Settings: conversations.Settings{PatientKey: key, CitizenDomain: settings.CitizenDomain}}
	asked = map[string]string{}
	if c.Mailbox != "" {
		a, err := rules.ParseAddress(c.Mailbox)
		if err != nil {
			return f, nil, usageError{errors.New("--mailbox: write the address of a mailbox")}
		}
		f.Mailbox = names.MailboxID(a)
		asked["mailbox"] = string(f.Mailbox)
	}
	if c.Patient != "" {
		matricules, err := theseMatricules(c.Patient, 1)
		if err != nil {
			return f, nil, err
		}
		f.Patient = names.PatientID(rules.INS(matricules[0]))
		asked["patient"] = string(f.Patient)
	}
	if id := strings.Trim(strings.TrimSpace(c.Message), "<>"); strings.Contains(id, "@") {
		f.MessageID = conversations.TraceOf(key, id)
		asked["messageIdHash"] = hex.EncodeToString(f.MessageID)
	} else if id != "" {
		f.Message = conversations.ID(id)
		asked["message"] = id
	}
	if c.From != nil {
		f.From = *c.From
		asked["from"] = f.From.Format(time.RFC3339)
	}
	if c.To != nil {
		f.To = *c.To
		asked["to"] = f.To.Format(time.RFC3339)
	}
	return f, asked, nil
}
