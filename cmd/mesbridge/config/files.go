package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strings"
)

// CheckFiles looks at every file that the settings name and returns each fault by itself. A file that
// does not exist gives an error that is fs.ErrNotExist, so that a file written on one machine for
// another can be checked too.
func (c Config) CheckFiles() []error {
	errs := filesIn("", reflect.ValueOf(c))
	for i, s := range c.Structures {
		errs = append(errs, filesIn(fmt.Sprintf("structures[%d].", i), reflect.ValueOf(s))...)
	}
	return errs
}

// filesIn looks at the files that settings name.
func filesIn(prefix string, v reflect.Value) []error {
	var errs []error
	for _, s := range settings(prefix, v) {
		var err error
		switch v := s.value.Interface().(type) {
		case File:
			err = v.check()
		case SecretFile:
			err = v.check()
		case []File:
			for _, f := range v {
				err = errors.Join(err, f.check())
			}
		case []SecretFile:
			for _, f := range v {
				err = errors.Join(err, f.check())
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return errs
}

// check opens the file; an empty path is told elsewhere, or allowed.
func (f File) check() error {
	if f == "" {
		return nil
	}
	_, err := f.open()
	return err
}

// open opens the file for its mode alone.
func (f File) open() (fs.FileMode, error) {
	r, err := os.Open(string(f))
	if err != nil {
		return 0, err
	}
	defer func() { _ = r.Close() }()
	info, err := r.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a file", f)
	}
	return info.Mode(), nil
}

// othersMayRead are the bits that let anybody but the owner at a secret.
const othersMayRead = 0o077

func (f SecretFile) check() error {
	if f == "" {
		return nil
	}
	mode, err := File(f).open()
	if err == nil && mode.Perm()&othersMayRead != 0 {
		err = fmt.Errorf("others may use %s; run: chmod 600 %s", f, f)
	}
	return err
}

// keySize is the size of a key, in octets.
const keySize = 32

// ErrKeyForm means that a key file does not hold a key. It never holds what the file holds.
var ErrKeyForm = errors.New("a key is 64 hexadecimal digits and nothing else; make one with: openssl rand -hex 32")

// ReadKey returns the key that the file holds in hexadecimal digits.
func (f SecretFile) ReadKey() ([]byte, error) {
	text, err := f.Read()
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%s: %w", f, ErrKeyForm)
	}
	return key, nil
}

// maxSecret bounds a secret file, in octets.
const maxSecret = 1 << 16

// Read returns what the file holds, after the checks that CheckFiles makes. It never tells the content.
func (f SecretFile) Read() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	r, err := os.Open(string(f))
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	secret, err := io.ReadAll(io.LimitReader(r, maxSecret))
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	return secret, nil
}
