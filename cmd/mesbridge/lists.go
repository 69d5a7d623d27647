package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/trust"
)

type trustVerifyCommand struct {
	File   string     `arg:"" help:"White list, as it was fetched."`
	CA     string     `name:"ca" placeholder:"FILE" help:"Chain that the signer's certificate must come from, PEM; ca.pem beside the list when left out."`
	Signer []string   `placeholder:"NAME" help:"Common name that may sign; alb.mssante.fr when left out."`
	CRL    []string   `placeholder:"FILE" help:"Revocation list of that chain."`
	At     *time.Time `placeholder:"TIME" help:"Instant to judge at, such as 2026-05-12T12:00:00Z; now when left out."`
}

// Run judges the list in the order of O39 and says what it holds.
func (c trustVerifyCommand) Run(s streams) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read white list: %w", err)
	}
	if c.CA == "" {
		c.CA = filepath.Join(filepath.Dir(c.File), "ca.pem")
	}
	chain, err := trust.LoadAuthorities(c.CA)
	if err != nil {
		return usageError{fmt.Errorf("read chain: %w; name it with --ca FILE", err)}
	}
	o := trust.Options{Chain: chain, SignerNames: c.Signer, Now: time.Now()}
	if c.At != nil {
		o.Now = *c.At
	}
	if len(c.CRL) > 0 {
		if o.Revocation, err = trust.LoadRevocation(c.CRL, chain); err != nil {
			return fmt.Errorf("read revocation list: %w", err)
		}
	}
	list, err := trust.Verify(data, o)
	if err != nil {
		return fmt.Errorf("%w; keep the list in service and fetch it again", err)
	}
	fmt.Fprintf(s.out, "valid: generated %s, %d entries, %d left out as unreadable; signed under %s\n",
		list.Generated().Format(time.RFC3339), list.Entries(), list.Skipped(), c.CA)
	return nil
}

type directoryImportCommand struct {
	File string `arg:"" help:"Extraction_Correspondance_MSSante, UTF-8 text."`
}

// Run reads the whole file as the bridge will, and counts.
func (c directoryImportCommand) Run(s streams) error {
	var table directory.Table
	sum, err := table.LoadFile(c.File)
	switch {
	case errors.Is(err, directory.ErrEmpty), errors.Is(err, directory.ErrDamaged):
		return fmt.Errorf("%w; fetch the file again", err)
	case err != nil:
		return fmt.Errorf("import directory: %w", err)
	}
	fmt.Fprintf(s.out, "%d mailboxes in %d rows, %d rows passed over; name the file as directory.file in the configuration\n",
		sum.Mailboxes, sum.Rows, sum.Skipped)
	return nil
}
