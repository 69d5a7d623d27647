package trust

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Step names the check of O39 that a list failed; the text stands in traces and in the answer of
// `mesbridge trust verify`.
type Step string

// Steps in the order in which they are made (O39). The grammar comes behind the signature, because only
// signed bytes are read for what they say.
const (
	StepSize       Step = "size"
	StepForm       Step = "form"         // well-formed, no DTD, no entities
	StepAlgorithms Step = "algorithms"   // shape of the signature (O37)
	StepSignature  Step = "signature"    // both digests and the RSA signature
	StepGrammar    Step = "grammar"      // the elements of a white list (O18-O20)
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

// ErrOwnEntry means that a list does not name our certificate for our domain (O39, O44).
var ErrOwnEntry = errors.New("our own domain is not listed with our own certificate")

// Options are what a list is judged by.
type Options struct {
	Chain       []*x509.Certificate // authorities of the signer, roots and intermediates (O38)
	SignerNames []string            // common names that may sign; empty: alb.mssante.fr
	Revocation  *Revocation         // of the signer; nil: not checked
	Now         time.Time
	Previous    *List     // list in service; nil at the first one
	Floor       time.Time // date of the newest list that ever served, when it is no more at hand (O17)
	OwnDomain   string    // our domain, which must be listed with one of OwnDNs (O39); empty: any
	OwnDNs      []DN      //nolint:staticcheck // several of DN, not a name service
	Force       bool      // an administrator accepts an older or a shrunken list (O17, O39)
}

// SignerName is who signs the real list (O38).
const SignerName = "alb.mssante.fr"

// Verify reads a list and judges it in the order of O39. It fails with a *VerifyError.
func Verify(data []byte, o Options) (*List, error) {
	list, checks := Examine(data, o)
	if last := checks[len(checks)-1]; last.Err != nil {
		return nil, &VerifyError{last.Step, last.Err}
	}
	return list, nil
}

// Check is what came of one step.
type Check struct {
	Step Step
	Err  error
	Note string // what a person should know of a step that passed, or that was not made
}

// Examine is Verify for people: it tells each step up to the first that fails, of which there is at most
// one, the last. The list is nil then.
func Examine(data []byte, o Options) (*List, []Check) {
	e := examination{Options: o, data: data}
	var checks []Check
	for _, s := range []struct {
		step Step
		make func() (note string, err error)
	}{
		{StepSize, e.size},
		{StepForm, e.form},
		{StepAlgorithms, e.algorithms},
		{StepSignature, e.signature},
		{StepGrammar, e.grammar},
		{StepSigner, e.signer},
		{StepRevoked, e.revocation},
		{StepSignerName, e.signerName},
		{StepRollback, e.rollback},
		{StepPlausible, e.plausible},
	} {
		note, err := s.make()
		checks = append(checks, Check{s.step, err, note})
		if err != nil {
			return nil, checks
		}
	}
	return e.list, checks
}
