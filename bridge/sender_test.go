package bridge_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
	"mesbridge/conversations"
)

// revocation loads revocation lists from files.
func revocation(t *testing.T, p *trusttest.PKI, lists ...[]byte) *trust.Revocation {
	t.Helper()
	var files []string
	dir := t.TempDir()
	for _, data := range lists {
		name := filepath.Join(dir, "list.crl")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, name)
	}
	r, err := trust.LoadRevocation(files, p.Chain())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMail_conformanceMatrix is section 20 of operator.md, inbound: each peer of the audit, and the
// further cases that concern MAIL.
func TestMail_conformanceMatrix(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	listed := trusttest.Name("smtp.ch-exemple.fr", "1990000001", `CH  "EXEMPLE" & Fils`)
	renamed := trusttest.Name("smtp2.ch-exemple.fr", "1990000001", `CH  "EXEMPLE" & Fils`)
	foreign := trusttest.New(t, at)
	for name, tt := range map[string]struct {
		cert   tls.Certificate
		sender string
		want   string
	}{
		"cert-valide-audit":     {b.operator, doctor, "250 2.0.0"},
		"cert-expire-audit":     {b.Issue(t, listed, b.Expired), doctor, "530 5.7.0 Client certificate expired"},
		"cert-revoque-audit":    {b.revoked, doctor, "530 5.7.0 Client certificate revoked"},
		"cert-non-igc-audit":    {foreign.Issue(t, listed), doctor, "530 5.7.0 Client certificate not issued"},
		"cert-no-match-audit":   {b.second, doctor, "550 5.7.1 Sender domain not served"},
		"cert-cn-diff-dn-audit": {b.Issue(t, renamed), doctor, "550 5.7.1 Client certificate not in the white list"},
		"tests-operateur":       {b.operator, doctor, "250 2.0.0"},
		"no certificate":        {tls.Certificate{}, doctor, "530 5.7.0 Client certificate required"},
		"not for TLS":           {b.Issue(t, listed, trusttest.Usage(x509.ExtKeyUsageEmailProtection)), doctor, "530 5.7.0"},
		"RSA of 1024 bits":      {b.IssueKey(t, listed, trusttest.RSAKey(t, 1024)), doctor, "530 5.7.0"},
		"same DN, renewed":      {b.Issue(t, listed), doctor, "250 2.0.0"},
		"upper-case domain":     {b.operator, "Dr.Martin@CH-Exemple.MSSANTE.fr", "250 2.0.0"},
		"domain not listed":     {b.operator, "dr@gmail.com", "550 5.7.1 Sender domain not in the white list"},
		"sub-domain not listed": {b.operator, "dr@a.ch-exemple.mssante.fr", "550 5.7.1 Sender domain not in the white list"},
		"two operators, first":  {b.operator, "x@commun.mssante.fr", "250 2.0.0"},
		"two operators, second": {b.second, "x@commun.mssante.fr", "250 2.0.0"},
		"unknown holder":        {b.unlisted, doctor, "550 5.7.1 Client certificate not in the white list"},
		"null sender":           {b.second, "", "250 2.0.0"},
		"null sender, unlisted": {b.unlisted, "", "550 5.7.1 Client certificate not in the white list"},
		"null sender, no cert":  {tls.Certificate{}, "", "530 5.7.0"},
		"a patient as sender":   {b.operator, alice, "550 5.7.1 Patients cannot write to patients"},
		"no domain that can be": {b.operator, "dr@-", "553 5.1.7"},
		"quoted local part":     {b.operator, `"a b"@ch-exemple.mssante.fr`, "250 2.0.0"},
		"two dots":              {b.operator, `"a..b"@ch-exemple.mssante.fr`, "250 2.0.0"},
		"control character":     {b.operator, "\"a\x01b\"@ch-exemple.mssante.fr", "553 5.1.7"},
		"long local part":       {b.operator, strings.Repeat("x", 65) + "@ch-exemple.mssante.fr", "553 5.1.7"},
		"UTF-8 not announced":   {b.operator, "é@ch-exemple.mssante.fr", "553 5.6.7"},
		"UTF-8 domain":          {b.operator, "dr@hôpital.mssante.fr", "553 5.6.7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := b.secure(t, tt.cert)
			c.want(c.do("MAIL FROM:<"+tt.sender+">"), tt.want)
			if accepted := strings.HasPrefix(tt.want, "250"); !accepted { // nothing is known of patients before this (O119)
				c.want(c.do("RCPT TO:<"+alice+">"), "503 5.5.1")
			}
		})
	}
}

func TestMail_sizeAndUTF8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.want(c.do("MAIL FROM:<"+doctor+"> SIZE=26214401"), "552 5.3.4")
	c.want(c.do("MAIL FROM:<"+doctor+"> SIZE=26214402"), "552 5.3.4")
	c.want(c.do("MAIL FROM:<"+doctor+"> SIZE=26214400 BODY=8BITMIME"), "250 2.0.0")
	c.want(c.do("RSET"), "250 2.0.0")
	c.want(c.do("MAIL FROM:<é@ch-exemple.mssante.fr> SMTPUTF8"), "250 2.0.0")
	c.want(c.do("RSET"), "250 2.0.0")
	c.want(c.do("MAIL FROM:<\xff@ch-exemple.mssante.fr> SMTPUTF8"), "553 5.6.7")
	c.want(c.do("MAIL FROM:<"+doctor+"> BODY=BINARYMIME"), "504 5.5.4")
}

// TestMail_noList covers table 15.1 and O16: a list that is too old stops mail for the time being.
func TestMail_noList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	b.noList(trust.ErrStale)
	c.want(c.do("MAIL FROM:<"+doctor+">"), "451 4.3.0")
	b.noList(nil)
	c.want(c.do("MAIL FROM:<"+doctor+">"), "250 2.0.0")
}

// TestMail_twice is RFC 5321 section 4.1.4: a transaction that is open stays what it is.
func TestMail_twice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.envelope(doctor, alice)
	c.want(c.do("MAIL FROM:<x@commun.mssante.fr>"), "503 5.5.1")
	c.want(c.send(message("corps du message\r\n")), "250 2.0.0")
	if got, _ := b.inbox.taken(); len(got) != 1 || got[0].Envelope != address(t, doctor) {
		t.Errorf("taken: %d", len(got))
	}
}

// TestMail_refusals covers O71: ten refusals 5.7.1 in a row end the connection, one message that is
// taken starts the count again, and refusals for a patient's sake do not count.
func TestMail_refusals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.inbox.refused["153124500723160"] = refusal(conversations.KindUnreachable, "D13")
	c := b.secure(t, b.operator)
	for range 9 {
		c.want(c.do("MAIL FROM:<x@autre.mssante.fr>"), "550 5.7.1")
	}
	c.want(c.do("MAIL FROM:<"+doctor+">"), "250 2.0.0")
	for range 20 {
		c.want(c.do("RCPT TO:<153124500723160@"+citizens+">"), "550 5.2.1")
	}
	c.want(c.do("RCPT TO:<"+alice+">"), "250 2.0.0")
	c.want(c.send(message("corps du message\r\n")), "250 2.0.0")
	for range 5 {
		c.want(c.do("MAIL FROM:<x@gmail.com>"), "550 5.7.1")
	}
	c.envelope(doctor, alice)
	c.want(c.send(message("x\r\n", "From: x@autre.mssante.fr")), "550 5.7.1") // forged authors count as well
	c.want(c.do("MAIL FROM:<"+doctor+">"), "250 2.0.0")
	for range 4 {
		c.want(c.do("RCPT TO:<x@gmail.com>"), "550 5.7.1")
	}
	c.want(c.do("MAIL FROM:<"+doctor+">"), "421 4.7.0")
	c.ended()
}

// TestMail_withoutRevocationList covers O52 and table 15.1: for the time being.
func TestMail_withoutRevocationList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.clock.Store(at.AddDate(0, 0, 1)) // the list ended twelve hours ago
	c := b.secure(t, b.operator)
	c.want(c.do("MAIL FROM:<"+doctor+">"), "454 4.7.0")
}
