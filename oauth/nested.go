package oauth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// FranceConnect+ signs its ID token and userinfo and then encrypts them for the client (I73).

// maxNestedBytes bounds what is decrypted; real tokens have under ten kilobytes.
const maxNestedBytes = 256 << 10

// keyAlgorithm names how content keys are sent to a decryption key (I73); empty when the key is of no use.
func keyAlgorithm(key crypto.PrivateKey) jose.KeyAlgorithm {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() >= 2048 {
			return jose.RSA_OAEP
		}
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P256() {
			return jose.ECDH_ES
		}
	}
	return ""
}

// open gives the signed token in an encrypted one. A provider with which encryption was agreed gives no other: what is
// not encrypted for one of the keys is refused. Without keys the token is as it came.
func (u *Upstream) open(raw string) (string, error) {
	if len(u.DecryptionKeys) == 0 {
		return raw, nil
	}
	if len(raw) > maxNestedBytes {
		return "", errors.New("the token is too long")
	}
	for _, key := range u.DecryptionKeys {
		sealed, err := jose.ParseEncryptedCompact(raw, []jose.KeyAlgorithm{keyAlgorithm(key)}, []jose.ContentEncryption{jose.A256GCM})
		if err != nil {
			continue // meant for a key of the other type, or not encrypted as agreed
		}
		if signed, err := sealed.Decrypt(key); err == nil && len(signed) <= maxNestedBytes {
			return string(signed), nil
		}
	}
	return "", errors.New("the token is not encrypted for this client as agreed")
}

// verifier opens and verifies an ID token of the provider: signature, issuer, audience and expiry.
func (u *upstream) verifier(r *remote) func(context.Context, string) (*oidc.IDToken, error) {
	return func(ctx context.Context, raw string) (*oidc.IDToken, error) {
		signed, err := u.open(raw)
		if err != nil {
			return nil, err
		}
		return r.verifier.Verify(ctx, signed)
	}
}

// encryptionSet is a key set of the library that opens tokens; fosite keeps another version of it.
type encryptionSet = jose.JSONWebKeySet

// encryptionKeys is the key set that providers encrypt with (I73): the first key of each upstream, for they take one.
func encryptionKeys(all map[string]*upstream) (jose.JSONWebKeySet, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, u := range all {
		for _, private := range u.DecryptionKeys[:min(1, len(u.DecryptionKeys))] {
			public, ok := private.(interface{ Public() crypto.PublicKey })
			if !ok {
				return set, errors.New("a decryption key has no public half")
			}
			key := jose.JSONWebKey{Key: public.Public(), Algorithm: string(keyAlgorithm(private)), Use: "enc"}
			sum, err := key.Thumbprint(crypto.SHA256)
			if err != nil {
				return set, fmt.Errorf("name decryption key: %w", err)
			}
			if key.KeyID = encodeThumbprint(sum); len(set.Key(key.KeyID)) == 0 {
				set.Keys = append(set.Keys, key)
			}
		}
	}
	return set, nil
}

// encryptionKeysPath publishes them; it is given to the provider at the registration.
const encryptionKeysPath = "/oauth/encryption-keys"

func (s *Server) serveEncryptionKeys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, s.encryption)
}
