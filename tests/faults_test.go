package tests

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestRedis_faults: whatever becomes of redis under a running bridge, the answer is "not now" (451, 503)
// and never a wrong yes or a final no (D17); and the bridge serves again, without a restart, as soon as
// redis is what it was.
func TestRedis_faults(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	dir := t.TempDir()
	d := startDemoOn(t, dir, "unix://"+r.door)
	f := faults{t: t, d: d, redis: r}
	f.prepare()

	r.kill()
	f.refuses("redis is down")
	r.run()
	f.recovers("redis is up again")

	r.hold()
	f.refuses("redis is silent")
	r.release()
	f.recovers("redis speaks again")

	r.configure("maxmemory", "1mb")
	f.refuses("redis is full")
	r.configure("maxmemory", "0")
	f.recovers("redis has room again")

	old, newest := filepath.Join(t.TempDir(), "old"), filepath.Join(t.TempDir(), "newest")
	r.kill()
	r.copyTo(old)
	r.run()
	f.recovers("after the copy")
	r.kill()
	r.copyTo(newest)
	r.become(old)
	r.run()
	f.refuses("redis is an old copy")
	r.kill()
	r.become("")
	r.run()
	f.refuses("redis is empty")
	if !strings.Contains(d.output.String(), "mesbridge rebuild") {
		t.Errorf("the log does not say what to do:\n%s", d.output)
	}
	r.kill()
	r.become(newest)
	r.run()
	f.recovers("redis is the newest copy")

	d.kill()
	r.kill()
	r.become("")
	r.run()
	if code, text := mesbridge(t, "rebuild", "--data", dir, "--redis", "unix://"+r.door); code != 0 {
		t.Fatalf("rebuild ends with %d:\n%s", code, text)
	}
	f.d = startDemoOn(t, dir, "unix://"+r.door)
	f.serves("rebuilt")
	f.whole()
}

// faults drives one bridge through troubles.
type faults struct {
	t     *testing.T
	d     *demo
	redis *redisServer
	taken []string // subjects that were answered 250

	browser                         *http.Client // with a session of the first patient
	conversation, contact, exchange string
}

// prepare makes what the doors lead to.
func (f *faults) prepare() {
	f.t.Helper()
	f.serves("before")
	patient := f.d.as(f.t, f.d.Patients[0].Token)
	doctor := f.d.Professionals[0]
	f.conversation = patient.about("before").ID
	f.contact = contactNamed(patient, familyName(doctor.Name))
	f.exchange = exchangeWith(f.d.as(f.t, doctor.Token), doctor.Mailboxes[0], f.d.Patients[0].INS)
	f.browser = logIn(f.t, f.d)
}

// try sends a message and returns the reply.
func (f *faults) try(subject string) string {
	f.t.Helper()
	doctor, patient := f.d.Professionals[0].Mailboxes[0], f.d.Patients[0].Address
	return f.d.send(f.t, f.d.operatorOf(doctor), doctor, []string{patient}, note(doctor, patient, subject, "x"))
}

// status asks for a page of health, or of the API.
func (f *faults) status(url, token string) int {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatalf("%s: %v", url, err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func (f *faults) serves(when string) {
	f.t.Helper()
	if got := f.try(when); !strings.HasPrefix(got, "250") {
		f.t.Fatalf("%s: %s", when, got)
	}
	f.taken = append(f.taken, when)
}

// recovers waits until a message is taken again.
func (f *faults) recovers(when string) {
	f.t.Helper()
	await(f.t, "service, though "+when, func() bool { return strings.HasPrefix(f.try(when), "250") })
	f.taken = append(f.taken, when)
	if got := f.status(f.d.Ops+"/readyz", ""); got != http.StatusOK {
		f.t.Errorf("%s: readyz answers %d", when, got)
	}
}

// refuses checks that everything is refused for now.
func (f *faults) refuses(when string) {
	f.t.Helper()
	f.refusesMail(when)
	if got := f.status(f.d.Ops+"/readyz", ""); got != http.StatusServiceUnavailable {
		f.t.Errorf("%s: readyz answers %d", when, got)
	}
	f.knockAll(when)
}

// whole checks that the inbox holds every message that was taken, once, and nothing else of them.
func (f *faults) whole() {
	f.t.Helper()
	count := map[string]int{}
	for _, line := range f.d.as(f.t, f.d.Patients[0].Token).inbox() {
		count[line.Subject]++
	}
	for _, subject := range f.taken {
		if count[subject] != 1 {
			f.t.Errorf("%q was answered 250 and is there %d times", subject, count[subject])
		}
	}
}
