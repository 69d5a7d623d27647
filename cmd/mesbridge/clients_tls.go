package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"mesbridge/bridge/trust"
	"mesbridge/oauth/clientfile"
)

// mutualTLS reports whether the client proves itself by a certificate.
func (c clientsAddCommand) mutualTLS() bool { return c.TLSSubject != "" || len(c.Certificates) > 0 }

// proof is what the client proves itself by with mutual TLS: a subject, certificates, or nothing.
func (c clientsAddCommand) proof() (string, []clientfile.Certificate, error) {
	switch {
	case c.TLSSubject != "" && len(c.Certificates) > 0:
		return "", nil, errors.New("--certificate, --tls-subject: give one of the two")
	case c.TLSSubject != "":
		dn, err := trust.ParseDN(c.TLSSubject)
		if err != nil {
			return "", nil, errors.New("--tls-subject: write a subject such as openssl x509 -noout -subject -nameopt RFC2253 prints")
		}
		return string(dn), nil, nil
	}
	return readCertificates(c.Certificates)
}

// readCertificates reads the certificates of a client. Those that it signed itself are known one by one; of a
// certificate of an authority the subject counts, so that renewing it changes nothing (RFC 8705 section 2).
func readCertificates(files []string) (subject string, known []clientfile.Certificate, err error) {
	for _, file := range files {
		cert, err := readCertificate(file)
		if err != nil {
			return "", nil, err
		}
		if bytes.Equal(cert.RawSubject, cert.RawIssuer) {
			sum := sha256.Sum256(cert.Raw)
			known = append(known, clientfile.Certificate{SHA256: hex.EncodeToString(sum[:]), Until: cert.NotAfter.UTC()})
			continue
		}
		dn, err := trust.CertificateDN(cert)
		if err != nil || subject != "" && subject != string(dn) {
			return "", nil, fmt.Errorf("--certificate: %s has no subject that a client could be known by, or another than the one before", file)
		}
		subject = string(dn)
	}
	if subject != "" && len(known) > 0 {
		return "", nil, errors.New("--certificate: give certificates that the client signed itself, or of an authority, not both")
	}
	return subject, known, nil
}

func readCertificate(file string) (*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--certificate: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("--certificate: %s is not a certificate in PEM", file)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("--certificate: %s cannot be read: %w", file, err)
	}
	return cert, nil
}
