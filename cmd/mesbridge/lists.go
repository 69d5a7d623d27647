package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/trust"
	"mesbridge/cmd/mesbridge/app"
)

// listFlags are what a white list is judged by.
type listFlags struct {
	CA     string     `name:"ca" placeholder:"FILE" help:"Chain that the signer's certificate must come from, PEM; ca.pem beside the list when left out."`
	Signer []string   `placeholder:"NAME" help:"Common name that may sign; alb.mssante.fr when left out."`
	CRL    []string   `placeholder:"FILE" help:"Revocation list of that chain."`
	At     *time.Time `placeholder:"TIME" help:"Instant to judge at, such as 2026-05-12T12:00:00Z; now when left out."`
}

// options reads the files that the flags name.
func (f listFlags) options(list string) (trust.Options, error) {
	if f.CA == "" {
		f.CA = filepath.Join(filepath.Dir(list), "ca.pem")
	}
	chain, err := trust.LoadAuthorities(f.CA)
	if err != nil {
		return trust.Options{}, usageError{fmt.Errorf("read chain: %w; name it with --ca FILE", err)}
	}
	o := trust.Options{Chain: chain, SignerNames: f.Signer, Now: time.Now()}
	if f.At != nil {
		o.Now = *f.At
	}
	if len(f.CRL) > 0 {
		if o.Revocation, err = trust.LoadRevocation(f.CRL, chain); err != nil {
			return trust.Options{}, fmt.Errorf("read revocation list: %w", err)
		}
	}
	return o, nil
}

// read reads a list and says how to judge it.
func (f listFlags) read(file string) ([]byte, trust.Options, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, trust.Options{}, fmt.Errorf("read white list: %w", err)
	}
	o, err := f.options(file)
	return data, o, err
}

type trustVerifyCommand struct {
	File string `arg:"" help:"White list, as it was fetched."`
	listFlags
	Previous string `placeholder:"FILE" help:"List in service, which the file must not be older than (O17)."`
	Domain   string `placeholder:"NAME" help:"Domain that the list must name with --certificate (O44)."`
	Own      string `name:"certificate" placeholder:"FILE" help:"Our certificate, PEM."`
}

// Run judges the list in the order of O39 and tells each check.
func (c trustVerifyCommand) Run(s streams) error {
	data, o, err := c.read(c.File)
	if err != nil {
		return err
	}
	if err = c.compare(&o); err != nil {
		return err
	}
	list, checks := trust.Examine(data, o)
	for _, check := range checks {
		word := "ok"
		if check.Err != nil {
			word = "refused"
		}
		fmt.Fprintln(s.out, strings.TrimRight(fmt.Sprintf("%-12s %-8s %s", check.Step, word, check.Note), " "))
	}
	if last := checks[len(checks)-1]; last.Err != nil {
		return fmt.Errorf("%w; keep the list in service and fetch it again", &trust.VerifyError{Step: last.Step, Err: last.Err})
	}
	fmt.Fprintf(s.out, "valid: generated %s, %d entries, %d left out as unreadable\n",
		list.Generated().Format(time.RFC3339), list.Entries(), list.Skipped())
	return nil
}

// compare reads what the list is compared with.
func (c trustVerifyCommand) compare(o *trust.Options) error {
	if (c.Domain == "") != (c.Own == "") {
		return usageError{errors.New("--domain and --certificate go together")}
	}
	if c.Own != "" {
		text, err := os.ReadFile(c.Own)
		if err != nil {
			return usageError{fmt.Errorf("read certificate: %w", err)}
		}
		dn, err := ownDN(text)
		if err != nil {
			return usageError{fmt.Errorf("read certificate: %w", err)}
		}
		o.OwnDomain, o.OwnDNs = c.Domain, []trust.DN{dn}
	}
	if c.Previous == "" {
		return nil
	}
	data, err := os.ReadFile(c.Previous)
	if err != nil {
		return usageError{fmt.Errorf("read list in service: %w", err)}
	}
	before := trust.Options{Chain: o.Chain, SignerNames: o.SignerNames, Now: o.Now}
	if o.Previous, err = trust.Verify(data, before); err != nil {
		return usageError{fmt.Errorf("read list in service: %w", err)}
	}
	return nil
}

// ownDN is the subject of the first certificate of a PEM file.
func ownDN(text []byte) (trust.DN, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return "", errors.New("the file is not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	return trust.CertificateDN(cert)
}

type trustAcceptCommand struct {
	File string `arg:"" help:"White list that the bridge holds back as older, or as having lost more than half of its entries."`
	listFlags
	Data string `required:"" type:"existingdir" placeholder:"DIR" help:"Data directory of the bridge (dataDir)."`
}

// Run accepts one list for one time, after every check that does not compare it with the one in service
// (O17, O39). The bridge takes it when its source gives it next.
func (c trustAcceptCommand) Run(s streams) error {
	data, o, err := c.read(c.File)
	if err != nil {
		return err
	}
	list, err := trust.Verify(data, o)
	if err != nil {
		return fmt.Errorf("%w; nothing can accept this list", err)
	}
	if err = trust.Accept(app.KeptList(c.Data), data); err != nil {
		return fmt.Errorf("accept white list: %w", err)
	}
	fmt.Fprintf(s.out, "accepted once: generated %s, %d entries; send SIGHUP to the bridge, or wait for its next look\n",
		list.Generated().Format(time.RFC3339), list.Entries())
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
