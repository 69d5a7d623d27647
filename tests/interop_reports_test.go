package tests

import (
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"os/exec"
	"strings"
	"testing"
	"time"

	cast "mesbridge/cmd/mesbridge/demo"
)

// dialPlain connects to a server without TLS.
func dialPlain(t *testing.T, address string) *smtpClient {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	c := &smtpClient{t: t, conn: conn, text: textproto.NewConn(conn)}
	t.Cleanup(func() { _ = conn.Close() })
	c.expect("220")
	c.do("250", "EHLO poste.operator.test")
	return c
}

// TestInterop_postfix has a real Postfix for the operator of a professional, both ways: its queue sends to us
// with the operator's certificate, and our replies and reports go to it. Each step stands on the last one.
func TestInterop_postfix(t *testing.T) {
	t.Parallel()
	doctor := cast.People().Professionals[0].Mailboxes[0]
	domain := doctor[strings.IndexByte(doctor, '@')+1:]
	port := freePort(t)
	d := startDemo(t, t.TempDir(), "--route", domain+"=127.0.0.1:"+port)
	_, bridgePort, err := net.SplitHostPort(d.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	who := d.operatorOf(doctor)
	p := startPostfix(t, operatorSettings{
		Host: commonName(t, who.Cert), Domain: domain, MX: port, Submit: freePort(t),
		CA: d.PKI.CA, Cert: who.Cert, Key: who.Key,
		CitizenDomain: "patient.mssante.fr", Bridge: bridgePort, Peer: cast.ServerName, Mailboxes: []string{strings.ToLower(doctor)},
	})
	s := postfixStory{demo: d, postfix: p, doctor: doctor, domain: domain, address: thePatient + "@patient.mssante.fr"}
	for _, one := range d.Patients {
		if one.INS == thePatient {
			s.patient = d.as(t, one.Token)
		}
	}
	t.Run("1 a message comes through the queue of Postfix, and its success is reported", s.comesIn)
	t.Run("2 the opening is told by a read receipt", s.isOpened)
	t.Run("3 the reply arrives in the Maildir, and Postfix reports it", s.replies)
	t.Run("4 a bounce made by Postfix shows as failed", s.bounces)
	t.Run("5 what a swaks reports with a null reverse-path", s.swaksReports)
	t.Run("6 nothing was answered to a report", s.noLoop)
}

type postfixStory struct {
	*demo
	postfix                 *postfix
	patient                 api
	doctor, domain, address string
}

// comesIn: O174, R53, R54: the professional's client asks Postfix for a success, Postfix asks us.
func (s *postfixStory) comesIn(t *testing.T) {
	c := s.postfix.dial(t)
	c.do("250", "MAIL FROM:<%s> RET=HDRS ENVID=QQ314159", s.doctor)
	c.do("250", "RCPT TO:<%s> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;%s", s.address, s.address)
	c.do("354", "DATA")
	w := c.text.DotWriter()
	if _, err := fmt.Fprint(w, note(s.doctor, s.address, "Par Postfix", "Bonjour.",
		"Message-ID: <par-postfix@"+s.domain+">", "Disposition-Notification-To: <"+s.doctor+">")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c.expect("250")
	s.patient.t = t
	await(t, "message in the inbox", func() bool { return s.patient.has("Par Postfix") })
	got := s.postfix.received(s.doctor, "Action: delivered")
	for _, want := range []string{"Original-Envelope-Id: QQ314159", "Original-Recipient: rfc822; " + s.address, "Final-Recipient: rfc822; " + s.address, "Status: 2.0.0"} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q:\n%s", want, got)
		}
	}
	if !strings.HasPrefix(got, "Return-Path: <>") {
		t.Errorf("the report has a reverse-path:\n%s", got)
	}
}

// isOpened: R57-R67.
func (s *postfixStory) isOpened(t *testing.T) {
	s.patient.t = t
	id := s.patient.about("Par Postfix").ID
	for range 2 {
		s.patient.want(http.StatusNoContent, nil, http.MethodPost, "/inbox/"+id+"/opened", nil)
	}
	got := s.postfix.received(s.doctor, "report-type=disposition-notification")
	for _, want := range []string{
		"Return-Path: <>", "Original-Message-ID: <par-postfix@" + s.domain + ">", "Disposition: manual-action/MDN-sent-automatically; displayed",
		"Final-Recipient: rfc822; " + s.address, "Subject: Lu : Par Postfix", "References: <par-postfix@" + s.domain + ">", "Auto-Submitted: auto-replied",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the receipt lacks %q:\n%s", want, got)
		}
	}
}

// replies: R157, RFC 3461.
func (s *postfixStory) replies(t *testing.T) {
	s.patient.t = t
	id := s.patient.about("Par Postfix").ID
	s.patient.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+id+"/replies", map[string]any{"text": "Réponse à Postfix"})
	got := s.postfix.received(s.doctor, "Subject: Re: Par Postfix")
	if !strings.Contains(got, "Return-Path: <"+s.address+">") || strings.Contains(got, "X-MSS-MES") || !strings.Contains(got, "In-Reply-To: <par-postfix@"+s.domain+">") {
		t.Errorf("reply:\n%s", got)
	}
	await(t, "delivery that Postfix reports", func() bool { return s.patient.state(id) == "delivered" })
}

// bounces: OP7, O89: Postfix takes the reply, and finds later that nobody is there.
func (s *postfixStory) bounces(t *testing.T) {
	s.patient.t = t
	c := s.postfix.dial(t)
	absent := "absent@" + s.domain
	if got := c.send(s.doctor, []string{s.address}, note(s.doctor, s.address, "Par une autre boîte", "Répondez ailleurs.", "Reply-To: <"+absent+">")); !strings.HasPrefix(got, "250") {
		t.Fatal(got)
	}
	await(t, "message in the inbox", func() bool { return s.patient.has("Par une autre boîte") })
	id := s.patient.about("Par une autre boîte").ID
	s.patient.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+id+"/replies", map[string]any{"text": "Vers personne"})
	await(t, "failure that Postfix reports", func() bool { return s.patient.state(id) == "failed" })
	last := s.patient.about("Par une autre boîte").Messages[0]
	if want := "Non remis : cette messagerie n’existe pas ou n’existe plus. Contactez ce professionnel par téléphone."; last.Delivery.Detail != want {
		t.Errorf("detail %q", last.Delivery.Detail)
	}
}

// swaksReports: another operator's report about this one's mailbox, and one about nothing, are taken and say
// nothing.
func (s *postfixStory) swaksReports(t *testing.T) {
	if _, err := exec.LookPath("swaks"); err != nil {
		t.Fatal("swaks is missing: run `make test`, which installs it")
	}
	s.patient.t = t
	before := s.patient.state(s.patient.about("Par Postfix").ID)
	other := s.operatorOf(s.Professionals[1].Mailboxes[0])
	for _, who := range []credential{other, s.operatorOf(s.doctor)} {
		out, err := s.swaks(t, who, "--from", "<>", "--to", s.address, "--h-From", "MAILER-DAEMON@mx.inconnu.fr",
			"--header", "Subject: Undelivered Mail Returned to Sender", "--header", "In-Reply-To: <forge@patient.mssante.fr>", "--body", "failed")
		if err != nil || !strings.Contains(out, "<~  250 2.0.0") {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if after := s.patient.state(s.patient.about("Par Postfix").ID); after != before {
		t.Errorf("state %s, was %s", after, before)
	}
	if s.patient.has("Undelivered Mail Returned to Sender") {
		t.Error("a report is in the inbox")
	}
}

// noLoop: R60, O178: one receipt, one report of success; nothing else was ever sent.
func (s *postfixStory) noLoop(t *testing.T) {
	if n := s.postfix.count(s.doctor, "disposition-notification; displayed") + s.postfix.count(s.doctor, "MDN-sent-automatically; displayed"); n != 1 {
		t.Errorf("%d read receipts", n)
	}
	if n := s.postfix.count(s.doctor, "report-type=delivery-status"); n != 1 {
		t.Errorf("%d reports", n)
	}
}

// has reports whether a conversation of that subject is in the inbox.
func (a api) has(subject string) bool {
	a.t.Helper()
	var page struct {
		Items []struct{ Subject string }
	}
	a.want(http.StatusOK, &page, http.MethodGet, "/inbox", nil)
	for _, i := range page.Items {
		if i.Subject == subject {
			return true
		}
	}
	return false
}

// state is where the newest message of the patient's own in a conversation stands.
func (a api) state(id string) string {
	a.t.Helper()
	var c conversation
	a.want(http.StatusOK, &c, http.MethodGet, "/inbox/"+id, nil)
	for _, m := range c.Messages {
		if m.Mine && m.Delivery != nil {
			return m.Delivery.State
		}
	}
	return ""
}
