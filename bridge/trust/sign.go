package trust

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Entry is one line of a list to sign.
type Entry struct {
	Domain      string
	Description string
	DN          string // as FormatDN writes it
	Responsible string
	Support     string
	Updated     time.Time
}

// Sign makes a signed list of the exact form of the real one (O18-O20, O34). It is for tests and for
// the demonstration: the real list is signed by the publisher of the trust space alone. key must be
// the RSA key of cert.
func Sign(entries []Entry, generated time.Time, key crypto.Signer, cert *x509.Certificate) ([]byte, error) {
	var list bytes.Buffer
	fmt.Fprintf(&list, "<%s xmlns=%q>\n    <%s>%s</%s>\n    <%s>", tagRoot, nsList, tagDate, generated.UTC().Format(dateInLists), tagDate, tagDomains)
	for _, e := range entries {
		writeEntry(&list, e)
	}
	fmt.Fprintf(&list, "\n    </%s>\n</%s>", tagDomains, tagRoot)
	return SignDocument(`<?xml version="1.0" encoding="UTF-8"?>`+list.String(), key, cert)
}

// SignDocument adds a signature as the last child of the root of a document that has none.
func SignDocument(unsigned string, key crypto.Signer, cert *x509.Certificate) ([]byte, error) {
	signature, err := sign(unsigned, key, cert)
	if err != nil {
		return nil, err
	}
	end := strings.LastIndex(unsigned, "</")
	return []byte(unsigned[:end] + signature + unsigned[end:]), nil
}

// writeEntry writes one Domaine with its six children.
func writeEntry(b *bytes.Buffer, e Entry) {
	fmt.Fprintf(b, "\n        <%s>", tagDomain)
	for _, field := range [][2]string{
		{tagName, e.Domain},
		{"Description", e.Description},
		{tagSubject, e.DN},
		{"ResponsableContact", e.Responsible},
		{"SupportContact", e.Support},
		{"DateMAJ", e.Updated.UTC().Format(dateInLists)},
	} {
		fmt.Fprintf(b, "\n            <%s>", field[0])
		_ = xml.EscapeText(b, []byte(field[1])) // a bytes.Buffer does not fail
		fmt.Fprintf(b, "</%s>", field[0])
	}
	fmt.Fprintf(b, "\n        </%s>", tagDomain)
}

// sign returns the ds:Signature element of a document that has none.
func sign(unsigned string, key crypto.Signer, cert *x509.Certificate) (string, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(unsigned); err != nil {
		return "", fmt.Errorf("read the list to sign: %w", err)
	}
	covered, err := canonical(doc.Root())
	if err != nil {
		return "", fmt.Errorf("canonicalise the list: %w", err)
	}
	digest := sha256.Sum256(covered)
	info := signedInfo(base64.StdEncoding.EncodeToString(digest[:]))
	doc = etree.NewDocument()
	if err := doc.ReadFromString(info); err != nil {
		return "", fmt.Errorf("read SignedInfo: %w", err)
	}
	if covered, err = canonical(doc.Root()); err != nil {
		return "", fmt.Errorf("canonicalise SignedInfo: %w", err)
	}
	sum := sha256.Sum256(covered)
	value, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("sign the list: %w", err)
	}
	if cert.CheckSignature(x509.SHA256WithRSA, covered, value) != nil {
		return "", errors.New("the key is not the RSA key of the certificate")
	}
	return `<Signature xmlns="` + nsSignature + `">` + info +
		"<SignatureValue>" + lines(value) + "</SignatureValue><KeyInfo><X509Data><X509Certificate>" +
		lines(cert.Raw) + "</X509Certificate></X509Data></KeyInfo></Signature>", nil
}

// signedInfo writes the SignedInfo of O34.
func signedInfo(digest string) string {
	return `<SignedInfo xmlns="` + nsSignature + `"><CanonicalizationMethod Algorithm="` + algC14N +
		`"></CanonicalizationMethod><SignatureMethod Algorithm="` + algRSASHA256 +
		`"></SignatureMethod><Reference URI=""><Transforms><Transform Algorithm="` + algEnveloped +
		`"></Transform><Transform Algorithm="` + algC14N +
		`"></Transform></Transforms><DigestMethod Algorithm="` + algSHA256 +
		`"></DigestMethod><DigestValue>` + digest + `</DigestValue></Reference></SignedInfo>`
}

// lines writes base64 in lines that end as those of the real list do (O35).
func lines(raw []byte) string {
	const width = 76
	text := base64.StdEncoding.EncodeToString(raw)
	var b bytes.Buffer
	for len(text) > width {
		b.WriteString(text[:width] + "&#13;\n")
		text = text[width:]
	}
	return b.String() + text
}
