package trust

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// The only algorithms of a list (O34, O37).
const (
	nsSignature  = "http://www.w3.org/2000/09/xmldsig#"
	algC14N      = "http://www.w3.org/2001/10/xml-exc-c14n#"
	algRSASHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	algEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	algSHA256    = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// Bounds of the signer's RSA key, in bits (O61). The upper one keeps a forged list from costing time.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// signature is a ds:Signature of the one shape that is accepted.
type signature struct {
	element *etree.Element
	info    *etree.Element // SignedInfo
	digest  []byte         // of the document without the signature
	value   []byte         // over the canonical SignedInfo
	signer  *x509.Certificate
}

// readSignature finds the signature of a list and checks its shape (O37): one, child of the root, with
// the algorithms of O34, one reference to the whole document, one certificate.
func readSignature(root *etree.Element) (signature, error) {
	var s signature
	for _, el := range root.FindElements(".//Signature") {
		if el.NamespaceURI() != nsSignature {
			continue
		}
		if s.element != nil || el.Parent() != root {
			return s, errors.New("more than one signature, or one that is not a child of the root")
		}
		s.element = el
	}
	if s.element == nil {
		return s, errors.New("the list is not signed")
	}
	parts, err := children(s.element, "SignedInfo", "SignatureValue", "KeyInfo")
	if err != nil {
		return s, err
	}
	s.info = parts[0]
	if s.digest, err = readSignedInfo(s.info); err != nil {
		return s, err
	}
	if s.value, err = base64Of(parts[1]); err != nil {
		return s, err
	}
	s.signer, err = readKeyInfo(parts[2])
	return s, err
}

// readSignedInfo checks the algorithms and returns the digest of the one reference.
func readSignedInfo(info *etree.Element) ([]byte, error) {
	parts, err := children(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
	if err != nil {
		return nil, err
	}
	ref := parts[2]
	if uri := ref.SelectAttr("URI"); uri == nil || uri.Value != "" {
		return nil, errors.New("the reference is not to the whole document")
	}
	inner, err := children(ref, "Transforms", "DigestMethod", "DigestValue")
	if err != nil {
		return nil, err
	}
	transforms, err := children(inner[0], "Transform", "Transform")
	if err != nil {
		return nil, err
	}
	for _, want := range []struct {
		el  *etree.Element
		alg string
	}{
		{parts[0], algC14N},
		{parts[1], algRSASHA256},
		{transforms[0], algEnveloped},
		{transforms[1], algC14N},
		{inner[1], algSHA256},
	} {
		if err := algorithm(want.el, want.alg); err != nil {
			return nil, err
		}
	}
	digest, err := base64Of(inner[2])
	if err != nil {
		return nil, err
	}
	if len(digest) != sha256.Size {
		return nil, errors.New("the digest has not the length of SHA-256")
	}
	return digest, nil
}

// readKeyInfo returns the signer's certificate.
func readKeyInfo(info *etree.Element) (*x509.Certificate, error) {
	data, err := children(info, "X509Data")
	if err != nil {
		return nil, err
	}
	certs, err := children(data[0], "X509Certificate")
	if err != nil {
		return nil, err
	}
	der, err := base64Of(certs[0])
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// children returns the child elements of el if they are exactly those named, in order, in the
// namespace of signatures, and nothing but white space stands between them.
func children(el *etree.Element, names ...string) ([]*etree.Element, error) {
	found := el.ChildElements()
	same := slices.EqualFunc(found, names, func(c *etree.Element, name string) bool {
		return c.Tag == name && c.NamespaceURI() == nsSignature
	})
	if text, err := plainText(el); err != nil || text != "" || !same {
		return nil, fmt.Errorf("%s does not hold exactly %s", el.Tag, strings.Join(names, ", "))
	}
	return found, nil
}

// plainText returns the text of el without white space. A comment is an error: canonical form drops
// it, so that what was signed and what is read here could differ.
func plainText(el *etree.Element) (string, error) {
	var b strings.Builder
	for _, child := range el.Child {
		switch c := child.(type) {
		case *etree.CharData:
			b.WriteString(strings.Join(strings.Fields(c.Data), ""))
		case *etree.Element:
		default:
			return "", fmt.Errorf("%s holds a comment", el.Tag)
		}
	}
	return b.String(), nil
}

// algorithm checks that el names an algorithm, without parameters.
func algorithm(el *etree.Element, want string) error {
	if got := el.SelectAttrValue("Algorithm", ""); got != want || len(el.ChildElements()) > 0 {
		return fmt.Errorf("%s is not %s", el.Tag, want)
	}
	return nil
}

// base64Of decodes the text of el. All white space goes first: real lists have carriage returns there,
// written as character references (O35).
func base64Of(el *etree.Element) ([]byte, error) {
	if len(el.ChildElements()) > 0 {
		return nil, fmt.Errorf("%s holds elements", el.Tag)
	}
	text, err := plainText(el)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", el.Tag, err)
	}
	return raw, nil
}

// verify checks both halves of the signature of root and returns the canonical bytes that it covers.
// It takes the signature out of root. Whose key signed is for the caller to judge.
func (s signature) verify(root *etree.Element) ([]byte, error) {
	key, ok := s.signer.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minRSABits || key.N.BitLen() > maxRSABits {
		return nil, fmt.Errorf("the signer's key is not RSA of %d to %d bits", minRSABits, maxRSABits)
	}
	info, err := canonicalSignedInfo(root, s.element, s.info)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(info)
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], s.value); err != nil {
		return nil, err
	}
	root.RemoveChild(s.element)
	signed, err := canonical(root)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(signed); subtle.ConstantTimeCompare(sum[:], s.digest) != 1 {
		return nil, errors.New("the digest does not match: the list was altered")
	}
	return signed, nil
}

// canonicalSignedInfo returns SignedInfo in exclusive canonical form, with the namespaces that are in
// force where it stands.
func canonicalSignedInfo(root, sig, info *etree.Element) ([]byte, error) {
	scope, err := etreeutils.NewDefaultNSContext().SubContext(root)
	if err != nil {
		return nil, err
	}
	if scope, err = scope.SubContext(sig); err != nil {
		return nil, err
	}
	detached, err := etreeutils.NSDetatch(scope, info)
	if err != nil {
		return nil, err
	}
	return canonical(detached)
}

// canonical writes el in exclusive canonical form without comments. It changes el.
func canonical(el *etree.Element) ([]byte, error) {
	return dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(el)
}
