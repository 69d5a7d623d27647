package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"text/tabwriter"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations/retention"
)

type checkConfigCommand struct {
	File string `arg:"" help:"Configuration file."`
}

// Run checks the settings, and the files that they name as far as this machine has them. A file that
// is not here is only told: the settings may be meant for another machine.
func (c checkConfigCommand) Run(s streams) error {
	settings, err := config.Load(c.File)
	if err != nil {
		return usageError{err}
	}
	var faults []error
	for _, f := range settings.CheckFiles() {
		if errors.Is(f, fs.ErrNotExist) {
			fmt.Fprintf(s.err, "mesbridge: note: %v; serve will need it\n", f)
			continue
		}
		faults = append(faults, f)
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	fmt.Fprintln(s.out, "the configuration is complete")
	return tellRetention(s.out, settings.Retention.Periods())
}

// tellRetention prints how long each kind of data stays.
func tellRetention(out io.Writer, p retention.Periods) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nwhat is kept\thow long\twhat lets it go; its trace\trules")
	for _, l := range p.Table() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Kind, l.Keep, l.How, l.Rules)
	}
	return w.Flush()
}

type configExampleCommand struct{}

// Run prints the example.
func (configExampleCommand) Run(s streams) error { return config.WriteExample(s.out) }
