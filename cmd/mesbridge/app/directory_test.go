package app

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/directory/fhir/fhirtest"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/rules"
)

// O139: the bridge starts and knows mailboxes while the API is away; when it answers, it tells which there are, and the
// file completes what it says.
func TestDirectory_apiAway_thenThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := fhirtest.New(t, time.Now)
	server.Put(fhirtest.Practitioner("p1", "10000001916", "LE GOFF", "ANNE", fhirtest.Box("anne@medecin.mssante.fr", "PER")))
	var away atomic.Bool
	away.Store(true)
	server.Before(func(w http.ResponseWriter, _ *http.Request) bool {
		if away.Load() {
			w.WriteHeader(http.StatusForbidden) // answered at once, or the test would wait as long as the bridge is patient
		}
		return away.Load()
	})
	file, key := filepath.Join(dir, "annuaire.txt"), filepath.Join(dir, "annuaire.key")
	anne, marc := rules.Address{Local: "anne", Domain: "medecin.mssante.fr"}, rules.Address{Local: "marc", Domain: "medecin.mssante.fr"}
	err := directory.WriteFile(file, []directory.Entry{
		{Kind: rules.Personal, Address: anne, FamilyName: "ANCIEN NOM", ZeroPaper: true}, {Kind: rules.Personal, Address: marc, FamilyName: "PARTI"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte(fhirtest.Key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &App{
		Options: Options{Log: slog.New(slog.DiscardHandler), Config: config.Config{
			DataDir: dir,
			Directory: config.Directory{File: config.File(file), FHIR: config.DirectoryFHIR{
				URL: server.URL, Key: config.SecretFile(key), Every: time.Hour, PerSecond: 17,
			}},
		}},
		parts: newParts(), metrics: prometheus.NewRegistry(),
	}
	if err := a.openDirectory(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.stop(); err != nil { // the loops; the test asks by itself
		t.Fatal(err)
	}
	if m := a.directory.table.Mailbox(marc); m.Name != "PARTI" {
		t.Errorf("from the file alone: %q", m.Name)
	}
	if err := a.refreshDirectory(t.Context()); err == nil {
		t.Error("no error while the API is away")
	}
	away.Store(false)
	if err := a.refreshDirectory(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := a.directory.table.Mailbox(anne); m.Name != "Dr Anne LE GOFF" || !m.ZeroPaper {
		t.Errorf("name %q, zero paper %v", m.Name, m.ZeroPaper)
	}
	if m := a.directory.table.Mailbox(marc); m.Kind != "" {
		t.Error("a mailbox that the API does not know is there")
	}
	found, err := a.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range found {
		for _, m := range family.GetMetric() {
			values[family.GetName()] += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	if values["mesbridge_directory_mailboxes"] != 1 || values["mesbridge_directory_confirmed_seconds"] < 2*float64(time.Now().Add(-time.Hour).Unix()) ||
		values["mesbridge_directory_refreshes_total"] < 4 {
		t.Errorf("metrics %v", values)
	}
}
