package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// readyFile is the part of the ready file (docs/contract.md) that the tests use.
type readyFile struct {
	HTTP  string `json:"http"`
	Ops   string `json:"ops"`
	SMTP  string `json:"smtp"`
	Redis string `json:"redis"`
	PID   int    `json:"pid"`
	PKI   struct {
		CA        string       `json:"ca"`
		WhiteList string       `json:"whiteList"`
		Operators []credential `json:"operators"`
		Bad       []credential `json:"bad"`
	} `json:"pki"`
	OperatorMaildirs     string `json:"operatorMaildirs"`
	NotificationsMaildir string `json:"notificationsMaildir"`
	Patients             []struct {
		INS, Name, Address, State, Token string
		Minor                            bool
		Representatives, Caregivers      []string
	} `json:"patients"`
	Newcomer struct {
		INS, Address, Login, FamilyName, GivenNames, BirthDate, Sex, BirthPlace string
	} `json:"newcomer"`
	Professionals []struct {
		ID, Name, Token string
		Enrols          bool
		Mailboxes       []string
		Administers     []string
	} `json:"professionals"`
	Clinics []struct {
		FINESS, Name, ClientID, ClientSecret, Token string
		Mailboxes                                   []string
	} `json:"clinics"`
	MTLS   string `json:"mtls"`
	Editor struct {
		ClientID, Cert, Key, Provider, ProviderClientID, ProviderClientSecret, ProviderRedirect string
	} `json:"editor"`
	Web struct {
		PatientLogin      string `json:"patientLogin"`
		ProfessionalLogin string `json:"professionalLogin"`
	} `json:"web"`
}

// credential is one operator's certificate of the demonstration.
type credential struct {
	Name    string   `json:"name"`
	Domain  string   `json:"domain"`
	Domains []string `json:"domains"`
	Cert    string   `json:"cert"`
	Key     string   `json:"key"`
}

// demo is a running demonstration.
type demo struct {
	readyFile
	t      *testing.T
	dir    string
	cmd    *exec.Cmd
	output *bytes.Buffer
	ended  chan error
}

var binary = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("MESBRIDGE"); given != "" {
		return given, nil
	}
	dir, err := os.MkdirTemp("", "mesbridge")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "mesbridge")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", path, "mesbridge/cmd/mesbridge")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.New("go build: " + string(out))
	}
	return path, nil
})

// startDemo starts the demonstration on free ports over the data in dir, with more flags, and waits until it
// is ready.
func startDemo(t *testing.T, dir string, more ...string) *demo {
	t.Helper()
	d := startDemoOn(t, dir, "managed", more...)
	if d.Redis != "managed" {
		t.Fatalf("the demonstration runs on a %s redis; install redis-server", d.Redis)
	}
	return d
}

// startDemoOn starts the demonstration on a redis, with more flags.
func startDemoOn(t *testing.T, dir, redis string, more ...string) *demo {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(t.TempDir(), "ready.json")
	d := &demo{t: t, dir: dir, output: &bytes.Buffer{}, ended: make(chan error, 1)}
	d.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), bin, append([]string{
		"demo", "--data", dir, "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--ready", ready, "--redis", redis,
	}, more...)...)
	d.cmd.Stdout, d.cmd.Stderr = d.output, d.output
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	t.Cleanup(d.stop)
	d.await(ready)
	return d
}

// await reads the ready file as soon as it is there; it is written whole or not at all.
func (d *demo) await(path string) {
	d.t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-d.ended:
			d.ended <- err
			d.t.Fatalf("the demonstration ended before it was ready: %v\n%s", err, d.output)
		case <-deadline:
			d.t.Fatalf("the demonstration is not ready after a minute\n%s", d.output)
		case <-tick.C:
			b, err := os.ReadFile(path)
			if err != nil {
				continue
			}
			if err := json.Unmarshal(b, &d.readyFile); err != nil {
				d.t.Fatalf("ready file: %v", err)
			}
			return
		}
	}
}

// stop ends the demonstration as an operator would, and checks that it ends cleanly.
func (d *demo) stop() {
	select {
	case err := <-d.ended:
		d.ended <- err
		return
	default:
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-d.ended:
		d.ended <- err
		if err != nil {
			d.t.Errorf("stop: %v\n%s", err, d.output)
		}
	case <-time.After(30 * time.Second):
		_ = d.cmd.Process.Kill()
		d.t.Errorf("the demonstration did not stop in 30 s\n%s", d.output)
	}
}

// kill ends the bridge at once, without a chance to tidy up.
func (d *demo) kill() {
	_ = d.cmd.Process.Signal(syscall.SIGKILL)
	err := <-d.ended
	d.ended <- err
}

// operatorOf returns the credential of the operator that serves a mailbox's domain.
func (d *demo) operatorOf(mailbox string) credential {
	d.t.Helper()
	domain := mailbox[bytes.IndexByte([]byte(mailbox), '@')+1:]
	for _, o := range d.PKI.Operators {
		for _, served := range o.Domains {
			if served == domain {
				return o
			}
		}
	}
	d.t.Fatalf("no operator serves %s", domain)
	return credential{}
}

// patientIn returns the index of a patient whose account is in a state.
func (d *demo) patientIn(state string) int {
	d.t.Helper()
	for i, p := range d.Patients {
		if p.State == state {
			return i
		}
	}
	d.t.Fatalf("no patient is %s", state)
	return 0
}
