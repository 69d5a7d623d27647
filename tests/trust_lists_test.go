package tests

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
	"mesbridge/conversations"
)

// offer puts a list on its server, lets the bridge ask, and waits for what comes of it.
func (s *trustSpace) offer(t *testing.T, list []byte, want trust.Outcome) {
	t.Helper()
	before := s.counted(t, want)
	s.lists.Put(listPath, list)
	s.app.Refresh()
	await(t, "list "+string(want), func() bool { return s.counted(t, want) > before })
}

// counted reads how often asking for the list had an outcome.
func (s *trustSpace) counted(t *testing.T, o trust.Outcome) int {
	t.Helper()
	m := regexp.MustCompile(`mesbridge_white_list_refreshes_total\{outcome="` + string(o) + `"\} (\d+)`).FindStringSubmatch(s.metrics(t))
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTrustLists holds the further cases about bad lists: whatever the server of the list gives, the list
// in service stays, mail goes on, and the alarm tells (O15, O17, O37-O40).
func TestTrustLists(t *testing.T) {
	t.Parallel()
	s := newTrustSpace(t)
	o := s.operator("ch-exemple.mssante.fr", s.issue("1990000001", "CH", "smtp.ch.fr"))
	s.start()
	date := s.org.At.Add(-time.Minute)
	good := string(s.signed(date))
	signature := regexp.MustCompile(`(?s)<Signature .*</Signature>`)
	by := func(signer tls.Certificate, generated time.Time) []byte {
		return trusttest.List(t, signer, generated, s.entries...)
	}
	at := trusttest.ListAt(s.site.URL + crlPath)
	for label, bad := range map[string]struct {
		list []byte
		step trust.Step
	}{
		"unsigned":                     {[]byte(signature.ReplaceAllString(good, "")), trust.StepAlgorithms},
		"truncated":                    {[]byte(good[:len(good)/2]), trust.StepForm},
		"altered":                      {[]byte(strings.Replace(good, "ch-exemple.mssante.fr", "ch-pirate.mssante.fr", 1)), trust.StepSignature},
		"older":                        {s.signed(s.org.At.Add(-2 * time.Hour)), trust.StepRollback},
		"signed by another IGC holder": {by(s.org.Signer(t, "smtp.ch.fr", at), date), trust.StepSignerName},
		"signer expired":               {by(s.org.Signer(t, trust.SignerName, at, s.org.Expired), date), trust.StepSigner},
		"signer of another authority":  {by(s.foreign.Signer(t, trust.SignerName), date), trust.StepSigner},
		"dated in the future":          {s.signed(s.org.At.Add(2 * time.Hour)), trust.StepRollback},
		"without our own entry":        {trusttest.List(t, s.signer, date, s.entries[1:]...), trust.StepPlausible},
		"a page of a proxy":            {[]byte("<html><body>403</body></html>"), trust.StepAlgorithms},
	} {
		t.Run(label, func(t *testing.T) {
			s.offer(t, bad.list, trust.OutcomeRefused)
			if !strings.Contains(s.log.String(), "refused at step "+string(bad.step)) ||
				!strings.Contains(s.metrics(t), `mesbridge_alarms{alarm="white-list-refresh"} 1`) {
				t.Error("nothing tells, or another step")
			}
			s.secure(t, o.cert).do("250", "MAIL FROM:<medecin@%s>", o.domain)
		})
	}
	s.offer(t, []byte(good), trust.OutcomeNew)
	if !strings.Contains(s.metrics(t), `mesbridge_alarms{alarm="white-list-refresh"} 0`) {
		t.Error("the alarm stays after a good list")
	}
}

// TestTrustSourcesDown is O15, O16 and O52 over a restart: without its servers the bridge goes on with
// what it kept, as long as that counts; then it refuses and defers for the time being.
func TestTrustSourcesDown(t *testing.T) {
	t.Parallel()
	s := newTrustSpace(t)
	listed := s.operator("ch-liste.mssante.fr", s.issue("1990000001", "CH", "smtp.ch.fr"))
	answered := s.operator("ch-reponse.mssante.fr", s.answered("reponse"))
	s.start()
	s.exchanged(t, listed, "medecin@"+listed.domain)
	s.exchanged(t, answered, "medecin@"+answered.domain)
	if err := s.app.Stop(); err != nil {
		t.Fatal(err)
	}
	s.lists.Break(http.StatusServiceUnavailable)
	s.site.Break(http.StatusServiceUnavailable)
	s.responder.Break(http.StatusServiceUnavailable)
	s.again()
	s.exchanged(t, listed, "autre@"+listed.domain) // the revocation list was kept
	c := s.secure(t, answered.cert)
	c.do("454 4.7.0", "MAIL FROM:<medecin@%s>", answered.domain)
	c.conn.Close()
	if err := s.reply(t, "Sujet de medecin@"+answered.domain); err != nil {
		t.Fatal(err)
	}
	line := "domain=" + answered.domain + " code=4.7.0"
	await(t, "deferral", func() bool { return strings.Contains(s.log.String(), line) })
	if got := s.delivery(t, "Sujet de medecin@"+answered.domain); got != conversations.DeliveryQueued {
		t.Errorf("the reply is %q", got)
	}
	if !strings.Contains(s.metrics(t), `mesbridge_alarms{alarm="revocation-unknown"} 1`) {
		t.Error("nothing tells that certificates cannot be judged")
	}
	s.responder.Break(0)
	c = s.secure(t, answered.cert)
	c.do("250", "MAIL FROM:<medecin@%s>", answered.domain)
	c.conn.Close()
	if err := s.app.Stop(); err != nil {
		t.Fatal(err)
	}
	s.settings.WhiteList.StopAfter = time.Nanosecond
	s.again()
	s.secure(t, listed.cert).do("451 4.3.0", "MAIL FROM:<medecin@%s>", listed.domain)
	state, err := os.ReadFile(filepath.Join(s.dir, "white-list.xml.json"))
	if err != nil || !strings.Contains(string(state), `"etag"`) {
		t.Errorf("%s, %v", state, err)
	}
}

// TestTrustStrict is D23 and O84: a certificate of the domain that names another host than its MX is an
// alarm, and with the setting a refusal.
func TestTrustStrict(t *testing.T) {
	t.Parallel()
	s := newTrustSpace(t)
	o := s.operator("ch-exemple.mssante.fr", s.issue("1990000001", "CH", "smtp.ch.fr"))
	s.start()
	s.exchanged(t, o, "medecin@"+o.domain)
	if text := s.metrics(t); !strings.Contains(text, `mesbridge_alarms{alarm="peer-host-name"} 1`) {
		t.Error("nothing tells")
	}
	if err := s.app.Stop(); err != nil {
		t.Fatal(err)
	}
	s.settings.SMTP.Strict = true
	s.again()
	if err := s.reply(t, "Sujet de medecin@"+o.domain); err != nil {
		t.Fatal(err)
	}
	await(t, "refused connection", func() bool {
		return strings.Contains(s.log.String(), `msg="mail server not usable" part=delivery domain=`+o.domain+" code=4.7.5")
	})
	if _, _, messages := o.server.seen(); messages != 1 {
		t.Errorf("%d messages", messages)
	}
}
