package clientfile

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mesbridge/oauth"
	"mesbridge/oauth/sharedfile"
)

// Errors that whoever edits the file can cure.
var (
	ErrTaken   = errors.New("a client of that id is registered already; choose another id, or rotate or remove that one")
	ErrUnknown = errors.New("no client of that id is registered; see mesbridge clients list")
	ErrPublic  = errors.New("a public client has no secret to rotate")
)

// File edits the clients. Edits of several processes at once happen one after the other.
type File struct {
	Path string
	Now  func() time.Time
}

// List gives the clients in the order in which they were added.
func (f File) List() ([]Record, error) {
	s, err := f.read()
	return s.Clients, err
}

// Add registers a client. When it authenticates by a secret, which is so when withSecret is set, the
// secret is made here and returned; it is not kept and cannot be shown again.
func (f File) Add(r Record, withSecret bool) (secret string, err error) {
	err = f.edit(func(s *stored) error {
		if slices.ContainsFunc(s.Clients, func(c Record) bool { return c.ID == r.ID }) {
			return ErrTaken
		}
		r.CreatedAt = f.Now().UTC()
		if withSecret {
			secret, r.Secrets = newSecret()
		}
		s.Clients = append(s.Clients, r)
		return nil
	})
	return secret, err
}

// Rotate gives a client a new secret, and lets the old one count for keep longer, so that its systems
// can change one after the other.
func (f File) Rotate(id string, keep time.Duration) (secret string, err error) {
	err = f.change(id, func(r *Record) error {
		if len(r.Secrets) == 0 {
			return ErrPublic
		}
		now := f.Now().UTC()
		old := r.Secrets[0]
		old.Until = now.Add(keep)
		secret, r.Secrets = newSecret()
		if keep > 0 {
			r.Secrets = append(r.Secrets, old)
		}
		r.RotatedAt = now
		return nil
	})
	return secret, err
}

// RotateKeys replaces the public keys of a client. To change without a gap, give the old and the new
// key at first, and the new one alone later.
func (f File) RotateKeys(id string, keys jose.JSONWebKeySet) error {
	return f.change(id, func(r *Record) error {
		r.Secrets, r.Keys, r.RotatedAt = nil, &keys, f.Now().UTC()
		return nil
	})
}

// RotateCertificates replaces what a client proves itself by with mutual TLS: by the subject of its certificates,
// or by the certificates themselves. To change without a gap, give the old and the new certificate at first. A
// subject stays when a certificate is renewed, and needs no change.
func (f File) RotateCertificates(id, subject string, certificates []Certificate) error {
	return f.change(id, func(r *Record) error {
		r.Secrets, r.TLSSubject, r.Certificates, r.RotatedAt = nil, subject, certificates, f.Now().UTC()
		return nil
	})
}

// Remove withdraws a client; its tokens stop at their next use.
func (f File) Remove(id string) (Record, error) {
	var gone Record
	err := f.edit(func(s *stored) error {
		i := slices.IndexFunc(s.Clients, func(c Record) bool { return c.ID == id })
		if i < 0 {
			return ErrUnknown
		}
		gone = s.Clients[i]
		s.Clients = slices.Delete(s.Clients, i, i+1)
		return nil
	})
	return gone, err
}

func (f File) change(id string, how func(*Record) error) error {
	return f.edit(func(s *stored) error {
		i := slices.IndexFunc(s.Clients, func(c Record) bool { return c.ID == id })
		if i < 0 {
			return ErrUnknown
		}
		return how(&s.Clients[i])
	})
}

func newSecret() (string, []Secret) {
	secret, hash := oauth.NewSecret()
	return secret, []Secret{{SHA256: hex.EncodeToString(hash)}}
}

// edit changes the file under a lock. Nothing is written unless every client then stands the checks.
func (f File) edit(how func(*stored) error) error {
	return sharedfile.Edit(f.Path, func() error {
		s, err := f.read()
		if err != nil {
			return err
		}
		if err := how(&s); err != nil {
			return err
		}
		if err := s.check(f.Now()); err != nil {
			return err
		}
		return f.write(s)
	})
}

func (f File) read() (stored, error) {
	text, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return stored{Version: fileVersion}, nil
	}
	if err != nil {
		return stored{}, fmt.Errorf("read clients: %w", err)
	}
	return decode(text)
}

// write replaces the file; it is there whole or as before.
func (f File) write(s stored) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode clients: %w", err)
	}
	return sharedfile.Replace(f.Path, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}
