package trust_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
)

// at is the instant around which all certificates of these tests are valid.
var at = time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)

// space is a trust space with a signer, our own certificate and one operator's.
type space struct {
	*trusttest.PKI
	signer, own, operator tls.Certificate
}

func newSpace(t testing.TB) space {
	t.Helper()
	p := trusttest.New(t, at)
	return space{
		PKI:      p,
		signer:   p.Signer(t, trust.SignerName),
		own:      p.Issue(t, trusttest.Name("smtps1.patient.exemple.fr", "318003502400041", "CNAM")),
		operator: p.Issue(t, trusttest.Name("smtp.ch-exemple.fr", "1990000001", `CH  "EXEMPLE" & Fils`)),
	}
}

// entries lists our domain and one of the operator's.
func (s space) entries(t testing.TB, more ...trust.Entry) []trust.Entry {
	t.Helper()
	return append([]trust.Entry{
		trusttest.Entry(t, "patient.mssante.fr", s.own, at),
		trusttest.Entry(t, "ch-exemple.mssante.fr", s.operator, at.Add(time.Second)),
	}, more...)
}

// options are those of our own deployment.
func (s space) options() trust.Options {
	dn, err := trust.CertificateDN(s.own.Leaf)
	if err != nil {
		panic(err) // the certificate was made by this test
	}
	return trust.Options{Chain: s.Chain(), Now: at, OwnDomain: "patient.mssante.fr", OwnDNs: []trust.DN{dn}}
}

// refusedAt fails unless err is a refusal at the given step.
func refusedAt(t *testing.T, err error, want trust.Step) {
	t.Helper()
	var refused *trust.VerifyError
	if !errors.As(err, &refused) || refused.Step != want {
		t.Errorf("got %v, want a refusal at step %s", err, want)
	}
}

func TestVerify_goodList_serves(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	second := s.Issue(t, trusttest.Name("smtp2.autre.fr", "1990000002", "AUTRE"))
	data := trusttest.List(t, s.signer, at, s.entries(t,
		trusttest.Entry(t, "CH-Exemple.mssante.fr", second, at), // upper case (O23), a second operator (O22)
		trusttest.Entry(t, "hôpital.mssante.fr", second, at),    // a U-label (O23)
		trust.Entry{Domain: "sans-dn.mssante.fr", DN: "CNAM", Updated: at},
		trust.Entry{Domain: "mauvais domaine", DN: "CN=a.fr", Updated: at},
	)...)
	list, err := trust.Verify(data, s.options())
	if err != nil {
		t.Fatal(err)
	}
	if !list.Generated().Equal(at) || list.Entries() != 4 || list.Skipped() != 2 {
		t.Errorf("generated %v, %d entries, %d skipped", list.Generated(), list.Entries(), list.Skipped())
	}
	for _, tt := range []struct {
		domain  string
		cert    *x509.Certificate
		listed  bool
		allowed bool
	}{
		{"ch-exemple.mssante.fr", s.operator.Leaf, true, true},
		{"CH-EXEMPLE.MSSANTE.FR.", s.operator.Leaf, true, true},
		{"ch-exemple.mssante.fr", second.Leaf, true, true},
		{"ch-exemple.mssante.fr", s.own.Leaf, true, false},
		{"ch-exemple.mssante.fr", nil, true, false},
		{"patient.mssante.fr", s.operator.Leaf, true, false},
		{"xn--hpital-ixa.mssante.fr", second.Leaf, true, true},
		{"mssante.fr", s.operator.Leaf, false, false}, // no inheritance (O24)
		{"a.ch-exemple.mssante.fr", s.operator.Leaf, false, false},
		{"sans-dn.mssante.fr", s.operator.Leaf, false, false},
		{"", s.operator.Leaf, false, false},
	} {
		if got := list.Listed(tt.domain); got != tt.listed {
			t.Errorf("Listed(%q) = %v", tt.domain, got)
		}
		if got := list.Allows(tt.domain, tt.cert); got != tt.allowed {
			t.Errorf("Allows(%q) = %v", tt.domain, got)
		}
	}
	if got := list.Domains(second.Leaf); !slices.Equal(got, []string{"ch-exemple.mssante.fr", "xn--hpital-ixa.mssante.fr"}) {
		t.Errorf("Domains gave %q", got)
	}
	stranger := s.Issue(t, trusttest.Name("smtp.inconnu.fr", "1", "X"))
	if !list.Knows(second.Leaf) || list.Knows(stranger.Leaf) || list.Knows(nil) {
		t.Error("Knows is wrong")
	}
}

// TestVerify_altered covers O37 and O40: every change of the signed bytes or of the signature's shape
// is refused, and at the step that names it.
func TestVerify_altered(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	good := string(trusttest.List(t, s.signer, at, s.entries(t)...))
	signature := regexp.MustCompile(`(?s)<Signature .*</Signature>`)
	sub := func(old, replacement string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the list", old)
		}
		return strings.Replace(good, old, replacement, 1)
	}
	fakeSignature := strings.Replace(signature.FindString(good), "<SignedInfo", "<!-- --><SignedInfo", 1)
	for name, tt := range map[string]struct {
		data string
		step trust.Step
	}{
		"empty":               {"", trust.StepForm},
		"not XML":             {"liste", trust.StepForm},
		"truncated":           {good[:len(good)-10], trust.StepForm},
		"a second root":       {good + "<x/>", trust.StepForm},
		"text behind":         {good + "x", trust.StepForm},
		"document type":       {sub("?>", "?><!DOCTYPE a>"), trust.StepForm},
		"external entity":     {sub("?>", `?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>`), trust.StepForm},
		"unknown entity":      {sub("Domaine fictif", "&x;"), trust.StepForm},
		"another charset":     {sub("UTF-8", "ISO-8859-1"), trust.StepForm},
		"instruction":         {sub("<ListeDomaines>", "<?x y?><ListeDomaines>"), trust.StepForm},
		"nested too deep":     {sub("Domaine fictif", strings.Repeat("<a>", 9)+strings.Repeat("</a>", 9)), trust.StepForm},
		"many attributes":     {sub("<Nom>", `<Nom a="" b="" c="" d="" e="">`), trust.StepForm},
		"attribute twice":     {sub("<Nom>", `<Nom a="" a="">`), trust.StepForm},
		"unsigned":            {signature.ReplaceAllString(good, ""), trust.StepAlgorithms},
		"two signatures":      {sub("<Signature ", signature.FindString(good)+"<Signature "), trust.StepAlgorithms},
		"signature inside":    {sub("<ListeDomaines>", "<ListeDomaines>"+signature.FindString(good)), trust.StepAlgorithms},
		"signature moved":     {strings.Replace(signature.ReplaceAllString(good, ""), "<ListeDomaines>", "<ListeDomaines>"+signature.FindString(good), 1), trust.StepAlgorithms},
		"comment in it":       {signature.ReplaceAllLiteralString(good, fakeSignature), trust.StepAlgorithms},
		"comment in digest":   {sub("<DigestValue>", "<DigestValue><!-- -->"), trust.StepAlgorithms},
		"SHA-1 digest":        {sub("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"), trust.StepAlgorithms},
		"RSA with SHA-1":      {sub("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"), trust.StepAlgorithms},
		"HMAC":                {sub("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), trust.StepAlgorithms},
		"XPath transform":     {sub("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xpath-19991116"), trust.StepAlgorithms},
		"a third transform":   {sub("</Transforms>", `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></Transform></Transforms>`), trust.StepAlgorithms},
		"prefix list":         {sub(`<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">`, `<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><InclusiveNamespaces/>`), trust.StepAlgorithms},
		"reference to a part": {sub(`URI=""`, `URI="#a"`), trust.StepAlgorithms},
		"reference to none":   {sub(` URI=""`, ``), trust.StepAlgorithms},
		"two references":      {sub("</SignedInfo>", regexp.MustCompile(`<Reference.*</Reference>`).FindString(good)+"</SignedInfo>"), trust.StepAlgorithms},
		"an object":           {sub("</KeyInfo>", "</KeyInfo><Object></Object>"), trust.StepAlgorithms},
		"no certificate":      {regexp.MustCompile(`(?s)<X509Certificate>.*</X509Certificate>`).ReplaceAllString(good, ""), trust.StepAlgorithms},
		"entry altered":       {sub("ch-exemple.mssante.fr", "ch-pirate.mssante.fr"), trust.StepSignature},
		"entry added":         {sub("<Domaine>", "<Domaine><Nom>x.fr</Nom></Domaine><Domaine>"), trust.StepSignature},
		"white space added":   {sub("<ListeDomaines>", "<ListeDomaines> "), trust.StepSignature},
		"digest replaced":     {regexp.MustCompile(`<DigestValue>.*</DigestValue>`).ReplaceAllString(good, "<DigestValue>"+strings.Repeat("A", 43)+"=</DigestValue>"), trust.StepSignature},
		"value cut":           {regexp.MustCompile(`(?s)<SignatureValue>.*</SignatureValue>`).ReplaceAllString(good, "<SignatureValue>AAAA</SignatureValue>"), trust.StepSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := trust.Verify([]byte(tt.data), s.options())
			refusedAt(t, err, tt.step)
			if list != nil {
				t.Error("a refused list was returned")
			}
		})
	}
	// A comment outside the signature is not part of what is signed, and must change nothing read.
	list, err := trust.Verify([]byte(sub("ch-exemple.mssante.fr", "ch-exemple<!-- pirate -->.mssante.fr")), s.options())
	if err != nil || !list.Allows("ch-exemple.mssante.fr", s.operator.Leaf) || list.Listed("ch-exemple") {
		t.Errorf("a comment inside a name changed what was read: %v", err)
	}
}

// signed makes a list from a document of the test's own, signed like any other.
func (s space) signed(t *testing.T, replace ...string) []byte {
	t.Helper()
	return trusttest.Resign(t, s.signer, strings.NewReplacer(replace...).Replace(string(trusttest.List(t, s.signer, at, s.entries(t)...))))
}

// TestVerify_grammar covers O18 and OP-3: what is well signed must still be a white list.
func TestVerify_grammar(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	const date = "<DateDeGeneration>2026-05-12T10:00:00Z</DateDeGeneration>"
	for name, replace := range map[string][]string{
		"another namespace": {"https://listeblanche.mssante.fr/schema", "https://listeblanche.drimm.fr/schema"},
		"another root":      {"ListeBlancheMSSante", "ListeBlancheDRIM"},
		"no date":           {date, ""},
		"two dates":         {date, date + date},
		"unreadable date":   {"2026-05-12T10:00:00Z</DateDe", "12/05/2026</DateDe"},
		"no domains":        {"<ListeDomaines>", "<Autre>", "</ListeDomaines>", "</Autre>"},
		"unknown at root":   {date, date + "<Autre></Autre>"},
		"unknown in list":   {"<ListeDomaines>", "<ListeDomaines><Autre></Autre>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := trust.Verify(s.signed(t, replace...), s.options())
			refusedAt(t, err, trust.StepGrammar)
		})
	}
	list, err := trust.Verify(s.signed(t, "<Nom>ch-", "<Nouveau><a></a></Nouveau><Nom>ch-"), s.options())
	if err != nil || !list.Listed("ch-exemple.mssante.fr") {
		t.Errorf("an unknown element inside Domaine is to be ignored: %v", err)
	}
	list, err = trust.Verify(s.signed(t, "<Nom>ch-exemple.mssante.fr</Nom>", "<Nom>a.fr</Nom><Nom>b.fr</Nom>"), s.options())
	if err != nil || list.Listed("a.fr") || list.Listed("b.fr") || list.Skipped() != 1 {
		t.Errorf("an entry with two names is to be skipped: %v", err)
	}
}

// TestVerify_signer covers O38 and O39: chain, dates at DateDeGeneration, revocation, name.
func TestVerify_signer(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	foreign := trusttest.New(t, at) // the same names, other keys
	revoked := s.Signer(t, trust.SignerName)
	revocation := loadRevocation(t, s.PKI, s.CRL(t, revoked.Leaf))
	for name, tt := range map[string]struct {
		signer tls.Certificate
		step   trust.Step
	}{
		"another authority":      {foreign.Signer(t, trust.SignerName), trust.StepSigner},
		"expired when it signed": {s.Signer(t, trust.SignerName, s.Expired), trust.StepSigner},
		"not for signing":        {s.Signer(t, trust.SignerName, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), trust.StepSigner},
		"revoked":                {revoked, trust.StepRevoked},
		"another holder":         {s.Signer(t, "smtp.ch-exemple.fr"), trust.StepSignerName},
		"a short key":            {s.IssueKey(t, trusttest.Name(trust.SignerName, "3", "X"), trusttest.RSAKey(t, 1024)), trust.StepSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := s.options()
			o.Revocation = revocation
			_, err := trust.Verify(trusttest.List(t, tt.signer, at, s.entries(t)...), o)
			refusedAt(t, err, tt.step)
		})
	}
	// The signer may have expired since (O39): what counts is the date of the list.
	later := s.options()
	later.Now = at.AddDate(4, 0, 0)
	if _, err := trust.Verify(trusttest.List(t, s.signer, at, s.entries(t)...), later); err != nil {
		t.Errorf("a list signed while the certificate was valid: %v", err)
	}
}

// TestVerify_contents covers O17, O39 and O44.
func TestVerify_contents(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	more := s.entries(t,
		trusttest.Entry(t, "a.mssante.fr", s.operator, at), trusttest.Entry(t, "b.mssante.fr", s.operator, at),
		trusttest.Entry(t, "c.mssante.fr", s.operator, at))
	previous, err := trust.Verify(trusttest.List(t, s.signer, at, more...), s.options())
	if err != nil {
		t.Fatal(err)
	}
	verify := func(generated time.Time, force bool, entries ...trust.Entry) error {
		o := s.options()
		o.Previous, o.Force = previous, force
		_, err := trust.Verify(trusttest.List(t, s.signer, generated, entries...), o)
		return err
	}
	refusedAt(t, verify(at.Add(-time.Second), false, more...), trust.StepRollback)
	refusedAt(t, verify(at.Add(trust.MaxFuture+time.Second), false, more...), trust.StepRollback)
	refusedAt(t, verify(at, false, more[:2]...), trust.StepPlausible) // 2 of 5
	refusedAt(t, verify(at, false, more[1:]...), trust.StepPlausible) // our own entry is missing
	refusedAt(t, verify(at, true), trust.StepPlausible)               // empty, even by force
	for name, err := range map[string]error{
		"the same date":        verify(at, false, more...),
		"ahead by clock error": verify(at.Add(trust.MaxFuture), false, more...),
		"half as many":         verify(at, false, more[:3]...), // 3 of 5
		"older, by force":      verify(at.Add(-time.Hour), true, more...),
		"far fewer, by force":  verify(at, true, more[:1]...),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
