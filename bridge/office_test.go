package bridge_test

import (
	"strings"
	"testing"

	"mesbridge/bridge"
	"mesbridge/conversations"
)

// TestOffice covers RFC 5321 section 4.5.1, RFC 2142 and O97: postmaster and abuse take mail from every
// operator, with a null reverse-path too, and it is filed whole where the operator reads it.
func TestOffice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := message("corps du message\r\n")
	for i, tt := range []struct{ sender, to string }{
		{doctor, "postmaster"}, {doctor, "POSTMASTER@" + citizens}, {"", "abuse@" + citizens},
	} {
		c := b.secure(t, b.operator)
		c.envelope(tt.sender, tt.to)
		c.want(c.send(text), "250 2.0.0")
		if filed := b.filed(t); len(filed) != i+1 || filed[i] != text {
			t.Errorf("filed %q", filed)
		}
	}
	c := b.secure(t, b.operator)
	c.envelope(doctor, "postmaster@"+citizens, "abuse@"+citizens, alice) // one copy for the operator, one for the patient
	c.want(c.send(text), "250 2.0.0")
	if messages, _ := b.inbox.taken(); len(messages) != 1 || len(b.filed(t)) != 4 {
		t.Errorf("%d in the inbox, %d filed", len(messages), len(b.filed(t)))
	}
	c.envelope(doctor, "postmaster@"+citizens)
	c.want(c.send(message("x\r\n", "From: x@autre.mssante.fr")), "550 5.7.1") // O69 holds here too
	c.want(c.do("MAIL FROM:<"+doctor+">"), "250 ")
	c.want(c.do("RCPT TO:<postmaster@gmail.com>"), "550 5.7.1 Relay denied")
	if len(b.filed(t)) != 4 {
		t.Error("a refused message is filed")
	}
}

// TestNoReplyMailbox covers D30: reports to the mailbox that copies come from raise an alarm that names
// their statuses and nothing else; anything else is refused.
func TestNoReplyMailbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	const mailbox = "ne-pas-repondre@" + citizens
	c.want(c.do("MAIL FROM:<"+doctor+">"), "250 ")
	c.want(c.do("RCPT TO:<"+mailbox+">"), "550 5.7.1 This mailbox")
	c.want(c.do("RSET"), "250 ")
	c.envelope("", mailbox)
	c.want(c.send(message("corps du message\r\n")), "550 5.7.1 This mailbox")
	report := "--r\r\nContent-Type: text/plain\r\n\r\ncorps du message\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; " + doctor + "\r\nAction: failed\r\nStatus: 5.2.2 (Objet)\r\n\r\n--r--\r\n"
	c.envelope("", mailbox)
	c.want(c.send(message(report, "Content-Type: multipart/report; report-type=delivery-status; boundary=r")), "250 2.0.0")
	if log := b.log.String(); strings.Count(log, "event=alarm reason=copy-not-delivered rule=D30") != 1 || !strings.Contains(log, "status=5.2.2\n") {
		t.Errorf("no alarm, or another one, in %s", log)
	}
	if len(b.filed(t)) != 0 || b.inbox.stored() != 0 {
		t.Error("a report about a message is kept")
	}
}

// TestMES covers the setting mes of D18 and R44: what would be refused in the dialogue is accepted and
// then reported, with what each of the four causes needs; the others get the message.
func TestMES(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *bridge.Config) { c.Bounces, c.MaxMessageBytes = bridge.BouncesMES, 100_000 })
	unknown, closed := matricule(1)+"@"+citizens, matricule(2)+"@"+citizens
	b.inbox.refused[insOf(unknown)] = refusal(conversations.KindMailboxUnknown, "R140")
	b.inbox.refused[insOf(closed)] = refusal(conversations.KindUnreachable, "D13")
	c := b.secure(t, b.operator)
	c.want(c.do("MAIL FROM:<"+doctor+"> ENVID=abc"), "250 2.0.0")
	for _, to := range []string{alice, unknown, closed, "2790351215189@" + citizens, strings.ToUpper(unknown)} {
		c.want(c.do("RCPT TO:<"+to+">"), "250 2.0.0")
	}
	c.want(c.do("RCPT TO:<x@gmail.com>"), "550 5.7.1") // no case of R44
	c.want(c.send(message("corps du message\r\n")), "250 2.0.0")
	if messages, _ := b.inbox.taken(); len(messages) != 1 {
		t.Errorf("%d in the inbox", len(messages))
	}
	b.wantReports(t, unknown+" mailbox-unknown", closed+" patient-unreachable", "2790351215189@"+citizens+" ins-invalid")

	c.envelope(doctor, closed) // nobody takes it: still a report
	c.want(c.send(message("corps du message\r\n")), "250 2.0.0")
	b.wantReports(t, closed+" patient-unreachable")

	c.envelope(doctor, alice, closed)
	c.want(c.send(message(strings.Repeat("une ligne\r\n", 10_000))), "250 2.0.0")
	b.wantReports(t, closed+" too-large", alice+" too-large")

	c.envelope(doctor, closed)
	c.want(c.send(message("x\r\n", "From: x@autre.mssante.fr")), "550 5.7.1")
	c.want(c.do("MAIL FROM:<>"), "250 ")
	c.want(c.do("RCPT TO:<"+closed+">"), "550 5.2.1") // R47: nobody could be told
	c.want(c.do("RSET"), "250 ")
	c.want(c.do("MAIL FROM:<"+doctor+"> SIZE=100001"), "552 5.3.4")

	b.inbox.receive[insOf(alice)] = refusal(conversations.KindUnreachable, "D13") // the author is blocked
	c.envelope(doctor, alice)
	c.want(c.send(message("corps du message\r\n")), "250 2.0.0")
	if n := len(b.inbox.bounced); n != 1 {
		t.Errorf("%d reports about a blocked author", n)
	}
	b.inbox.refused[insOf(closed)] = refusal(conversations.KindUnavailable, "D17")
	c.want(c.do("MAIL FROM:<"+doctor+">"), "250 ")
	c.want(c.do("RCPT TO:<"+closed+">"), "451 4.3.0") // what is temporary is told at once
}

// wantReports checks what was reported since the last time.
func (b *bench) wantReports(t *testing.T, want ...string) {
	t.Helper()
	b.inbox.mu.Lock()
	defer b.inbox.mu.Unlock()
	if got := strings.Join(b.inbox.reports, "; "); got != strings.Join(want, "; ") {
		t.Errorf("reported %s; want %s", got, strings.Join(want, "; "))
	}
	b.inbox.reports = nil
	b.inbox.bounced = nil
}
