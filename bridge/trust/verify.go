package trust

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// Step names the check of O39 that a list failed; the text stands in traces and in the answer of
// `mesbridge trust verify`.
type Step string

// Steps in the order in which they are made.
const (
	StepForm       Step = "form"       // size, well-formed, grammar
	StepAlgorithms Step = "algorithms" // shape of the signature (O37)
	StepSignature  Step = "signature"
	StepSigner     Step = "signer"       // chain, dates and key of the signer at DateDeGeneration
	StepRevoked    Step = "revocation"   // of the signer
	StepSignerName Step = "signer-name"  // its common name is one of those allowed (O38)
	StepRollback   Step = "rollback"     // older than the list in service (O17), or from the future
	StepPlausible  Step = "plausibility" // our own entries, number of entries
)

// VerifyError says at which step a list was refused. Nothing of its contents is in the text.
type VerifyError struct {
	Step Step
	Err  error
}

// Error tells step and cause.
func (e *VerifyError) Error() string {
	return fmt.Sprintf("white list refused at step %s: %v", e.Step, e.Err)
}

// Unwrap gives the cause.
func (e *VerifyError) Unwrap() error { return e.Err }

// MaxFuture is how far ahead of our clock a DateDeGeneration may be: clocks differ, and a list dated
// far ahead would keep out every later one (O17).
const MaxFuture = time.Hour

// Options are what a list is judged by.
type Options struct {
	Chain       []*x509.Certificate // authorities of the signer, roots and intermediates (O38)
	SignerNames []string            // common names that may sign; empty: alb.mssante.fr
	Revocation  *Revocation         // of the signer; nil: not checked
	Now         time.Time
	Previous    *List  // list in service; nil at the first one
	OwnDomain   string // our domain, which must be listed with each of OwnDNs (O39, O44); empty: any
	OwnDNs      []DN   //nolint:staticcheck // several of DN, not a name service
	Force       bool   // an administrator accepts an older or a shrunken list (O17, O39)
}

// SignerName is who signs the real list (O38).
const SignerName = "alb.mssante.fr"

// Verify reads a list and judges it in the order of O39. It fails with a *VerifyError. Revocation of
// the signer is judged only by the revocation lists in o; no network is used.
func Verify(data []byte, o Options) (*List, error) {
	if err := checkForm(data); err != nil {
		return nil, &VerifyError{StepForm, err}
	}
	doc := etree.NewDocument()
	doc.ReadSettings.MaxDepth = maxDepth
	if err := doc.ReadFromBytes(data); err != nil || doc.Root() == nil {
		return nil, &VerifyError{StepForm, fmt.Errorf("read the document: %w", err)}
	}
	sig, err := readSignature(doc.Root())
	if err != nil {
		return nil, &VerifyError{StepAlgorithms, err}
	}
	signed, err := sig.verify(doc.Root())
	if err != nil {
		return nil, &VerifyError{StepSignature, err}
	}
	list, err := readEntries(signed)
	if err != nil {
		return nil, &VerifyError{StepForm, err}
	}
	if err := o.judgeSigner(sig.signer, list.generated); err != nil {
		return nil, err
	}
	if err := o.judgeContents(list); err != nil {
		return nil, err
	}
	return list, nil
}

// judgeSigner checks who signed.
func (o Options) judgeSigner(signer *x509.Certificate, generated time.Time) error {
	chain, err := verifyChain(signer, o.Chain, generated, x509.ExtKeyUsageAny)
	if err != nil {
		return &VerifyError{StepSigner, err}
	}
	if o.Revocation != nil {
		if err := o.Revocation.Check(chain, o.Now); err != nil {
			return &VerifyError{StepRevoked, err}
		}
	}
	names := o.SignerNames
	if len(names) == 0 {
		names = []string{SignerName}
	}
	if !slices.Contains(names, signer.Subject.CommonName) {
		return &VerifyError{StepSignerName, errors.New("the signer is not one of those allowed")}
	}
	return nil
}

// judgeContents checks the list against the one in service and against our own entries.
func (o Options) judgeContents(l *List) error {
	if l.generated.After(o.Now.Add(MaxFuture)) {
		return &VerifyError{StepRollback, errors.New("the list is dated in the future")}
	}
	if o.Previous != nil && !o.Force {
		if l.generated.Before(o.Previous.generated) {
			return &VerifyError{StepRollback, errors.New("the list is older than the one in service")}
		}
		if 2*l.entries < o.Previous.entries {
			return &VerifyError{StepPlausible, fmt.Errorf("%d entries are fewer than half of the %d in service", l.entries, o.Previous.entries)}
		}
	}
	if l.entries == 0 {
		return &VerifyError{StepPlausible, errors.New("the list is empty")}
	}
	if o.OwnDomain == "" {
		return nil
	}
	for _, dn := range o.OwnDNs {
		if l.AllowsDN(o.OwnDomain, dn) {
			return nil
		}
	}
	return &VerifyError{StepPlausible, errors.New("our own domain is not listed with our own certificate")}
}
