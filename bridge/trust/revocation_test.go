package trust_test

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
)

// loadRevocation writes lists to files and loads them.
func loadRevocation(t testing.TB, p *trusttest.PKI, lists ...[]byte) *trust.Revocation {
	t.Helper()
	var files []string
	for _, data := range lists {
		f, err := os.CreateTemp(t.TempDir(), "*.crl")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		files = append(files, f.Name())
	}
	r, err := trust.LoadRevocation(files, p.Chain())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRevocation covers O50-O52.
func TestRevocation(t *testing.T) {
	t.Parallel()
	p := trusttest.New(t, at)
	bad := p.Issue(t, trusttest.Name("bad.fr", "1", "X")).Leaf
	good := p.Issue(t, trusttest.Name("good.fr", "1", "X")).Leaf
	r := loadRevocation(t, p, p.CRL(t, bad))
	none := loadRevocation(t, p)
	for name, tt := range map[string]struct {
		r    *trust.Revocation
		leaf *x509.Certificate
		at   time.Time
		want error
	}{
		"good":             {r, good, at, nil},
		"revoked":          {r, bad, at, trust.ErrRevoked},
		"list ended":       {r, good, at.Add(12 * time.Hour), trust.ErrRevocationUnknown},
		"list not yet":     {r, good, at.Add(-13 * time.Hour), trust.ErrRevocationUnknown},
		"nothing provided": {none, bad, at, nil},
	} {
		if err := tt.r.Check([]*x509.Certificate{tt.leaf, p.Issuer, p.Root}, tt.at); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestRevocation_foreignList_isRefused(t *testing.T) {
	t.Parallel()
	p, foreign := trusttest.New(t, at), trusttest.New(t, at)
	name := filepath.Join(t.TempDir(), "a.crl")
	write := func(data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(foreign.CRL(t))
	if _, err := trust.LoadRevocation([]string{name}, p.Chain()); err == nil {
		t.Error("a list signed by another authority of the same name was accepted")
	}
	bad := p.Issue(t, trusttest.Name("bad.fr", "1", "X")).Leaf
	write(p.CRL(t, bad))
	r, err := trust.LoadRevocation([]string{name}, p.Chain())
	if err != nil {
		t.Fatal(err)
	}
	write([]byte("nonsense"))
	if err := r.Reload(); err == nil {
		t.Error("nonsense was loaded")
	}
	if err := r.Check([]*x509.Certificate{bad, p.Issuer, p.Root}, at); !errors.Is(err, trust.ErrRevoked) {
		t.Errorf("after a failed reload the list in service is gone (O52): %v", err)
	}
}
