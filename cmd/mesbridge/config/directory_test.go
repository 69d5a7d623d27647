package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// O129, O130: the API is asked by https, with a key, and no more often than it allows.
func TestDirectoryFHIR_faults(t *testing.T) {
	t.Parallel()
	good := DirectoryFHIR{URL: "https://gateway.api.esante.gouv.fr/fhir/v2", Key: "key", Every: time.Hour, PerSecond: 10}
	for name, c := range map[string]struct {
		change func(*DirectoryFHIR)
		want   string
	}{
		"good":          {func(*DirectoryFHIR) {}, ""},
		"not asked":     {func(f *DirectoryFHIR) { *f = DirectoryFHIR{} }, ""},
		"plain http":    {func(f *DirectoryFHIR) { f.URL = "http://gateway.api.esante.gouv.fr/fhir/v2" }, "https"},
		"no key":        {func(f *DirectoryFHIR) { f.Key = "" }, "directory.fhir.key is missing"},
		"too often":     {func(f *DirectoryFHIR) { f.Every = time.Minute }, "from 5m"},
		"too seldom":    {func(f *DirectoryFHIR) { f.Every = 1000 * time.Hour }, "168h"},
		"too many":      {func(f *DirectoryFHIR) { f.PerSecond = 18 }, "from 1 to 17"},
		"none a second": {func(f *DirectoryFHIR) { f.PerSecond = 0 }, "from 1 to 17"},
	} {
		f := good
		c.change(&f)
		err := errors.Join(f.faults(Production)...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
