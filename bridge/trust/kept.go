package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"mesbridge/bridge/trust/fetch"
)

// Files beside the kept copy of a list.
const (
	stateSuffix  = ".json"   // what was known of it
	acceptSuffix = ".accept" // SHA-256 of one list that an administrator accepts
)

// state is what survives a restart beside the bytes of the list: it is not young again because it was
// read again (O16), and no older one can take its place even when its own bytes are lost (O17).
type state struct {
	SHA256    string    `json:"sha256"`
	Generated time.Time `json:"generated"` // of the newest list that ever served
	Confirmed time.Time `json:"confirmed"`
	fetch.Validators
}

// loadKept puts the kept copy in service, if there is one that is still good.
func (s *Store) loadKept() error {
	if s.o.Keep == "" {
		return nil
	}
	known, damaged := s.readState()
	s.floor = known.Generated
	data, err := os.ReadFile(s.o.Keep)
	if errors.Is(err, fs.ErrNotExist) {
		return damaged
	}
	if err != nil {
		return errors.Join(damaged, fmt.Errorf("read kept white list: %w", err))
	}
	sum := sha256.Sum256(data)
	list, err := s.verify(data, sum, s.o.Revocation)
	if errors.Is(err, ErrRevocationUnknown) { // its signer was judged when it came
		list, err = s.verify(data, sum, nil)
	}
	if err != nil {
		return errors.Join(damaged, fmt.Errorf("kept copy: %w", err))
	}
	kept := &served{list: list, sum: sum}
	if known.SHA256 == hex.EncodeToString(sum[:]) {
		kept.confirmed, kept.mark = known.Confirmed, known.Validators
	} else { // the process ended between the two files, or an earlier version wrote the first alone
		info, err := os.Stat(s.o.Keep)
		if err != nil {
			return fmt.Errorf("read kept white list: %w", err)
		}
		kept.confirmed = info.ModTime()
	}
	s.current.Store(kept)
	s.floor = list.generated
	return damaged
}

func (s *Store) readState() (known state, err error) {
	text, err := os.ReadFile(s.o.Keep + stateSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil {
		err = fmt.Errorf("read what was known of the kept white list: %w", err)
	}
	return known, err
}

// keep writes a new list, then what is known of it.
func (s *Store) keep(data []byte, now *served) error {
	if s.o.Keep == "" {
		return nil
	}
	if err := fetch.Keep(s.o.Keep, data); err != nil {
		return fmt.Errorf("keep white list: %w", err)
	}
	if err := os.Remove(s.o.Keep + acceptSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) { // used, or of another list
		return fmt.Errorf("forget which white list an administrator accepts: %w", err)
	}
	return s.keepState(now)
}

func (s *Store) keepState(now *served) error {
	if s.o.Keep == "" {
		return nil
	}
	text, err := json.Marshal(state{
		SHA256: hex.EncodeToString(now.sum[:]), Generated: now.list.generated, Confirmed: now.confirmed.UTC(), Validators: now.mark,
	})
	if err == nil {
		err = fetch.Keep(s.o.Keep+stateSuffix, text)
	}
	if err != nil {
		return fmt.Errorf("keep white list: %w", err)
	}
	return nil
}

// accepted reports whether an administrator accepts exactly these bytes although they are older than the
// list in service or hold far fewer entries (O17, O39).
func (s *Store) accepted(sum [sha256.Size]byte) bool {
	if s.o.Keep == "" {
		return false
	}
	text, err := os.ReadFile(s.o.Keep + acceptSuffix)
	return err == nil && strings.TrimSpace(string(text)) == hex.EncodeToString(sum[:])
}

// Accept notes that an administrator accepts one list beside the kept copy, keep; see StoreOptions. It
// still has to pass every other step.
func Accept(keep string, data []byte) error {
	sum := sha256.Sum256(data)
	return fetch.Keep(keep+acceptSuffix, []byte(hex.EncodeToString(sum[:])+"\n"))
}
