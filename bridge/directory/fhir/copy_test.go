package fhir_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/directory/fhir"
	"mesbridge/bridge/directory/fhir/fhirtest"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// clock is the time of a test; waiting moves it.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(time.Date(2026, 5, 12, 9, 30, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) Now() time.Time       { return time.Unix(0, c.now.Load()).UTC() }
func (c *clock) Move(d time.Duration) { c.now.Add(int64(d)) }
func (c *clock) Pause(ctx context.Context, d time.Duration) error {
	c.Move(d)
	return ctx.Err()
}

// world is a server, a copy of what it holds, and the table made from that.
type world struct {
	t      *testing.T
	clock  *clock
	server *fhirtest.Server
	dir    string
	copy   *fhir.Copy
	table  directory.Table
}

func newWorld(t *testing.T, all ...fhirtest.Resource) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), dir: t.TempDir()}
	w.server = fhirtest.New(t, w.clock.Now)
	w.server.Put(all...)
	w.clock.Move(24 * time.Hour) // the changes are older than what is asked for after the first crawl
	w.open(fhirtest.Key)
	return w
}

func (w *world) open(key string) {
	w.t.Helper()
	client, err := fhir.NewClient(fhir.ClientOptions{Base: w.server.URL, Key: key, PerSecond: 10, Now: w.clock.Now, Pause: w.clock.Pause})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(client.Close)
	if w.copy, err = fhir.Open(w.dir, client, w.clock.Now, slog.New(slog.DiscardHandler)); err != nil {
		w.t.Fatal(err)
	}
}

// refresh brings the copy up to date, and the table with it.
func (w *world) refresh() error {
	changed, err := w.copy.Refresh(w.t.Context())
	if err == nil && changed {
		_, err = w.table.Replace(w.copy.Entries(), nil)
	}
	return err
}

func (w *world) must() {
	w.t.Helper()
	if err := w.refresh(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) at(address string) conversations.Mailbox {
	w.t.Helper()
	a, err := rules.ParseAddress(address)
	if err != nil {
		w.t.Fatal(err)
	}
	m := w.table.Mailbox(a)
	m.Address = rules.Address{}
	return m
}

// some is a small directory: a physician, an intern with a role, a hospital with a service and an application.
func some() []fhirtest.Resource {
	return []fhirtest.Resource{
		fhirtest.Practitioner("p1", "10000001916", "LE GOFF", "ANNE", fhirtest.Box("anne.legoff@medecin.mssante.fr", "PER")),
		fhirtest.Practitioner("p2", "10000001924", "ROY", "MARC"),
		fhirtest.Organization("o1", "210000001", "CH de l'Étang",
			fhirtest.Box("cardio@ch.mssante.fr", "ORG", fhirtest.Resource{"url": "service", "valueString": "Cardiologie"}),
			fhirtest.Box("sih@ch.mssante.fr", "APP", fhirtest.Resource{"url": "description", "valueString": "Dossier patient"})),
		fhirtest.Role("r1", "p2", "o1", "FON-48", fhirtest.Box("marc.roy@ch.mssante.fr", "PER")),
	}
}

// O132-O137: mailboxes are found where they live, with who bears them; ordinary addresses are none.
func TestRefresh_whole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	w.must()
	if w.table.Len() != 4 {
		t.Errorf("%d mailboxes, want 4", w.table.Len())
	}
	for address, want := range map[string]conversations.Mailbox{
		"anne.legoff@medecin.mssante.fr": {
			Kind: rules.Personal, Name: "Dr Anne LE GOFF", Person: "810000001916", Profession: "10", ProfessionName: "Médecin", Speciality: "Médecine générale",
		},
		"marc.roy@ch.mssante.fr": {
			Kind: rules.Personal, Name: "Dr Marc ROY", Person: "810000001924", Profession: "10", ProfessionName: "Médecin", Speciality: "Médecine générale",
			Structure: "1210000001", StructureName: "CH de l'Étang", Place: "21000 DIJON", Function: "FON-48",
		},
		"cardio@ch.mssante.fr": {
			Kind: rules.Organisational, Name: "Cardiologie", Structure: "1210000001", StructureName: "CH de l'Étang", Speciality: "CH de l'Étang", Place: "21000 DIJON",
		},
		"sih@ch.mssante.fr": {
			Kind: rules.Application, Name: "Dossier patient", Structure: "1210000001", StructureName: "CH de l'Étang", Speciality: "CH de l'Étang", Place: "21000 DIJON",
		},
		"accueil@exemple.fr": {},
	} {
		if got := w.at(address); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", address, got, want)
		}
	}
	if !w.copy.Checked().Equal(newClock().Now().Add(24 * time.Hour)) {
		t.Errorf("checked %v", w.copy.Checked())
	}
}

// I117: the function of a student is known also where the mailbox is not the role's.
func TestRefresh_functionOfStudent(t *testing.T) {
	t.Parallel()
	w := newWorld(t,
		fhirtest.Practitioner("p1", "10000001916", "A", "B", fhirtest.Box("a.b@medecin.mssante.fr", "PER")),
		fhirtest.Role("r1", "p1", "o9", "FON-AU"), fhirtest.Role("r2", "p1", "o9", "FON-57"))
	w.must()
	if m := w.at("a.b@medecin.mssante.fr"); m.Function != "FON-57" {
		t.Errorf("function %q", m.Function)
	}
}

// O137, I95, D33: what changed since comes alone; a mailbox that was taken away and a resource that is gone go.
func TestRefresh_changes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	w.must()
	w.server.Asked()
	w.clock.Move(3 * time.Hour)

	p1 := fhirtest.Practitioner("p1", "10000001916", "LE GOFF-ROY", "ANNE", fhirtest.Box("anne.roy@medecin.mssante.fr", "PER")) // married; a new address
	p2 := fhirtest.Practitioner("p2", "10000001924", "ROI", "MARC")                                                             // his role did not change
	w.server.Put(p1, p2, fhirtest.Organization("o2", "210000019", "Clinique", fhirtest.Box("clinique@ch.mssante.fr", "ORG")))
	w.must()
	for _, asked := range w.server.Asked() {
		if !strings.Contains(asked, "_lastUpdated") {
			t.Errorf("asked for all: %s", asked)
		}
	}
	if m := w.at("anne.legoff@medecin.mssante.fr"); m.Kind != "" {
		t.Error("a mailbox that was taken away is there")
	}
	for address, name := range map[string]string{
		"anne.roy@medecin.mssante.fr": "Dr Anne LE GOFF-ROY", "marc.roy@ch.mssante.fr": "Dr Marc ROI", "clinique@ch.mssante.fr": "Clinique", "cardio@ch.mssante.fr": "Cardiologie",
	} {
		if m := w.at(address); m.Name != name {
			t.Errorf("%s: %q, want %q", address, m.Name, name)
		}
	}
	if m := w.at("marc.roy@ch.mssante.fr"); m.StructureName != "CH de l'Étang" || m.Function != "FON-48" {
		t.Errorf("the role lost what did not change: %+v", m)
	}

	w.clock.Move(3 * time.Hour)
	w.server.Deactivate("Practitioner", "p1")
	w.server.Deactivate("PractitionerRole", "r1")
	w.server.Put(fhirtest.Organization("o1", "210000001", "CH de l'Étang", fhirtest.Box("sih@ch.mssante.fr", "APP")))
	w.must()
	var left []string
	found, _, err := w.table.Search(conversations.MailboxQuery{}, "", 100)
	for _, m := range found {
		left = append(left, m.Address.Wire())
	}
	slices.Sort(left)
	if want := []string{"clinique@ch.mssante.fr", "sih@ch.mssante.fr"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left %q, %v; want %q", left, err, want)
	}
}

// A week later all is asked for, so that what a change list missed does not stay; a copy of a month is none (I94).
func TestRefresh_ages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	w.must()
	w.clock.Move(fhir.FullEvery + time.Hour)
	w.server.Asked()
	w.must()
	if asked := w.server.Asked(); !strings.Contains(strings.Join(asked, " "), "mailbox-mss") {
		t.Errorf("asked for changes alone: %q", asked)
	}
	w.clock.Move(fhir.MaxAge + time.Hour)
	w.open(fhirtest.Key)
	if w.copy.Entries() != nil || !w.copy.Checked().IsZero() {
		t.Error("a copy older than a month is used")
	}
	w.must()
	if w.table.Len() != 4 {
		t.Errorf("%d mailboxes", w.table.Len())
	}
}

// A crawl that was cut goes on where it stopped, also after a restart; the copy of before stays until it is whole.
func TestRefresh_resumes(t *testing.T) {
	t.Parallel()
	var all []fhirtest.Resource
	for i := range 100 {
		all = append(all, fhirtest.Practitioner(fmt.Sprintf("p%03d", i), fmt.Sprintf("1%010d", i), "NOM", "P", fhirtest.Box(fmt.Sprintf("p%d@medecin.mssante.fr", i), "PER")))
	}
	w := newWorld(t, all...)
	var served atomic.Int64
	w.server.Before(func(rw http.ResponseWriter, _ *http.Request) bool {
		if served.Add(1) > 30 {
			rw.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	})
	if err := w.refresh(); err == nil {
		t.Fatal("no error")
	}
	if w.copy.Entries() != nil {
		t.Error("half a crawl is in service")
	}
	w.server.Asked()
	w.server.Before(nil)
	w.open(fhirtest.Key)
	w.must()
	if asked := len(w.server.Asked()); asked > 50-30+4 {
		t.Errorf("%d pages asked for after 30 of 53", asked)
	}
	if w.table.Len() != 100 {
		t.Errorf("%d mailboxes, want 100", w.table.Len())
	}
}

// A page token that the server forgot makes the crawl begin anew; it does not stay stuck.
func TestRefresh_forgottenToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	w.server.PageSize(1)
	w.server.Before(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("_page_token") {
			rw.WriteHeader(http.StatusGone)
			return true
		}
		return false
	})
	w.server.Put(fhirtest.Practitioner("p3", "10000001932", "C", "D", fhirtest.Box("c.d@medecin.mssante.fr", "PER")))
	if err := w.refresh(); !errors.Is(err, fhir.ErrGone) {
		t.Fatalf("error %v", err)
	}
	w.server.Before(nil)
	w.must()
	if w.table.Len() != 5 {
		t.Errorf("%d mailboxes, want 5", w.table.Len())
	}
}

// A copy that cannot be read is forgotten and made anew.
func TestCopy_damaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	w.must()
	names, err := filepath.Glob(filepath.Join(w.dir, "rows-*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%q, %v", names, err)
	}
	if err := os.WriteFile(names[0], []byte("{\"t\":\"Prac"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.open(fhirtest.Key)
	_, err = w.table.Replace(w.copy.Entries(), nil)
	if err == nil || !w.copy.Damaged(err) || w.copy.Entries() != nil {
		t.Fatalf("error %v", err)
	}
	if w.table.Len() != 4 {
		t.Error("the table in service is gone")
	}
	w.must()
}

// A server that suddenly knows half of what it knew, or nothing, changes nothing.
func TestRefresh_shrunk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	w.must()
	w.clock.Move(fhir.FullEvery + time.Hour)
	empty := `{"resourceType":"Bundle","type":"searchset","total":0}`
	w.server.Before(func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/Practitioner") {
			return false
		}
		rw.Header().Set("Content-Type", "application/fhir+json")
		_, _ = rw.Write([]byte(empty))
		return true
	})
	if err := w.refresh(); !errors.Is(err, fhir.ErrShrunk) {
		t.Errorf("half: %v", err)
	}
	w.server.Before(func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.Header().Set("Content-Type", "application/fhir+json")
		_, _ = rw.Write([]byte(empty))
		return true
	})
	if err := w.refresh(); !errors.Is(err, directory.ErrEmpty) {
		t.Errorf("nothing: %v", err)
	}
	if w.copy.Entries() == nil || w.table.Len() != 4 {
		t.Error("the copy in service is gone")
	}
}

// O130: the key is refused at once, and nothing of it is told.
func TestRefresh_wrongKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	w.open("wrong-key")
	if err := w.refresh(); !errors.Is(err, fhir.ErrKey) || strings.Contains(err.Error(), "wrong-key") {
		t.Errorf("error %v", err)
	}
	if n := len(w.server.Asked()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
