package conversations

import (
	"context"
	"errors"
	"slices"
	"sync"

	"mesbridge/rules"
)

// Opened tells whose records a call of the service opened, so that what the caller keeps of its answer can go
// when one of them is erased (see [Service.SealFor]). It is safe for concurrent use.
type Opened struct {
	mu       sync.Mutex
	patients []PatientID
}

// Patients lists them, in the order in which they were first opened.
func (o *Opened) Patients() []PatientID {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.patients)
}

type openedKey struct{}

// NoteOpened returns a context under which the service notes whose records it opens.
func NoteOpened(ctx context.Context) (context.Context, *Opened) {
	o := &Opened{}
	return context.WithValue(ctx, openedKey{}, o), o
}

// noteOpened notes a patient where somebody asked for it.
func noteOpened(ctx context.Context, p PatientID) {
	o, asked := ctx.Value(openedKey{}).(*Opened)
	if !asked {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Contains(o.patients, p) {
		o.patients = append(o.patients, p)
	}
}

// tableKept is the place of what is kept outside the records and goes with a patient's key.
const tableKept Table = "kept"

// keptFor is something sealed for several patients: under the first one's key lies what is sealed for the rest.
type keptFor struct {
	Patient PatientID `cbor:"1,keyasint,omitempty"` // empty: for nobody
	Sealed  []byte    `cbor:"2,keyasint"`           // with the patient's key, or plain
}

// SealFor seals what quotes patients, for the place that it is kept in, so that it is noise as soon as one of them
// is erased (O117). The ids of the patients, keyed hashes, stand beside it.
func (s *Service) SealFor(ctx context.Context, patients []PatientID, place string, plain []byte) ([]byte, error) {
	kept := keptFor{Sealed: plain}
	for _, p := range patients {
		l, err := s.vaultOf(ctx, p)
		if err != nil {
			return nil, err
		}
		kept = keptFor{Patient: p, Sealed: l.vault.seal(tableKept, place, kept)}
	}
	return pack(kept), nil
}

// OpenFor opens what SealFor sealed for that place. It fails with KindNotFound when one of the patients was
// erased meanwhile.
func (s *Service) OpenFor(ctx context.Context, place string, sealed []byte) ([]byte, error) {
	var kept keptFor
	if err := unpack(sealed, &kept); err != nil {
		return nil, unavailable("open what was kept", err)
	}
	for kept.Patient != "" {
		l, err := s.vaultOf(ctx, kept.Patient)
		if err != nil {
			return nil, err
		}
		var inner keptFor
		if err := l.vault.open(tableKept, place, kept.Sealed, &inner); err != nil {
			return nil, unavailable("open what was kept", err)
		}
		kept = inner
	}
	return kept.Sealed, nil
}

// vaultOf returns a patient's state with nothing but the vault.
func (s *Service) vaultOf(ctx context.Context, p PatientID) (*loaded, error) {
	l, err := s.read(onOwn(ctx), p, FactsQuery{})
	var gone *Error
	switch {
	case errors.As(err, &gone) && gone.Kind == KindMailboxUnknown:
		return nil, &Error{Kind: KindNotFound, Rule: "O117"}
	case err != nil:
		return nil, err
	case l.patient.Account == rules.Purged:
		return nil, &Error{Kind: KindNotFound, Rule: "O117"}
	}
	return l, l.unlock(ctx)
}
