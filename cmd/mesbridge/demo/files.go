package demo

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// writeFile writes a file that only this user may read; it appears whole or not at all.
func writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(f.Name()))
	}
	return nil
}

// writePair writes the key, then the certificates, the leaf first: a pair whose certificate is there
// is whole.
func writePair(p Pair, key crypto.PrivateKey, certs ...*x509.Certificate) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	if err := writeFile(p.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return err
	}
	var text []byte
	for _, c := range certs {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return writeFile(p.Cert, text)
}

// readPair reads a pair; fs.ErrNotExist tells that it was not written yet.
func readPair(p Pair) ([]*x509.Certificate, crypto.PrivateKey, error) {
	text, err := os.ReadFile(p.Cert)
	if err != nil {
		return nil, nil, err
	}
	var certs []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", filepath.Base(p.Cert), err)
		}
		certs = append(certs, c)
	}
	if text, err = os.ReadFile(p.Key); err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || len(certs) == 0 {
		return nil, nil, fmt.Errorf("read %s: no PEM in it", filepath.Base(p.Key))
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", filepath.Base(p.Key), err)
	}
	return certs, key, nil
}
