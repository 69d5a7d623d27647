package revocation

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Bounds of answers.
const (
	maxAnswers    = 4096            // kept at once
	maxSkew       = 5 * time.Minute // that a responder's clock may be ahead of ours
	answerTime    = time.Hour       // that an answer without an end counts (RFC 6960 section 2.4)
	minAnswerBits = 2048            // of a responder's RSA key (O61)
)

// answer is what a responder said of one certificate.
type answer struct {
	revoked bool
	until   time.Time
}

// answers are kept until they end. The zero value is ready.
type answers struct {
	mu   sync.Mutex
	kept map[[sha256.Size]byte]answer
}

func (a *answers) find(cert *x509.Certificate, at time.Time) (answer, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found, ok := a.kept[sha256.Sum256(cert.Raw)]
	return found, ok && at.Before(found.until)
}

// keep adds an answer. A full store forgets what has ended, or everything: it is a saving, not a memory.
func (a *answers) keep(cert *x509.Certificate, new answer, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept == nil {
		a.kept = map[[sha256.Size]byte]answer{}
	}
	if len(a.kept) >= maxAnswers {
		for k, old := range a.kept {
			if !at.Before(old.until) {
				delete(a.kept, k)
			}
		}
	}
	if len(a.kept) >= maxAnswers {
		clear(a.kept)
	}
	a.kept[sha256.Sum256(cert.Raw)] = new
}

// byResponder asks the responders that the certificate names, or that of the settings.
func (c *Checker) byResponder(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) error {
	if a, ok := c.answers.find(cert, at); ok {
		return a.err()
	}
	urls := cert.OCSPServer
	if len(urls) == 0 && c.o.Online.OCSP != "" {
		urls = []string{c.o.Online.OCSP}
	}
	if issuer == nil || len(urls) == 0 {
		return ErrUnknown
	}
	sum := sha256.Sum256(cert.Raw)
	_, err, _ := c.flights.Do("ocsp "+string(sum[:]), func() (any, error) {
		var errs []error
		for _, url := range urls {
			a, err := c.ask(ctx, url, cert, issuer, at)
			c.asked("ocsp", err)
			if err == nil {
				c.answers.keep(cert, a, at)
				return nil, a.err()
			}
			errs = append(errs, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrUnknown, errors.Join(errs...))
	})
	return err
}

func (a answer) err() error {
	if a.revoked {
		return ErrRevoked
	}
	return nil
}

// ask asks one responder. Its answer has no nonce: many responders sign in advance, and the times of the
// answer bound how old it can be (RFC 6960 section 4.4.1).
func (c *Checker) ask(ctx context.Context, url string, cert, issuer *x509.Certificate, at time.Time) (answer, error) {
	question, err := ocsp.CreateRequest(cert, issuer, nil)
	if err != nil {
		return answer{}, fmt.Errorf("make OCSP request: %w", err)
	}
	data, err := c.o.Online.Client.Post(ctx, url, "application/ocsp-request", question)
	if err != nil {
		return answer{}, fmt.Errorf("ask OCSP responder: %w", err)
	}
	r, err := ocsp.ParseResponseForCert(data, cert, issuer)
	if err != nil {
		return answer{}, fmt.Errorf("read OCSP response: %w", err)
	}
	return judgeAnswer(r, issuer, at)
}

// judgeAnswer checks what ParseResponseForCert leaves open: who may answer for the issuer (RFC 6960
// section 4.2.2.2), how strongly he signs, and when his answer counts.
func judgeAnswer(r *ocsp.Response, issuer *x509.Certificate, at time.Time) (answer, error) {
	if weak(r.SignatureAlgorithm) {
		return answer{}, errors.New("the OCSP response is signed too weakly")
	}
	if d := r.Certificate; d != nil && !d.Equal(issuer) {
		key, isRSA := d.PublicKey.(*rsa.PublicKey)
		switch {
		case !slices.Contains(d.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
			return answer{}, errors.New("the signer of the OCSP response may not answer for the authority")
		case at.Before(d.NotBefore) || at.After(d.NotAfter):
			return answer{}, errors.New("the certificate of the OCSP responder is not valid now")
		case weak(d.SignatureAlgorithm), isRSA && key.N.BitLen() < minAnswerBits:
			return answer{}, errors.New("the certificate of the OCSP responder is too weak")
		}
	}
	until := r.NextUpdate
	if until.IsZero() {
		until = r.ThisUpdate.Add(answerTime)
	}
	switch {
	case r.ThisUpdate.After(at.Add(maxSkew)):
		return answer{}, errors.New("the OCSP response is of the future")
	case !at.Before(until):
		return answer{}, errors.New("the OCSP response has ended")
	case r.Status == ocsp.Good:
		return answer{until: until}, nil
	case r.Status == ocsp.Revoked:
		return answer{revoked: true, until: until}, nil
	}
	return answer{}, errors.New("the OCSP responder does not know the certificate")
}

// weak reports whether a signature algorithm is of the past (O61).
func weak(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512, x509.PureEd25519:
		return false
	default:
		return true
	}
}
