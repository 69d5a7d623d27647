package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mesbridge/cmd/mesbridge/config"
)

// secrets are the files of a data directory that a production start would be given.
type secrets struct {
	master, patientHash, oauth, signing config.SecretFile
	decryption                          config.SecretFile // of the patients' tokens (I73)
	provider                            config.SecretFile // client secret at the demonstration's provider
	editor                              string            // of the editor's software there
	clinics                             map[string]string // client secrets by client id
}

// openSecrets makes what is missing in dir, once.
func openSecrets(dir string, clinics []Clinic) (secrets, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return secrets{}, fmt.Errorf("make directory of secrets: %w", err)
	}
	s := secrets{clinics: map[string]string{}}
	for name, file := range map[string]*config.SecretFile{
		"master.key": &s.master, "patient-hash.key": &s.patientHash, "oauth.secret": &s.oauth, "provider.secret": &s.provider,
	} {
		path := filepath.Join(dir, name)
		if _, err := kept(path, random); err != nil {
			return secrets{}, err
		}
		*file = config.SecretFile(path)
	}
	for _, c := range clinics {
		text, err := kept(filepath.Join(dir, "client-"+c.ClientID), random)
		if err != nil {
			return secrets{}, err
		}
		s.clinics[c.ClientID] = string(text)
	}
	text, err := kept(filepath.Join(dir, "editor.secret"), random)
	if err != nil {
		return secrets{}, err
	}
	s.editor = string(text)
	for _, key := range []struct {
		name  string
		file  *config.SecretFile
		fresh func() ([]byte, error)
	}{{"oauth.key", &s.signing, newRSAKey}, {"decryption.key", &s.decryption, newECKey}} {
		path := filepath.Join(dir, key.name)
		if _, err := kept(path, key.fresh); err != nil {
			return secrets{}, err
		}
		*key.file = config.SecretFile(path)
	}
	return s, nil
}

// kept returns what a file holds, after writing what fresh gives when it is not there.
func kept(path string, fresh func() ([]byte, error)) ([]byte, error) {
	content, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	if content, err = fresh(); err != nil {
		return nil, err
	}
	return content, writeFile(path, content)
}

// random is 32 random octets in hexadecimal digits.
func random() ([]byte, error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, fmt.Errorf("draw a secret: %w", err)
	}
	return hex.AppendEncode(nil, b[:]), nil
}

func newRSAKey() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
}

func newECKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a decryption key: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a decryption key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}
