package demo

import (
	"path/filepath"

	"mesbridge/cmd/mesbridge/config"
)

// Settings are those of the demonstration in a directory as far as commands need them that look at its
// data while nothing runs.
func Settings(dir string) config.Config {
	c := config.Default()
	c.Environment, c.CitizenDomain, c.DataDir = config.Test, CitizenDomain, dir
	secret := func(name string) config.SecretFile { return config.SecretFile(filepath.Join(dir, secretsFolder, name)) }
	if s, err := readStore(dir); err == nil { // without a file: local
		c.Store = s
	}
	c.Keys = config.Keys{Master: secret("master.key"), PatientHash: secret("patient-hash.key")}
	return c
}
