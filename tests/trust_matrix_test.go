package tests

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"mesbridge/bridge/trust/trusttest"
	"mesbridge/conversations"
)

// row is one row of section 20 of operator.md: a domain of the audit whose operator shows something, as
// client and as server. What is listed for the domain is the subject of listed, of which a good
// certificate exists in any case: it opens the conversation that the patient answers.
type row struct {
	label   string
	listed  tls.Certificate
	shows   tls.Certificate // zero: no TLS
	inbound string          // first words of the reply to MAIL, or of the refusal before it
	code    string          // that the log tells of the outbound attempt; empty: delivered
}

// matrix makes the certificates of the eight rows, the third once for each way to know of a withdrawal.
func matrix(s *trustSpace) []row {
	name := func(label string) string { return "smtp." + label + ".exemple.fr" }
	good := func(label string) tls.Certificate { return s.issue("1990000001", "AUDIT", name(label)) }
	audit := good("cert-valide")
	expired, revoked, answered := good("cert-expire"), good("cert-revoque"), s.answered("cert-revoque-ocsp")
	withdrawn := s.issue("1990000001", "AUDIT", name("cert-revoque"))
	s.revoked = append(s.revoked, withdrawn.Leaf)
	denied := s.answered("cert-revoque-ocsp")
	s.responder.Revoke(denied.Leaf)
	return []row{
		{"cert-valide-audit", audit, audit, "250 2.0.0", ""},
		{"cert-expire-audit", expired, s.issue("1990000001", "AUDIT", name("cert-expire"), s.org.Expired), "530 5.7.0 Client certificate expired", "4.7.5"},
		{"cert-revoque-audit", revoked, withdrawn, "530 5.7.0 Client certificate revoked", "4.7.5"},
		{"cert-revoque-ocsp-audit", answered, denied, "530 5.7.0 Client certificate revoked", "4.7.5"},
		{
			"cert-non-igc-audit", good("cert-non-igc"), s.foreign.Issue(s.t, trusttest.Name(name("cert-non-igc"), "1990000001", "AUDIT")),
			"530 5.7.0 Client certificate not issued", "4.7.5",
		},
		{"cert-no-match-audit", good("cert-no-match"), audit, "550 5.7.1 Sender domain not served", "4.7.5"},
		{"cert-cn-diff-dn-audit", good("cert-cn-diff-dn"), good("un-autre-nom"), "550 5.7.1 Client certificate not in the white list", "4.7.5"},
		{"sans-tls-audit", good("sans-tls"), tls.Certificate{}, "530 5.7.0 Must issue a STARTTLS command first", "4.7.10"},
		{"tests-operateur", audit, audit, "250 2.0.0", ""},
	}
}

// answered makes a certificate of the authority that has a responder and no list.
func (s *trustSpace) answered(label string) tls.Certificate {
	s.t.Helper()
	return s.other.Issue(s.t, trusttest.Name("smtp."+label+".exemple.fr", "1990000001", "AUDIT"), trusttest.ResponderAt(s.responder.URL))
}

// TestTrustMatrix is the conformance matrix of section 20 of operator.md, both directions, against a whole
// bridge with real TLS, a list server, a server of revocation lists and an OCSP responder.
func TestTrustMatrix(t *testing.T) {
	t.Parallel()
	s := newTrustSpace(t)
	rows := matrix(s)
	servers := map[string]*mxServer{}
	for _, r := range rows {
		s.list(r.label+auditSuffix, r.listed)
		servers[r.label] = s.mx(r.label+auditSuffix, r.shows)
	}
	s.start()
	for _, r := range rows {
		t.Run(r.label, func(t *testing.T) {
			t.Run("inbound", func(t *testing.T) { s.inbound(t, r) })
			t.Run("outbound", func(t *testing.T) { s.outbound(t, r, servers[r.label]) })
		})
	}
	text := s.metrics(t)
	for _, want := range []string{
		`mesbridge_peers_total{direction="inbound",fault="certificate-revoked"} 2`,
		`mesbridge_peers_total{direction="outbound",fault="certificate-untrusted"} 1`,
		`mesbridge_white_list_refreshes_total{outcome="new"} 1`,
		`mesbridge_revocation_list_entries{authority="AC TEST ORGANISATIONS"} 1`,
		`mesbridge_white_list_freshness{step="fresh"} 1`,
		`mesbridge_alarms{alarm="white-list-age"} 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics do not tell %s", want)
		}
	}
}

// inbound lets the operator of the row connect to the bridge.
func (s *trustSpace) inbound(t *testing.T, r row) {
	from := "medecin@" + r.label + auditSuffix
	if r.shows.Leaf == nil {
		c := s.clear(t)
		c.do("250", "EHLO operateur.test")
		c.do(r.inbound, "MAIL FROM:<%s>", from)
		return
	}
	c := s.secure(t, r.shows)
	c.do(r.inbound, "MAIL FROM:<%s>", from)
	if strings.HasPrefix(r.inbound, "250") {
		c.do("250", "RSET")
		if got := s.deposit(t, r.shows, from, "Sujet entrant "+r.label); !strings.HasPrefix(got, "250 2.0.0") || s.thread(t, "Sujet entrant "+r.label) == nil {
			t.Errorf("refused: %s", got)
		}
		return
	}
	c.do("5", "RCPT TO:<%s@%s>", thePatient, citizenDomain) // nothing is told of patients to such a peer (O119)
}

// outbound lets the patient answer a message of the row's domain, whose server then shows what the row
// says.
func (s *trustSpace) outbound(t *testing.T, r row, m *mxServer) {
	subject := "Sujet de " + r.label
	if got := s.deposit(t, r.listed, "medecin@"+r.label+auditSuffix, subject); !strings.HasPrefix(got, "250") {
		t.Fatalf("the message to answer is refused: %s", got)
	}
	if err := s.reply(t, subject); err != nil {
		t.Fatal(err)
	}
	if r.code == "" {
		await(t, "delivery", func() bool { return s.delivery(t, subject) == conversations.DeliverySent })
		if got := m.kept(); len(got) != 1 || !strings.Contains(got[0], "Subject: Re: "+subject) || m.shown()[0] != bridgeHost {
			t.Errorf("%d messages over connections of %q", len(got), m.shown())
		}
		return
	}
	line := fmt.Sprintf(`msg="mail server not usable" part=delivery domain=%s code=%s`, r.label+auditSuffix, r.code)
	await(t, "refused connection", func() bool { return strings.Contains(s.log.String(), line) })
	if got := s.delivery(t, subject); got != conversations.DeliveryQueued {
		t.Errorf("the reply is %q, and not tried again later (O82, O85)", got)
	}
	await(t, "end of the connection", func() bool { ended, _, _ := m.seen(); return ended > 0 })
	if _, commands, messages := m.seen(); commands+messages > 0 {
		t.Errorf("the server was given %d commands and %d messages", commands, messages)
	}
}
