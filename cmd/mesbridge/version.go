package main

import (
	"fmt"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints the version that the Go tool recorded in the program.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, "mesbridge", version())
	return err
}

// version is the module's version, which the Go tool makes from the commit, and the Go release.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version + " " + info.GoVersion
}
