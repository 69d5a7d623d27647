package archive

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Errors of the keys of an archive. Their texts say what to do.
var (
	ErrKeyForm    = errors.New("the signing key must be an Ed25519 key, PEM: openssl genpkey -algorithm ed25519")
	ErrKeyExposed = errors.New("the signing key can be read by others: chmod 600 it")
	ErrOtherKey   = errors.New("the signing key is not the one of public.pem in the archive: give the right one back, or move the archive away")
)

// publicFile is the public key's place in an archive.
const publicFile = "public.pem"

// ReadKey reads a signing key from a file that only its owner may read.
func ReadKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, ErrKeyExposed
	}
	text, err := os.ReadFile(path) //nolint:gosec // named by whoever runs the program
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, ErrKeyForm
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if signing, ok := key.(ed25519.PrivateKey); ok && err == nil {
		return signing, nil
	}
	return nil, ErrKeyForm
}

// MakeKey returns the signing key at path, drawing it first when there is none.
func MakeKey(path string) (ed25519.PrivateKey, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return ReadKey(path)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("draw signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write signing key: %w", err)
	}
	return key, writeFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// ParsePublicKey reads a public key, PEM.
func ParsePublicKey(text []byte) (ed25519.PublicKey, error) {
	block, rest := pem.Decode(text)
	if block == nil || len(rest) > 0 || string(pem.EncodeToMemory(block)) != string(text) {
		return nil, errors.New("unreadable public key")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if public, ok := key.(ed25519.PublicKey); ok && err == nil {
		return public, nil
	}
	return nil, errors.New("not an Ed25519 public key")
}

// publish puts the public key beside the archive, or checks that it is the one that is there.
func publish(dir string, key ed25519.PrivateKey) (ed25519.PublicKey, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, ErrKeyForm
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("write public key: %w", err)
	}
	want, path := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), filepath.Join(dir, publicFile)
	have, err := os.ReadFile(path) //nolint:gosec // in the data directory
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return public, writeFile(path, want)
	case err != nil:
		return nil, fmt.Errorf("read public key: %w", err)
	case string(have) != string(want):
		return nil, ErrOtherKey
	}
	return public, nil
}

// writeFile makes a file durable, whole or not at all, for its owner alone.
func writeFile(path string, content []byte) error {
	next := path + ".next"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // in the data directory
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the data directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
