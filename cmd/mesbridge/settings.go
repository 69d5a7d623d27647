package main

import (
	"errors"
	"fmt"
	"io/fs"

	"mesbridge/cmd/mesbridge/config"
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
	return nil
}

type configExampleCommand struct{}

// Run prints the example.
func (configExampleCommand) Run(s streams) error { return config.WriteExample(s.out) }
