package tests

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// operator is a domain with a good operator, for the further cases of section 20 of operator.md.
type operator struct {
	domain string
	cert   tls.Certificate
	server *mxServer
}

func (s *trustSpace) operator(domain string, cert tls.Certificate) operator {
	s.list(domain, cert)
	return operator{domain, cert, s.mx(domain, cert)}
}

// exchanged sends a message as the operator and lets the patient answer it, both of which must arrive.
func (s *trustSpace) exchanged(t *testing.T, o operator, from string) {
	t.Helper()
	subject := "Sujet de " + from
	if got := s.deposit(t, o.cert, from, subject); !strings.HasPrefix(got, "250 2.0.0") {
		t.Fatalf("refused: %s", got)
	}
	_, _, before := o.server.seen()
	if err := s.reply(t, subject); err != nil {
		t.Fatal(err)
	}
	await(t, "delivery", func() bool { _, _, n := o.server.seen(); return n > before })
}

// TestTrustFurther holds the further cases below the matrix of section 20 that concern who is who, and
// what the dialogue refuses.
func TestTrustFurther(t *testing.T) {
	t.Parallel()
	s := newTrustSpace(t)
	first := s.operator("deux-dn.mssante.fr", s.issue("1990000001", "CH UN", "smtp1.un.fr"))
	second := operator{first.domain, s.issue("1990000001", "CH UN", "smtp2.un.fr"), nil}
	s.list(first.domain, second.cert)
	old := s.operator("deux-operateurs.mssante.fr", first.cert)
	takeover := operator{old.domain, s.issue("1990000002", "CH DEUX", "smtp.deux.fr"), nil}
	s.list(old.domain, takeover.cert)
	takeover.server = s.mx(old.domain, takeover.cert) // the MX of the domain is the new operator's already
	upper := s.operator("CH-MAJUSCULES.MSSANTE.FR", first.cert)
	upper.server = s.mx("ch-majuscules.mssante.fr", first.cert)
	gone := s.operator("disparu.mssante.fr", first.cert)
	written := s.irregular()
	unlisted := s.issue("1990000009", "INCONNU", "smtp.inconnu.fr")
	s.start()

	t.Run("domain not listed", func(t *testing.T) {
		c := s.secure(t, first.cert)
		c.do("550 5.7.1 Sender domain not in the white list", "MAIL FROM:<medecin@hors-liste.mssante.fr>")
		c.do("550 5.7.1 Sender domain not in the white list", "MAIL FROM:<medecin@sous.%s>", first.domain)
		s.secure(t, unlisted).do("550 5.7.1 Client certificate not in the white list", "MAIL FROM:<medecin@%s>", first.domain)
	})
	t.Run("two DNs for one domain", func(t *testing.T) {
		s.exchanged(t, first, "un@deux-dn.mssante.fr")
		second.server = first.server
		s.exchanged(t, second, "deux@deux-dn.mssante.fr")
	})
	t.Run("two operators for one domain", func(t *testing.T) {
		old.server = takeover.server
		s.exchanged(t, old, "ancien@deux-operateurs.mssante.fr")
		s.exchanged(t, takeover, "nouveau@deux-operateurs.mssante.fr")
	})
	t.Run("upper-case name", func(t *testing.T) {
		s.exchanged(t, upper, "medecin@ch-majuscules.mssante.fr")
	})
	for label, o := range written {
		t.Run("DN with "+label, func(t *testing.T) { s.exchanged(t, o, "medecin@"+o.domain) })
	}
	t.Run("null sender", func(t *testing.T) {
		s.secure(t, first.cert).do("250", "MAIL FROM:<>")
		s.secure(t, unlisted).do("550 5.7.1", "MAIL FROM:<>")
		s.secure(t, tls.Certificate{}).do("530 5.7.0", "MAIL FROM:<>")
	})
	t.Run("forged From", func(t *testing.T) {
		c := s.secure(t, first.cert)
		forged := note("autre@deux-operateurs-x.mssante.fr", thePatient+"@"+citizenDomain, "Sujet de faussaire", "corps du message")
		if got := c.send("un@deux-dn.mssante.fr", []string{thePatient + "@" + citizenDomain}, forged); !strings.HasPrefix(got, "550 5.7.1") {
			t.Errorf("accepted: %s", got)
		}
	})
	t.Run("26 MB message", func(t *testing.T) { s.tooLarge(t, first) })
	t.Run("full mailbox", func(t *testing.T) { s.fullMailbox(t, first) })
	t.Run("auto-reply loop", func(t *testing.T) { s.automaticAnswer(t, first) })
	t.Run("closed mailbox", func(t *testing.T) { s.closedMailbox(t, first) })
	t.Run("DSN success", func(t *testing.T) { s.deliveryReport(t, first) })
	t.Run("domain removed from the list", func(t *testing.T) { s.removed(t, gone) })
	t.Run("own certificate replaced", func(t *testing.T) { s.replaced(t, first) })
}

// irregular lists operators whose subjects are written as O29 tells.
func (s *trustSpace) irregular() map[string]operator {
	all := map[string]operator{}
	n := 0
	for label, o := range map[string]struct{ written, encoded string }{
		"quotes":           {`"C H U  DE  L'EST"`, `C H U  DE  L'EST`},
		"quotes inside":    {`CENTRE HOSPITALIER "FRANCK-JOLY"`, `CENTRE HOSPITALIER "FRANCK-JOLY"`},
		"no-break spaces":  {"C\u00a0H\u00a0U DE L'OUEST", "C H U DE L'OUEST"},
		"double spaces":    {"C H U  DU  SUD", "C H U DU SUD"},
		"a comma":          {`MARTIN, DUPONT ET CIE`, `MARTIN, DUPONT ET CIE`},
		"an ampersand":     {`SOINS & FILS`, `SOINS & FILS`},
		"another case":     {`ch de la côte`, `CH DE LA CÔTE`},
		"a decomposed one": {"CH DE LA CO\u0302TE", "CH DE LA CÔTE"},
	} {
		n++
		host := fmt.Sprintf("smtp%d.irregulier.fr", n)
		cert := s.issue("1990000005", o.encoded, host)
		domain := fmt.Sprintf("irregulier-%d.mssante.fr", n)
		entry := trusttest.Entry(s.t, domain, cert, s.org.At)
		entry.DN = "CN=" + host + ", OU=1990000005, O=" + o.written + ", ST=Paris (75), C=FR"
		s.entries = append(s.entries, entry)
		all[label] = operator{domain, cert, s.mx(domain, cert)}
	}
	return all
}

// tooLarge is O78, declared and not.
func (s *trustSpace) tooLarge(t *testing.T, o operator) {
	from, to := "un@"+o.domain, thePatient+"@"+citizenDomain
	s.secure(t, o.cert).do("552 5.3.4", "MAIL FROM:<%s> SIZE=27262976", from)
	large := note(from, to, "Sujet de 26 Mo", strings.Repeat(strings.Repeat("x", 76)+"\r\n", 26<<20/78+1))
	if got := s.secure(t, o.cert).send(from, []string{to}, large); !strings.HasPrefix(got, "552 5.3.4") {
		t.Errorf("26 MB gave %s", got)
	}
}

// fullMailbox is O167: what is above the quota waits.
func (s *trustSpace) fullMailbox(t *testing.T, o operator) {
	const ins = rules.INS("288999935107791")
	actor := conversations.Actor{Kind: conversations.ActorSystem, ID: "test"}
	if _, err := s.app.Conversations.Enrol(t.Context(), actor, ins, "Camille TEST", rules.Active); err != nil {
		t.Fatal(err)
	}
	from, to := "un@"+o.domain, string(ins)+"@"+citizenDomain
	half := strings.Repeat(strings.Repeat("x", 76)+"\r\n", 14_000_000/78)
	c := s.secure(t, o.cert)
	for _, subject := range []string{"Sujet de 14 Mo", "Sujet de 28 Mo"} { // the second one fills it, and is taken
		if got := c.send(from, []string{to}, note(from, to, subject, half)); !strings.HasPrefix(got, "250") {
			t.Fatalf("a message to a mailbox with room gave %s", got)
		}
	}
	c.do("250", "MAIL FROM:<%s>", from)
	c.do("452 4.2.2", "RCPT TO:<%s>", to)
}

// automaticAnswer is O118: the trial mailbox answers a person, over the same checks, from the null
// reverse-path; what a program writes, such as the answer itself sent back, it does not answer.
func (s *trustSpace) automaticAnswer(t *testing.T, o operator) {
	from, to := "essai@"+o.domain, "reponse.automatique-test@"+citizenDomain
	c := s.secure(t, o.cert)
	answers := func() (n int, last string) {
		for _, m := range o.server.kept() {
			if strings.Contains(m, "Auto-Submitted: auto-replied") {
				n, last = n+1, m
			}
		}
		return n, last
	}
	text := "Message-ID: <essai-1@" + o.domain + ">\r\n" + note(from, to, "Sujet de essai", "corps du message")
	if got := c.send(from, []string{to}, text); !strings.HasPrefix(got, "250") {
		t.Fatalf("refused: %s", got)
	}
	await(t, "automatic answer", func() bool { n, _ := answers(); return n == 1 })
	_, answer := answers()
	for _, field := range []string{"Subject: Re: Sujet de essai\r\n", "In-Reply-To: <essai-1@" + o.domain + ">\r\n", "From: <" + to + ">"} {
		if !strings.Contains(answer, field) {
			t.Errorf("no %q in %s", field, answer)
		}
	}
	other := "robot@" + o.domain
	looped := "Auto-Submitted: auto-replied\r\n" + note(other, to, "Re: Sujet de essai", "corps du message")
	for _, m := range []struct{ sender, text string }{{other, looped}, {"", looped}, {from, note(from, to, "Sujet de essai encore", "corps du message")}} {
		if got := c.send(m.sender, []string{to}, m.text); !strings.HasPrefix(got, "250") {
			t.Errorf("refused: %s", got)
		}
	}
	last := "dernier@" + o.domain // answers leave in order or not at all: when this one is there, no other comes
	c.send(last, []string{to}, note(last, to, "Sujet de fin", "corps du message"))
	await(t, "last answer", func() bool { _, m := answers(); return strings.Contains(m, "Sujet de fin") })
	if n, _ := answers(); n != 2 {
		t.Errorf("%d answers, want 2", n)
	}
}

// closedMailbox is O77 and D36.
func (s *trustSpace) closedMailbox(t *testing.T, o operator) {
	const ins = rules.INS("153124500723160")
	actor := conversations.Actor{Kind: conversations.ActorSystem, ID: "test"}
	c := s.secure(t, o.cert)
	c.do("250", "MAIL FROM:<un@%s>", o.domain)
	c.do("550 5.1.1", "RCPT TO:<%s@%s>", string(ins), citizenDomain)
	for _, state := range []rules.AccountState{rules.Active, rules.MessagingClosed} {
		if _, err := s.app.Conversations.Enrol(t.Context(), actor, ins, "Claude TEST", state); err != nil {
			t.Fatal(err)
		}
		want := map[rules.AccountState]string{rules.Active: "250", rules.MessagingClosed: "550 5.2.1"}[state]
		c.do(want, "RCPT TO:<%s@%s>", string(ins), citizenDomain)
	}
}

// deliveryReport is O174: asked for, a success is reported to the sender's own operator, over the same
// checks (O175).
func (s *trustSpace) deliveryReport(t *testing.T, o operator) {
	c := s.secure(t, o.cert)
	from, to := "accuse@"+o.domain, thePatient+"@"+citizenDomain
	c.do("250", "MAIL FROM:<%s> ENVID=enveloppe-1", from)
	c.do("250", "RCPT TO:<%s> NOTIFY=SUCCESS,FAILURE", to)
	c.do("354", "DATA")
	c.do("250", "%s", strings.TrimSuffix(note(from, to, "Sujet de accuse", "corps du message"), "\r\n")+"\r\n.")
	await(t, "report", func() bool {
		for _, m := range o.server.kept() {
			if strings.Contains(m, "report-type=delivery-status") && strings.Contains(m, "enveloppe-1") && strings.Contains(m, "Action: delivered") {
				return true
			}
		}
		return false
	})
}

// without publishes a new list without a domain and waits until it is in service.
func (s *trustSpace) without(t *testing.T, domain string) {
	t.Helper()
	var rest []trust.Entry
	for _, e := range s.entries {
		if e.Domain != domain {
			rest = append(rest, e)
		}
	}
	s.entries = rest
	s.offer(t, s.signed(s.org.At.Add(-time.Minute)), trust.OutcomeNew)
}

// removed is O45: what was received stays, nothing more comes or goes.
func (s *trustSpace) removed(t *testing.T, o operator) {
	s.exchanged(t, o, "medecin@"+o.domain)
	s.without(t, o.domain)
	if got := s.deposit(t, o.cert, "medecin@"+o.domain, "Sujet tardif"); !strings.HasPrefix(got, "550 5.7.1") {
		t.Errorf("still accepted: %s", got)
	}
	if err := s.reply(t, "Sujet de medecin@"+o.domain); err == nil {
		t.Error("the patient can still answer")
	}
}

// replaced is O53: another certificate of ours serves without a restart, and who is connected stays.
func (s *trustSpace) replaced(t *testing.T, o operator) {
	during := s.secure(t, o.cert)
	shown := func() string {
		c := s.secure(t, o.cert)
		over, ok := c.conn.(*tls.Conn)
		if !ok {
			t.Fatal("no TLS")
		}
		return over.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	if got := shown(); got != s.own.Leaf.SerialNumber.String() {
		t.Errorf("the server shows %s", got)
	}
	s.write("own.pem", trusttest.CertificatePEM(s.foreign.Issue(t, trusttest.Name(bridgeHost, "318003502400041", "CNAM")).Leaf))
	s.app.Refresh() // another's certificate, without its key
	if !strings.Contains(s.metrics(t), `mesbridge_alarms{alarm="own-certificate-refused"} 1`) || shown() != s.own.Leaf.SerialNumber.String() {
		t.Error("a pair that does not fit is in service, or nothing tells")
	}
	next := s.issue("318003502400041", "CNAM", bridgeHost)
	s.write("own.pem", trusttest.CertificatePEM(next.Leaf, s.org.Issuer))
	s.write("own.key", trusttest.KeyPEM(t, next))
	s.app.Refresh()
	if got := shown(); got != next.Leaf.SerialNumber.String() {
		t.Errorf("the server shows %s after the renewal", got)
	}
	during.do("250", "MAIL FROM:<un@%s>", o.domain)
	if !strings.Contains(s.metrics(t), `mesbridge_alarms{alarm="own-certificate-refused"} 0`) {
		t.Error("the alarm stays")
	}
}
