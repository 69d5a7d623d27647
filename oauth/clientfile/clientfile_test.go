package clientfile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mesbridge/oauth"
)

var noon = time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)

func newFile(t *testing.T) File {
	t.Helper()
	return File{Path: filepath.Join(t.TempDir(), "clients.json"), Now: func() time.Time { return noon }}
}

func clinic(id string) Record {
	return Record{ID: id, Name: "Clinique", Kind: oauth.Application, Scopes: []string{"episode.close"}, FINESS: "990000010", Mailboxes: []string{"dpi@clinique.mssante.fr"}}
}

func open(t *testing.T, f File, now func() time.Time) *Register {
	t.Helper()
	r, err := Open(f.Path, now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func add(t *testing.T, f File, r Record) string {
	t.Helper()
	secret, err := f.Add(r, true)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestRegister_sees_everyChange(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	r := open(t, f, f.Now)
	if _, err := r.Client(t.Context(), "sih"); !errors.Is(err, oauth.ErrUnknownClient) {
		t.Errorf("without a file: %v", err)
	}
	secret := add(t, f, clinic("sih"))
	c, err := r.Client(t.Context(), "sih")
	if err != nil || !slices.Equal(c.SecretHash, oauth.HashSecret(secret)) || c.FINESS != "990000010" {
		t.Errorf("after add: %v", err)
	}
	if got := r.Mailboxes("sih"); !slices.Equal(got, []string{"dpi@clinique.mssante.fr"}) {
		t.Errorf("mailboxes %v", got)
	}
	if gone, err := f.Remove("sih"); err != nil || gone.Name != "Clinique" {
		t.Errorf("remove: %v", err)
	}
	if _, err := r.Client(t.Context(), "sih"); !errors.Is(err, oauth.ErrUnknownClient) || r.Mailboxes("sih") != nil {
		t.Errorf("after remove: %v", err)
	}
}

func TestRotate_oldSecretCountsForAWhile(t *testing.T) {
	t.Parallel()
	f, now := newFile(t), noon
	r := open(t, f, func() time.Time { return now })
	first := add(t, f, clinic("sih"))
	second, err := f.Rotate("sih", time.Hour)
	if err != nil || second == first {
		t.Fatal(err)
	}
	counting := func() (n int) {
		c, err := r.Client(t.Context(), "sih")
		if err != nil || !slices.Equal(c.SecretHash, oauth.HashSecret(second)) {
			t.Fatalf("the new secret does not count: %v", err)
		}
		for _, old := range c.OldSecretHashes {
			if slices.Equal(old, oauth.HashSecret(first)) {
				n++
			}
		}
		return n
	}
	now = noon.Add(time.Hour - 1)
	if counting() != 1 {
		t.Error("the old secret ends before its time")
	}
	if now = noon.Add(time.Hour); counting() != 0 {
		t.Error("the old secret outlives its time")
	}
	if second, err = f.Rotate("sih", 0); err != nil || counting() != 0 {
		t.Errorf("an old secret counts after a rotation at once: %v", err)
	}
}

func TestKeys_replaceSecrets(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	add(t, f, clinic("sih"))
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.RotateKeys("sih", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private, KeyID: "k"}}}); err == nil {
		t.Error("a private key was taken into the file")
	}
	if err := f.RotateKeys("sih", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private.Public(), KeyID: "k"}}}); err != nil {
		t.Fatal(err)
	}
	c, err := open(t, f, f.Now).Client(t.Context(), "sih")
	if err != nil || len(c.Keys) != 1 || c.Keys[0].ID != "k" || c.SecretHash != nil || c.OldSecretHashes != nil {
		t.Errorf("after a change to keys: %d keys, %v", len(c.Keys), err)
	}
	if _, err := f.Rotate("sih", 0); !errors.Is(err, ErrPublic) {
		t.Errorf("rotating the secret of a client with keys: %v", err)
	}
}

func TestFile_refuses(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	add(t, f, clinic("sih"))
	for name, r := range map[string]Record{
		"the same id":           clinic("sih"),
		"no kind":               {ID: "x"},
		"no redirect":           {ID: "x", Kind: oauth.Patient},
		"a redirect in clear":   {ID: "x", Kind: oauth.Patient, RedirectURIs: []string{"http://app.example/"}},
		"an application public": {ID: "x", Kind: oauth.Application},
	} {
		if _, err := f.Add(r, false); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for name, err := range map[string]error{
		"rotate": func() error { _, err := f.Rotate("nobody", 0); return err }(),
		"remove": func() error { _, err := f.Remove("nobody"); return err }(),
	} {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, err := f.List(); err != nil || len(all) != 1 {
		t.Errorf("%d clients, %v", len(all), err)
	}
}

func TestFile_holdsNoSecret(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	secret := add(t, f, clinic("sih"))
	text, err := os.ReadFile(f.Path)
	if err != nil || strings.Contains(string(text), secret) || !strings.Contains(string(text), hex.EncodeToString(oauth.HashSecret(secret))) {
		t.Errorf("the file tells the secret, or not its hash: %v", err)
	}
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestRegister_damagedFile: D17, not knowing is not yes, and not "unknown" either.
func TestRegister_damagedFile(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	add(t, f, clinic("sih"))
	r := open(t, f, f.Now)
	whole, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut":            string(whole[:len(whole)/2]),
		"more after it":  string(whole) + "{}",
		"other version":  strings.Replace(string(whole), `"version": 1`, `"version": 2`, 1),
		"unknown field":  strings.Replace(string(whole), `"name"`, `"nom"`, 1),
		"not a hash":     strings.Replace(string(whole), `"sha256": "`, `"sha256": "zz`, 1),
		"reserved value": strings.Replace(string(whole), `"application"`, `"root"`, 1),
	} {
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Client(t.Context(), "sih"); !errors.Is(err, oauth.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Open(f.Path, f.Now, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s: opened", name)
		}
		if _, err := f.Add(clinic("other"), true); err == nil {
			t.Errorf("%s: edited", name)
		}
	}
	if err := os.WriteFile(f.Path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Client(t.Context(), "sih"); err != nil {
		t.Errorf("mended: %v", err)
	}
}

func TestFile_editsAtOnce_keepAll(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	var all sync.WaitGroup
	for _, id := range strings.Split("abcdefghijklmnop", "") {
		all.Go(func() {
			if _, err := f.Add(clinic(id), true); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if list, err := f.List(); err != nil || len(list) != 16 {
		t.Errorf("%d of 16, %v", len(list), err)
	}
}

// FuzzDecode: whatever stands in the file, it is a list of sound clients or an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"clients":[{"id":"a","name":"A","kind":"patient","redirectUris":["https://a.example/"],"scopes":["openid"],"createdAt":"2026-05-12T12:00:00Z"}]}`))
	f.Add([]byte(`{"version":1,"clients":[{"id":"a","kind":"application","scopes":[],"jwks":{"keys":[{"kty":"EC"}]},"createdAt":"2026-05-12T12:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := decode(text)
		if err != nil {
			return
		}
		if err := s.check(noon); err != nil {
			t.Errorf("a list that was taken has unsound clients: %v", err)
		}
	})
}
