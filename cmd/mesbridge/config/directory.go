package config

import (
	"errors"
	"time"
)

// DirectoryFHIR says how the API of the Annuaire Santé is asked.
type DirectoryFHIR struct {
	URL       string        `yaml:"url" doc:"Base of the API, https://gateway.api.esante.gouv.fr/fhir/v2 (O129). Empty: it is not asked."`
	Key       SecretFile    `yaml:"key" may:"empty" doc:"Your key of the API, from its portal, alone in the file (I89). Needed with url."`
	Roots     File          `yaml:"roots" may:"empty" doc:"Certificates that the server's must come from, PEM; empty: those of this machine."`
	Every     time.Duration `yaml:"every" doc:"How often changes are asked for. Once a week all is asked for anew."`
	PerSecond int           `yaml:"perSecond" doc:"Calls a second at most, from 1 to 17 (O130); share them out among the bridges that use one key."`
}

// Limits of the calls.
const (
	leastDirectoryEvery = 5 * time.Minute
	mostDirectoryEvery  = 7 * 24 * time.Hour
	mostCallsPerSecond  = 17
)

func (f DirectoryFHIR) faults(env Environment) []error {
	if f.URL == "" {
		return nil
	}
	errs := []error{urlFault("directory.fhir.url", f.URL, env)}
	if f.Key == "" {
		errs = append(errs, errors.New("directory.fhir.key is missing: name the file with your key of the API (I89)"))
	}
	if f.Every < leastDirectoryEvery || f.Every > mostDirectoryEvery {
		errs = append(errs, errors.New("directory.fhir.every: write a time from 5m to 168h"))
	}
	if f.PerSecond < 1 || f.PerSecond > mostCallsPerSecond {
		errs = append(errs, errors.New("directory.fhir.perSecond: write a number from 1 to 17 (O130)"))
	}
	return errs
}
