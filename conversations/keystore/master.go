package keystore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// MasterKey wraps the data keys. It prints as nothing.
type MasterKey [32]byte

// String hides the key.
func (MasterKey) String() string { return "[master key]" }

// GoString hides the key.
func (MasterKey) GoString() string { return "[master key]" }

// Errors of a master key file. Their texts say what to do.
var (
	ErrMasterKeyExposed = errors.New("the master key file can be read by others: chmod 600 it")
	ErrMasterKeyForm    = errors.New("the master key file must hold 32 random bytes in hexadecimal or base64, and nothing else")
)

// maxKeyFile is more than any form of 32 bytes takes.
const maxKeyFile = 256

// ReadMasterKey reads the master key from a file that only its owner can read. White space around the
// key is left out.
func ReadMasterKey(path string) (MasterKey, error) {
	f, err := os.Open(path) //nolint:gosec // named by whoever runs the program
	if err != nil {
		return MasterKey{}, fmt.Errorf("read master key: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	switch {
	case err != nil:
		return MasterKey{}, fmt.Errorf("read master key: %w", err)
	case !info.Mode().IsRegular():
		return MasterKey{}, ErrMasterKeyForm
	case info.Mode().Perm()&0o077 != 0:
		return MasterKey{}, ErrMasterKeyExposed
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return MasterKey{}, fmt.Errorf("read master key: %w", err)
	}
	return parseMasterKey(string(text))
}

// parseMasterKey reads 32 bytes in hexadecimal, or in base64 with or without padding.
func parseMasterKey(text string) (MasterKey, error) {
	if len(text) > maxKeyFile {
		return MasterKey{}, ErrMasterKeyForm
	}
	text = strings.TrimSpace(text)
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.Strict().DecodeString, base64.RawStdEncoding.Strict().DecodeString,
	} {
		b, err := decode(text)
		if err != nil || len(b) != len(MasterKey{}) || strings.ContainsAny(text, "\r\n") {
			continue
		}
		return MasterKey(b), nil
	}
	return MasterKey{}, ErrMasterKeyForm
}

// id tells master keys apart, so that a record that another one wrapped can be told from an altered
// record. It says nothing of the key.
func (k MasterKey) id() [idBytes]byte {
	sum := sha256.Sum256(append([]byte("mesbridge master key id 1\x00"), k[:]...))
	return [idBytes]byte(sum[:])
}

const idBytes = 8

// aead seals under a key of 32 bytes, the nonce drawn at random and in front of the sealed bytes.
func aead(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
