package trust_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"mesbridge/bridge/trust"
)

// certificate makes the part of a certificate that subjects are read from, in the encoded order of
// real ones: C, ST, O, OU, CN (O28).
func certificate(t testing.TB, pairs ...string) *x509.Certificate {
	t.Helper()
	types := map[string]asn1.ObjectIdentifier{
		"CN": {2, 5, 4, 3}, "C": {2, 5, 4, 6}, "L": {2, 5, 4, 7}, "ST": {2, 5, 4, 8}, "O": {2, 5, 4, 10}, "OU": {2, 5, 4, 11},
		"serialNumber": {2, 5, 4, 5},
	}
	var seq pkix.RDNSequence
	for _, p := range pairs {
		kind, value, _ := strings.Cut(p, "=")
		seq = append(seq, pkix.RelativeDistinguishedNameSET{{Type: types[kind], Value: value}})
	}
	raw, err := asn1.Marshal(seq)
	if err != nil {
		t.Fatal(err)
	}
	return &x509.Certificate{RawSubject: raw}
}

// TestDN_irregularities compares list texts with certificates, over the irregularities of O29 and the
// algorithm of O30.
func TestDN_irregularities(t *testing.T) {
	t.Parallel()
	plain := []string{"C=FR", "ST=Paris (75)", "O=CNAM", "OU=318003502400041", "CN=smtps1.ens.exemple.fr"}
	chu := []string{"C=FR", "ST=Puy-de-Dôme (63)", "O=C H U  DE  L'EST", "OU=1630000001", "CN=smtp.chu.fr"}
	for name, tt := range map[string]struct {
		text string
		cert []string
		same bool
	}{
		"as written":                 {"CN=smtps1.ens.exemple.fr,OU=318003502400041,O=CNAM,ST=Paris (75),C=FR", plain, true},
		"spaces after commas":        {"CN=smtps1.ens.exemple.fr, OU=318003502400041, O=CNAM, ST=Paris (75), C=FR", plain, true},
		"another order":              {"C=FR,O=CNAM,CN=smtps1.ens.exemple.fr,ST=Paris (75),OU=318003502400041", plain, true},
		"another case":               {"CN=SMTPS1.ENS.exemple.fr,OU=318003502400041,O=cnam,ST=PARIS (75),C=fr", plain, true},
		"S for ST":                   {"CN=smtps1.ens.exemple.fr,OU=318003502400041,O=CNAM,S=Paris (75),C=FR", plain, true},
		"L is not ST":                {"CN=smtps1.ens.exemple.fr,OU=318003502400041,O=CNAM,L=Paris (75),C=FR", plain, false},
		"quotes and double spaces":   {`CN=smtp.chu.fr,OU=1630000001,O="C H U  DE  L'EST",ST=Puy-de-Dôme (63),C=FR`, chu, true},
		"no-break spaces":            {"CN=smtp.chu.fr,OU=1630000001,O=C H U\u00a0DE\u00a0L'EST,ST=Puy-de-Dôme (63),C=FR", chu, true},
		"decomposed accent":          {"CN=smtp.chu.fr,OU=1630000001,O=C H U DE L'EST,ST=Puy-de-Do\u0302me (63),C=FR", chu, true},
		"accent missing":             {"CN=smtp.chu.fr,OU=1630000001,O=C H U DE L'EST,ST=Puy-de-Dome (63),C=FR", chu, false},
		"quotes inside":              {`CN=a.fr,O=CENTRE HOSPITALIER "FRANCK-JOLY",C=FR`, []string{"C=FR", `O=CENTRE HOSPITALIER "FRANCK-JOLY"`, "CN=a.fr"}, true},
		"comma inside":               {`CN=a.fr,O=MARTIN, DUPONT ET CIE,C=FR`, []string{"C=FR", "O=MARTIN, DUPONT ET CIE", "CN=a.fr"}, true},
		"escaped comma":              {`CN=a.fr,O=MARTIN\, DUPONT,C=FR`, []string{"C=FR", "O=MARTIN, DUPONT", "CN=a.fr"}, true},
		"escaped octets":             {`CN=a.fr,O=H\C3\B4pital,C=FR`, []string{"C=FR", "O=Hôpital", "CN=a.fr"}, true},
		"an escaped separator stays": {`CN=a.fr,O=X\,C=FR`, []string{"C=FR", "O=X", "CN=a.fr"}, false},
		"one pair missing":           {"CN=smtps1.ens.exemple.fr,OU=318003502400041,O=CNAM,C=FR", plain, false},
		"one pair twice (multiset)":  {"CN=smtps1.ens.exemple.fr,OU=318003502400041,OU=318003502400041,O=CNAM,ST=Paris (75),C=FR", plain, false},
		"two units":                  {"CN=a.fr,OU=2,OU=1,C=FR", []string{"C=FR", "OU=1", "OU=2", "CN=a.fr"}, true},
		"values swapped":             {"CN=a.fr,OU=O,O=U,C=FR", []string{"C=FR", "O=O", "OU=U", "CN=a.fr"}, false},
		"an unknown type in it":      {"CN=a.fr,O=X,C=FR", []string{"C=FR", "O=X", "serialNumber=1", "CN=a.fr"}, false},
		"another CN":                 {"CN=smtps2.ens.exemple.fr,OU=318003502400041,O=CNAM,ST=Paris (75),C=FR", plain, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := trust.ParseDN(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := trust.CertificateDN(certificate(t, tt.cert...))
			if err != nil {
				t.Fatal(err)
			}
			if (text == cert) != tt.same {
				t.Errorf("list %q, certificate %q: equal %v, want %v", text, cert, text == cert, tt.same)
			}
		})
	}
}

func TestDN_unreadable_isRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "CNAM", "E=x,CN=a.fr", ",CN=a.fr", "cn", "CN=\xff", `CN=\ff`, "CN=" + strings.Repeat("x", trust.MaxDN)} {
		if dn, err := trust.ParseDN(text); !errors.Is(err, trust.ErrNotDN) {
			t.Errorf("ParseDN of %.20q gave %q, %v", text, dn, err)
		}
	}
	for name, cert := range map[string]*x509.Certificate{
		"none":            nil,
		"no subject":      certificate(t),
		"trailing octets": {RawSubject: append(certificate(t, "CN=a").RawSubject, 0)},
		"not a sequence":  {RawSubject: []byte{1, 2, 3}},
	} {
		if dn, err := trust.CertificateDN(cert); !errors.Is(err, trust.ErrNotDN) {
			t.Errorf("%s: CertificateDN gave %q, %v", name, dn, err)
		}
	}
}

// FuzzDN holds the law that what is written of a subject reads back as the same subject, whatever the
// value, and that different subjects stay different.
func FuzzDN(f *testing.F) {
	for _, seed := range [][2]string{
		{"smtp.exemple.fr", "CNAM"},
		{`a\`, `"`},
		{", O=x", `",C=FR`},
		{"  ", "\u00a0x"},
		{"É", "E\u0301"},
		{`\2C`, `""`},
		{"ß", "SS"},
		{"\x00", "\t"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, cn, org string) {
		_, _ = trust.ParseDN(cn) // must not panic
		if !utf8.ValidString(cn) || !utf8.ValidString(org) {
			return
		}
		cert := certificate(t, "C=FR", "O="+org, "CN="+cn)
		dn, err := trust.CertificateDN(cert)
		if err != nil {
			return
		}
		text, err := trust.FormatDN(cert)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > trust.MaxDN {
			return
		}
		back, err := trust.ParseDN(text)
		if err != nil || back != dn {
			t.Errorf("%q was written %q and read %q, %v", dn, text, back, err)
		}
		other, err := trust.CertificateDN(certificate(t, "C=FR", "O="+org+"x", "CN="+cn))
		if err != nil || other == dn {
			t.Errorf("two organisations are both %q, %v", dn, err)
		}
	})
}
