package conversations

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// errSealed means that sealed bytes were altered, or stand where they were not written.
var errSealed = errors.New("sealed bytes do not open")

// vault seals and opens what names or quotes one patient, by AES-256-GCM with random nonces. The place
// that a value stands in is authenticated with it, so that values cannot be moved about.
type vault struct {
	patient PatientID
	aead    cipher.AEAD
}

// newVault returns the vault of a patient.
func newVault(p PatientID, key DataKey) (*vault, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher mode: %w", err)
	}
	return &vault{patient: p, aead: aead}, nil
}

// place is the additional data that binds a value to where it stands.
func (v *vault) place(t Table, field string) []byte {
	return []byte(string(v.patient) + "/" + string(t) + "/" + field)
}

// seal packs and seals a value for its place.
func (v *vault) seal(t Table, field string, value any) []byte {
	return v.aead.Seal(nil, nil, pack(value), v.place(t, field)) //nolint:gosec // this mode makes its own random nonce and takes none
}

// open opens a value sealed for that place into target.
func (v *vault) open(t Table, field string, sealed []byte, target any) error {
	plain, err := v.aead.Open(nil, nil, sealed, v.place(t, field))
	if err != nil {
		return errSealed
	}
	return unpack(plain, target)
}
