package archive

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mesbridge/conversations/journal"
)

// manifestFormat names the form of a manifest; a new form gets the next number.
const manifestFormat = "mesbridge journal manifest 1"

// Manifest tells where every chain stands after a round.
type Manifest struct {
	Format   string    `json:"format"`
	Number   uint64    `json:"number"`
	At       time.Time `json:"at"`
	Previous digest    `json:"previous"` // of the file of the manifest before; zeros for the first
	Segment  Segment   `json:"segment"`
	// Technical describes the file of technical traces, which goes sooner than the segment (D16); absent
	// when the round had none.
	Technical Segment `json:"technical,omitzero"`
	Chains    []Chain `json:"chains"` // all, in the order of their numbers
}

// Segment describes the file of a round.
type Segment struct {
	Bytes   int64  `json:"bytes"`
	SHA256  digest `json:"sha256"`
	Entries int    `json:"entries"`
}

// Chain is where one chain stands.
type Chain struct {
	Name   string `json:"chain"`
	Last   uint64 `json:"last"`             // last sequence, 0 for none
	Head   digest `json:"head"`             // hash of the chain up to it
	Offset int64  `json:"offset,omitempty"` // of its first entry in the file that holds it; 0: it has none there
}

// Kinds of file of a round.
const (
	kindManifest  = "manifest"
	kindSegment   = "segment"
	kindTechnical = "technical"
)

// kinds lists the kinds of file in which the round has entries.
func (m Manifest) kinds() []string {
	if m.Technical.Entries > 0 {
		return []string{kindSegment, kindTechnical}
	}
	return []string{kindSegment}
}

// kindOf is the kind of file that holds a chain.
func kindOf(chain string) string {
	if chain == journal.Technical {
		return kindTechnical
	}
	return kindSegment
}

// digest is a SHA-256 hash, written in hexadecimal digits.
type digest journal.Hash

// MarshalText writes the digits.
func (d digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText reads the digits.
func (d *digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return errors.New("not a SHA-256 digest")
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// String writes the digits.
func (d digest) String() string { return hex.EncodeToString(d[:]) }

// errManifest means that a file has not the form of a manifest.
var errManifest = errors.New("unreadable manifest")

// sign writes the file of a manifest.
func (m Manifest) sign(key ed25519.PrivateKey) ([]byte, error) { return signed(m, key) }

// signed writes a file of one line of JSON and one of its signature.
func signed(v any, key ed25519.PrivateKey) ([]byte, error) {
	line, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	line = append(line, '\n')
	file := append(line, base64.StdEncoding.EncodeToString(ed25519.Sign(key, line))...)
	return append(file, '\n'), nil
}

// openManifest reads the file of a manifest whose signature is good. One from before there were technical
// traces has a chain less.
func openManifest(file []byte, key ed25519.PublicKey) (Manifest, error) {
	var m Manifest
	if err := openSigned(file, key, &m); err != nil {
		return Manifest{}, err
	}
	if len(m.Chains) == journal.Chains-1 {
		m.Chains = append(m.Chains, start()[journal.Chains-1])
	}
	if m.Format != manifestFormat || len(m.Chains) != journal.Chains {
		return Manifest{}, errManifest
	}
	for n, c := range m.Chains {
		if c.Name != journal.Name(n) {
			return Manifest{}, errManifest
		}
	}
	return m, nil
}

// openSigned reads what signed wrote, when the signature is good. The form is strict: one content has one
// file.
func openSigned(file []byte, key ed25519.PublicKey, v any) error {
	line, rest, ok := bytes.Cut(file, []byte{'\n'})
	if !ok {
		return errManifest
	}
	text, tail, ok := bytes.Cut(rest, []byte{'\n'})
	signature, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if !ok || len(tail) > 0 || err != nil {
		return errManifest
	}
	if !ed25519.Verify(key, file[:len(line)+1], signature) {
		return errors.New("the signature is not the key's")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if d.Decode(v) != nil {
		return errManifest
	}
	return nil
}

// beginning is the head of a chain without entries.
func beginning(name string) digest {
	return sha256.Sum256([]byte("mesbridge journal chain 1\x00" + name))
}

// next is the head of a chain with one entry more.
func (d digest) next(entry journal.Hash) digest {
	h := sha256.New()
	_, _ = h.Write(d[:])
	_, _ = h.Write(entry[:])
	return digest(h.Sum(nil))
}

// start is where the chains stand before the first manifest.
func start() []Chain {
	chains := make([]Chain, journal.Chains)
	for n := range chains {
		chains[n] = Chain{Name: journal.Name(n), Head: beginning(journal.Name(n))}
	}
	return chains
}
