package demo

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/rules"
)

// running is a demonstration in this process.
type running struct {
	Ready
	text  string
	stop  context.CancelFunc
	ended chan error
}

// begin runs a demonstration over data until the test ends or stop is called.
func begin(t *testing.T, data string) *running {
	t.Helper()
	return beginWith(t, Options{Data: data})
}

// beginWith is begin with more than the data given.
func beginWith(t *testing.T, o Options) *running {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	o.Listen, o.Ready = config.Listen{HTTP: loopback, SMTP: loopback, Ops: loopback}, ready
	o.Out, o.Log = io.Discard, slog.New(slog.DiscardHandler)
	ctx, stop := context.WithCancel(t.Context())
	r := &running{stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- Run(ctx, o) }()
	t.Cleanup(func() { r.end(t) })
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	for {
		select {
		case err := <-r.ended:
			r.ended <- err
			t.Fatalf("ended before it was ready: %v", err)
		case <-limit.C:
			t.Fatal("not ready in 30 s")
		case <-tick.C:
		}
		text, err := os.ReadFile(ready)
		if err != nil {
			continue
		}
		r.text = string(text)
		if err := json.Unmarshal(text, &r.Ready); err != nil {
			t.Fatalf("the ready file is not whole: %v", err)
		}
		return r
	}
}

// end stops it in order.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	err := <-r.ended
	r.ended <- nil
	if err != nil {
		t.Errorf("stop: %v", err)
	}
}

// The parts of this test share one demonstration and run one after the other: the client library's log
// is one for the whole process.
func TestRun(t *testing.T) {
	data := t.TempDir()
	stale := filepath.Join(t.TempDir(), "ready.json") // of an earlier start
	if err := os.WriteFile(stale, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := begin(t, data)
	t.Run("ready file", func(t *testing.T) { readyFacts(t, first) })
	t.Run("everything answers", func(t *testing.T) { everythingAnswers(t, first) })
	t.Run("second start on live data", func(t *testing.T) {
		err := Run(t.Context(), Options{Data: data, Listen: config.Listen{HTTP: loopback, SMTP: loopback, Ops: loopback}, Ready: stale, Out: io.Discard})
		if !errors.Is(err, redisserver.ErrLocked) {
			t.Errorf("error %v, want that the directory is taken", err)
		}
		if _, err := os.Stat(stale); err != nil { // it may be that of the live one
			t.Errorf("the ready file is gone: %v", err)
		}
	})
	first.end(t)
	second := begin(t, data)
	t.Run("restart keeps people, tokens and certificates", func(t *testing.T) {
		a, b := first.Ready, second.Ready
		if !slices.EqualFunc(a.Patients, b.Patients, func(x, y ReadyPatient) bool { return x.Token == y.Token && x.INS == y.INS && x.State == y.State }) {
			t.Error("patients or their tokens have changed")
		}
		if !slices.EqualFunc(a.Clinics, b.Clinics, func(x, y ReadyClinic) bool { return x.Token == y.Token && x.ClientSecret == y.ClientSecret }) {
			t.Error("clinics, their secrets or tokens have changed")
		}
		everythingAnswers(t, second)
	})
	second.end(t)
	t.Run("redis emptied under the journal", func(t *testing.T) {
		if err := os.RemoveAll(filepath.Join(data, "redis")); err != nil {
			t.Fatal(err)
		}
		err := Run(t.Context(), Options{
			Data: data, Listen: config.Listen{HTTP: loopback, SMTP: loopback, Ops: loopback}, Ready: stale,
			Out: io.Discard, Log: slog.New(slog.DiscardHandler),
		})
		if err == nil || !strings.Contains(err.Error(), "mesbridge rebuild") { // D17
			t.Errorf("error %v, want that the store is behind", err)
		}
		if _, err := os.Stat(stale); err == nil {
			t.Error("who waits for the ready file finds that of an earlier start")
		}
	})
}

// readyFacts checks the ready file against the outside contract.
func readyFacts(t *testing.T, r *running) {
	var raw map[string]any
	if err := json.Unmarshal([]byte(r.text), &raw); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"http", "ops", "smtp", "mllp", "redis", "pid", "pki", "operatorMaildirs", "notificationsMaildir",
		"patients", "professionals", "clinics", "web",
	} {
		if _, ok := raw[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if raw["mllp"] != nil {
		t.Error("mllp is not null")
	}
	if r.Redis != "managed" || r.PID != os.Getpid() {
		t.Errorf("redis %s, pid %d", r.Redis, r.PID)
	}
	var bad []string
	for _, b := range r.PKI.Bad {
		bad = append(bad, b.Name)
		if b.Domain == "" {
			t.Errorf("bad certificate %s has no domain", b.Name)
		}
	}
	slices.Sort(bad)
	if want := []string{Expired, ForeignCA, NoMatch, Revoked, Unlisted}; !slices.Equal(bad, want) {
		t.Errorf("bad certificates %q, want %q", bad, want)
	}
	tokens := map[string]bool{}
	take := func(token string) {
		if token == "" || tokens[token] {
			t.Error("a token is missing or given twice")
		}
		tokens[token] = true
	}
	for i, p := range r.Patients {
		take(p.Token)
		if p.Address != p.INS+"@"+CitizenDomain {
			t.Errorf("patient %d: address", i)
		}
		if last := i == len(r.Patients)-1; (p.Terms == "pending") != last {
			t.Errorf("patient %d: terms %s", i, p.Terms)
		}
	}
	if r.Patients[0].State != rules.Active {
		t.Errorf("first patient is %s", r.Patients[0].State)
	}
	for _, p := range r.Professionals {
		take(p.Token)
	}
	for _, c := range r.Clinics {
		take(c.Token)
		if c.ClientID == "" || c.ClientSecret == "" || len(c.Mailboxes) != 2 {
			t.Errorf("clinic %s is not whole", c.Name)
		}
	}
}

// everythingAnswers asks each listener, with tokens of each kind.
func everythingAnswers(t *testing.T, r *running) {
	for url, want := range map[string]int{
		r.HTTP + "/healthz": 200, r.HTTP + "/readyz": 200, r.Ops + "/healthz": 200, r.Ops + "/readyz": 200, r.Ops + "/metrics": 200,
		r.HTTP + "/": 200, r.HTTP + "/api/v1/inbox": 401,
	} {
		if got := status(t, url, ""); got != want {
			t.Errorf("GET %s: %d, want %d", url, got, want)
		}
	}
	if got := status(t, r.HTTP+"/api/v1/inbox", r.Patients[0].Token); got != 200 {
		t.Errorf("a patient's inbox: %d", got)
	}
	for token, mailbox := range map[string]string{
		r.Professionals[0].Token: r.Professionals[0].Mailboxes[0],
		r.Clinics[0].Token:       r.Clinics[0].Mailboxes[0],
	} {
		if got := status(t, r.HTTP+"/api/v1/exchanges?mailbox="+mailbox, token); got != 200 {
			t.Errorf("exchanges of %s: %d", mailbox, got)
		}
	}
	// Administering gives no right to read (D27), and a clinic's application reads its own mailbox only.
	for token, mailbox := range map[string]string{
		r.Professionals[3].Token: r.Professionals[3].Administers[0],
		r.Clinics[0].Token:       r.Clinics[0].Mailboxes[1],
	} {
		if got := status(t, r.HTTP+"/api/v1/exchanges?mailbox="+mailbox, token); got == 200 {
			t.Errorf("exchanges of %s are shown", mailbox)
		}
	}
}

func status(t *testing.T, url, token string) int {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}
