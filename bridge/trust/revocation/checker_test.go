package revocation_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"mesbridge/bridge/trust/alarm"
	"mesbridge/bridge/trust/fetch"
	"mesbridge/bridge/trust/revocation"
	"mesbridge/bridge/trust/trusttest"
)

// at is the instant around which all certificates of these tests are valid.
var at = time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)

// world is an authority with its servers, and a checker that asks them.
type world struct {
	*trusttest.PKI
	site      *trusttest.Site
	responder *trusttest.Responder
	alarms    *alarm.Board
	clock     atomic.Int64 // nanoseconds since at
	options   revocation.Options
}

func newWorld(t *testing.T) *world {
	t.Helper()
	p := trusttest.New(t, at)
	w := &world{PKI: p, site: trusttest.NewSite(t, tls.Certificate{}), responder: trusttest.NewResponder(t, p)}
	log := slog.New(slog.DiscardHandler)
	w.alarms = alarm.NewBoard(log, w.now)
	w.options = revocation.Options{
		Authorities: p.Chain(), Alarms: w.alarms,
		Online: &revocation.Online{
			Base: t.Context(), Dir: t.TempDir(), Now: w.now, Log: log,
			Client: fetch.New(fetch.Options{MaxBytes: 1 << 20, Timeout: 20 * time.Second}),
		},
	}
	return w
}

func (w *world) now() time.Time          { return at.Add(time.Duration(w.clock.Load())) }
func (w *world) advance(d time.Duration) { w.clock.Add(int64(d)) }
func (w *world) holds(n alarm.Name) bool { return w.count(n) > 0 }
func (w *world) chain(leaf tls.Certificate) []*x509.Certificate {
	return []*x509.Certificate{leaf.Leaf, w.Issuer, w.Root}
}

func (w *world) count(n alarm.Name) (count int) {
	for _, a := range w.alarms.Active() {
		if a.Name == n {
			count++
		}
	}
	return count
}

func (w *world) open(t *testing.T) *revocation.Checker {
	t.Helper()
	c, err := revocation.Open(w.options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// listed and answered are certificates that name the list, and the responder.
func (w *world) listed(t *testing.T) tls.Certificate {
	t.Helper()
	return w.Issue(t, trusttest.Name("listed.fr", "1", "X"), trusttest.ListAt("ldap://ldap.test/cn=x", w.site.URL+"/a.crl"))
}

func (w *world) answered(t *testing.T) tls.Certificate {
	t.Helper()
	return w.Issue(t, trusttest.Name("answered.fr", "1", "X"), trusttest.ResponderAt(w.responder.URL))
}

// want checks one judgement at the present instant.
func (w *world) want(t *testing.T, c *revocation.Checker, leaf tls.Certificate, want error) {
	t.Helper()
	if err := c.Check(w.chain(leaf), w.now()); !errors.Is(err, want) || (err == nil) != (want == nil) {
		t.Errorf("%s: %v, want %v", leaf.Leaf.Subject.CommonName, err, want)
	}
}

// TestChecker_lists covers O50 and O52: the list that a certificate names is fetched, kept across a
// restart, and used until its end when no newer one can be had.
func TestChecker_lists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, bad := w.listed(t), w.listed(t)
	w.site.Put("/a.crl", w.CRL(t, bad.Leaf))
	c := w.open(t)
	w.want(t, c, good, nil)
	w.want(t, c, bad, revocation.ErrRevoked)
	if full, again := w.site.Asked("/a.crl"); full != 1 || again != 0 {
		t.Errorf("the list was fetched %d times and asked for %d times", full, again)
	}
	if err := c.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	if full, again := w.site.Asked("/a.crl"); full != 1 || again != 1 {
		t.Errorf("an unchanged list was fetched %d times", full)
	}
	w.site.Break(http.StatusServiceUnavailable)
	if err := c.Refresh(t.Context()); err == nil || !w.holds(alarm.RevocationData) {
		t.Errorf("a source that is down is not told: %v", err)
	}
	again := w.open(t)
	w.advance(12*time.Hour - 1)
	w.want(t, again, good, nil)
	w.want(t, again, bad, revocation.ErrRevoked)
	w.advance(1) // nextUpdate
	w.want(t, again, good, revocation.ErrUnknown)
	if !w.holds(alarm.RevocationGone) {
		t.Error("nothing tells, and there is no alarm")
	}
	w.site.Break(0)
	w.site.Put("/a.crl", w.CRLOf(t, &x509.RevocationList{ThisUpdate: w.now(), NextUpdate: w.now().Add(time.Hour)}))
	w.want(t, again, good, revocation.ErrUnknown) // the source rests for a minute
	w.advance(time.Minute)
	w.want(t, again, good, nil)
	if w.holds(alarm.RevocationGone) || w.holds(alarm.RevocationData) {
		t.Errorf("alarms stay: %+v", w.alarms.Active())
	}
}

// TestChecker_refusedLists covers RFC 5280 section 5: lists in which silence means nothing, of another
// authority, or older than the one in service, change nothing.
func TestChecker_refusedLists(t *testing.T) {
	t.Parallel()
	extension := func(id int, value any) []pkix.Extension {
		der, err := asn1.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, id}, Critical: true, Value: der}}
	}
	type indirect struct {
		Indirect bool `asn1:"tag:4"`
	}
	type users struct {
		User bool `asn1:"tag:1"`
	}
	w := newWorld(t)
	foreign, sibling := trusttest.New(t, at), w.Sibling(t, "AC AUTRE")
	bad := w.listed(t)
	w.site.Put("/a.crl", w.CRL(t, bad.Leaf))
	c := w.open(t)
	w.want(t, c, bad, revocation.ErrRevoked)
	fresh := func(extensions []pkix.Extension) *x509.RevocationList {
		return &x509.RevocationList{ThisUpdate: at, NextUpdate: at.Add(time.Hour), ExtraExtensions: extensions}
	}
	entry := fresh(nil)
	entry.RevokedCertificateEntries = []x509.RevocationListEntry{{
		SerialNumber: bad.Leaf.SerialNumber, RevocationTime: at, ExtraExtensions: extension(29, pkix.RDNSequence{}),
	}}
	for name, tt := range map[string]struct {
		list []byte
		says string
	}{
		"delta":                     {w.CRLOf(t, fresh(extension(27, 1))), "delta"},
		"indirect":                  {w.CRLOf(t, fresh(extension(28, indirect{true}))), "indirect"},
		"indirect by an entry":      {w.CRLOf(t, entry), "indirect"},
		"of a part":                 {w.CRLOf(t, fresh(extension(28, users{true}))), "part"},
		"not understood":            {w.CRLOf(t, fresh(extension(99, 1))), "critical extension"},
		"another key":               {foreign.CRL(t), "verification"},
		"another authority":         {sibling.CRL(t), "not among"},
		"older than in service":     {w.CRLOf(t, &x509.RevocationList{ThisUpdate: at.Add(-13 * time.Hour), NextUpdate: at.Add(time.Hour)}), "older"},
		"nonsense":                  {[]byte("nonsense"), ""},
		"a certificate, not a list": {trusttest.CertificatePEM(w.Issuer), ""},
	} {
		w.site.Put("/a.crl", tt.list)
		if err := c.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
		w.want(t, c, bad, revocation.ErrRevoked)
	}
}

// TestChecker_authority covers O51 for what stands between a peer and the root.
func TestChecker_authority(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.site.Put("/a.crl", w.CRL(t))
	w.site.Put("/root.crl", w.RootCRL(t, w.Issuer))
	leaf := w.listed(t)
	w.want(t, w.open(t), leaf, nil)
	w.options.Online.URLs = []string{w.site.URL + "/root.crl"}
	w.want(t, w.open(t), leaf, revocation.ErrRevoked)
}

// TestChecker_responder covers OCSP (O50, RFC 6960): asked where no list tells, kept until nextUpdate.
func TestChecker_responder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, bad := w.answered(t), w.answered(t)
	w.responder.Revoke(bad.Leaf)
	c := w.open(t)
	for range 3 {
		w.want(t, c, good, nil)
		w.want(t, c, bad, revocation.ErrRevoked)
	}
	if n := w.responder.Asked(); n != 2 {
		t.Errorf("%d questions for two certificates", n)
	}
	w.responder.Break(http.StatusServiceUnavailable)
	w.advance(time.Hour - 1)
	w.want(t, c, good, nil)
	w.advance(1)
	w.want(t, c, good, revocation.ErrUnknown)
	w.options.SoftFail = true
	w.want(t, w.open(t), good, nil) // the emergency switch of O52
	if !w.holds(alarm.RevocationGone) {
		t.Error("softFail is silent")
	}
	w.options.SoftFail, w.options.Online.OCSP = false, w.responder.URL
	w.responder.Break(0)
	w.responder.Change(func(r *ocsp.Response) { r.NextUpdate = at.Add(3 * time.Hour) })
	silent := w.Issue(t, trusttest.Name("silent.fr", "1", "X"))
	w.want(t, w.open(t), silent, nil) // the responder of the settings
}

// TestChecker_badAnswers covers what RFC 6960 sections 3.2 and 4.2.2 ask of an answer.
func TestChecker_badAnswers(t *testing.T) {
	t.Parallel()
	foreign := trusttest.New(t, at)
	signing := trusttest.Usage(x509.ExtKeyUsageOCSPSigning)
	name := trusttest.Name("ocsp.test", "1", "X")
	for label, tt := range map[string]struct {
		signer func(*world) tls.Certificate // nil: the authority itself
		change func(*ocsp.Response)
		want   error
	}{
		"the authority":       {nil, nil, nil},
		"a delegate":          {func(w *world) tls.Certificate { return w.Issue(t, name, signing) }, nil, nil},
		"any of its holders":  {func(w *world) tls.Certificate { return w.Issue(t, name) }, nil, revocation.ErrUnknown},
		"an expired delegate": {func(w *world) tls.Certificate { return w.Issue(t, name, signing, w.Expired) }, nil, revocation.ErrUnknown},
		"a weak delegate":     {func(w *world) tls.Certificate { return w.IssueKey(t, name, trusttest.RSAKey(t, 1024), signing) }, nil, revocation.ErrUnknown},
		"another authority's": {func(*world) tls.Certificate { return foreign.Issue(t, name, signing) }, nil, revocation.ErrUnknown},
		"unknown":             {nil, func(r *ocsp.Response) { r.Status = ocsp.Unknown }, revocation.ErrUnknown},
		"ended":               {nil, func(r *ocsp.Response) { r.NextUpdate = at }, revocation.ErrUnknown},
		"of the future":       {nil, func(r *ocsp.Response) { r.ThisUpdate = at.Add(6 * time.Minute) }, revocation.ErrUnknown},
		"of another":          {nil, func(r *ocsp.Response) { r.SerialNumber = foreign.Root.SerialNumber }, revocation.ErrUnknown},
		"no end, of now":      {nil, func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = at, time.Time{} }, nil},
		"no end, long ago":    {nil, func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = at.Add(-time.Hour), time.Time{} }, revocation.ErrUnknown},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.signer != nil {
				w.responder.SignAs(tt.signer(w))
			}
			if tt.change != nil {
				w.responder.Change(tt.change)
			}
			w.want(t, w.open(t), w.answered(t), tt.want)
		})
	}
}

// TestChecker_run covers O52: lists are fetched before anybody needs them.
func TestChecker_run(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.site.Put("/a.crl", w.CRL(t))
	w.options.Online.URLs = []string{w.site.URL + "/a.crl"}
	asked := make(chan error, 10)
	w.options.Asked = func(_ string, err error) { asked <- err }
	c := w.open(t)
	go c.Run(t.Context(), time.Hour, func(err error) { t.Error(err) })
	if err := <-asked; err != nil {
		t.Error(err)
	}
	c.Wake()
	if err := <-asked; err != nil || len(c.Lists()) != 1 || c.Lists()[0].Authority != w.Issuer.Subject.CommonName {
		t.Errorf("%v, %d lists", err, len(c.Lists()))
	}
}
