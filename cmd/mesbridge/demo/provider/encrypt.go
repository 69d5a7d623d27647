package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// maxKeySetBytes bounds the client's key set.
const maxKeySetBytes = 64 << 10

// encrypts reports whether the realm's tokens are encrypted for the client, as FranceConnect+ does (I73).
func (rl *realm) encrypts() bool { return rl.kind == Patient && rl.client.KeySet != "" }

// wrapped gives a signed token as the client gets it: encrypted where that was agreed.
func (rl *realm) wrapped(ctx context.Context, signed string) (string, error) {
	if !rl.encrypts() {
		return signed, nil
	}
	key, err := rl.clientKey(ctx)
	if err != nil {
		return "", err
	}
	// The issuer of the key names how it is to be used: RSA-OAEP or ECDH-ES.
	encrypter, err := jose.NewEncrypter(
		jose.A256GCM, jose.Recipient{Algorithm: jose.KeyAlgorithm(key.Algorithm), Key: key.Key, KeyID: key.KeyID},
		(&jose.EncrypterOptions{}).WithContentType("JWT"),
	)
	if err != nil {
		return "", fmt.Errorf("encrypt for the client: %w", err)
	}
	sealed, err := encrypter.Encrypt([]byte(signed))
	if err != nil {
		return "", fmt.Errorf("encrypt for the client: %w", err)
	}
	return sealed.CompactSerialize()
}

// clientKey fetches the key that the client published.
func (rl *realm) clientKey(ctx context.Context) (jose.JSONWebKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, rl.client.KeySet, nil)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("fetch the client's keys: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("fetch the client's keys: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // nothing is lost: the body was read
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxKeySetBytes)).Decode(&set); err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("read the client's keys: %w", err)
	}
	i := slices.IndexFunc(set.Keys, func(k jose.JSONWebKey) bool { return k.Use == "enc" && k.Valid() })
	if i < 0 {
		return jose.JSONWebKey{}, errors.New("the client publishes no key to encrypt for")
	}
	return set.Keys[i], nil
}
