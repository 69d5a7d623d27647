package trust

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// examination is one list on its way through the steps. Each step needs what those before it found.
type examination struct {
	Options
	data   []byte
	doc    *etree.Document
	sig    signature
	signed []byte // canonical, covered by the signature
	list   *List
	chain  []*x509.Certificate // of the signer
}

func (e *examination) size() (string, error) {
	return fmt.Sprintf("%d octets", len(e.data)), checkSize(int64(len(e.data)))
}

func (e *examination) form() (string, error) {
	if err := checkForm(e.data); err != nil {
		return "", err
	}
	e.doc = etree.NewDocument()
	e.doc.ReadSettings.MaxDepth = maxDepth
	if err := e.doc.ReadFromBytes(e.data); err != nil || e.doc.Root() == nil {
		return "", fmt.Errorf("read the document: %w", err)
	}
	return "", nil
}

func (e *examination) algorithms() (_ string, err error) {
	e.sig, err = readSignature(e.doc.Root())
	return "", err
}

func (e *examination) signature() (_ string, err error) {
	e.signed, err = e.sig.verify(e.doc.Root())
	e.doc, e.sig.element, e.sig.info = nil, nil, nil // the tree of a large list is most of the memory
	return "", err
}

func (e *examination) grammar() (string, error) {
	list, err := readEntries(e.signed)
	if err != nil {
		return "", err
	}
	e.list, e.signed = list, nil
	return fmt.Sprintf("generated %s, %d entries, %d left out as unreadable", list.generated.Format(time.RFC3339), list.entries, list.skipped), nil
}

// signer judges the chain at the date of the list: a signer whose certificate has ended since did sign
// (O39).
func (e *examination) signer() (_ string, err error) {
	e.chain, err = newAnchors(e.Chain).verify(e.sig.signer, e.list.generated, x509.ExtKeyUsageAny)
	return "", err
}

func (e *examination) revocation() (string, error) {
	if e.Revocation == nil {
		return "not checked: no revocation information was given", nil
	}
	return "", e.Revocation.Check(e.chain, e.Now)
}

func (e *examination) signerName() (string, error) {
	names := e.SignerNames
	if len(names) == 0 {
		names = []string{SignerName}
	}
	if !slices.Contains(names, e.sig.signer.Subject.CommonName) {
		return "", errors.New("the signer is not one of those allowed")
	}
	return "", nil
}

func (e *examination) rollback() (string, error) {
	floor := e.Floor
	if e.Previous != nil && e.Previous.generated.After(floor) {
		floor = e.Previous.generated
	}
	switch {
	case e.list.generated.After(e.Now.Add(MaxFuture)):
		return "", errors.New("the list is dated in the future")
	case floor.IsZero():
		return "no list in service to compare with", nil
	case e.Force:
		return "not compared with the list in service: an administrator accepts this one", nil
	case e.list.generated.Before(floor):
		return "", errors.New("the list is older than the one in service")
	}
	return "", nil
}

func (e *examination) plausible() (string, error) {
	l := e.list
	if l.entries == 0 {
		return "", errors.New("the list is empty")
	}
	if e.Previous != nil && !e.Force && 2*l.entries < e.Previous.entries {
		return "", fmt.Errorf("%d entries are fewer than half of the %d in service", l.entries, e.Previous.entries)
	}
	if e.OwnDomain == "" {
		return "our own entry was not looked for: no domain was given", nil
	}
	for _, dn := range e.OwnDNs {
		if l.AllowsDN(e.OwnDomain, dn) {
			return "", nil
		}
	}
	return "", ErrOwnEntry
}
