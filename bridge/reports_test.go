package bridge_test

import (
	"slices"
	"strings"
	"testing"

	"mesbridge/conversations"
)

// bounce is a report of Postfix on a message of the patient, with the fields of one recipient.
func bounce(fields ...string) (body, contentType string) {
	return strings.Join([]string{
		"--r", "Content-Type: text/plain", "", "I'm sorry to have to inform you.", "",
		"--r", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.ch-exemple.fr",
		"Original-Envelope-Id: abcdefghijklmnopqrst.0123abcd", "", "Final-Recipient: rfc822; dr.martin@ch-exemple.mssante.fr",
		strings.Join(fields, "\r\n"), "",
		"--r", "Content-Type: text/rfc822-headers", "", "Message-ID: <abcdefghijklmnopqrst@patient.mssante.fr>", "",
		"--r--", "",
	}, "\r\n"), "Content-Type: multipart/report; report-type=delivery-status; boundary=r"
}

// TestData_report: OP7, O68: what comes with a null reverse-path is answered 250, is put into no inbox, and
// says what it says about the patient's message, with who may be believed about what.
func TestData_report(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	body, kind := bounce("Action: failed", "Status: 5.1.1")
	c.envelope("", alice)
	c.want(c.send(message(body, kind, "From: MAILER-DAEMON@mx.hors-liste.fr")), "250 2.0.0")
	if got, _ := b.inbox.taken(); len(got) != 0 {
		t.Errorf("%d reports in the inbox", len(got))
	}
	if len(b.inbox.told) != 1 {
		t.Fatalf("%d reports are filed", len(b.inbox.told))
	}
	f := b.inbox.told[0]
	if f.EnvID != "abcdefghijklmnopqrst.0123abcd" || !slices.Contains(f.References, "abcdefghijklmnopqrst@patient.mssante.fr") {
		t.Errorf("about %q %q", f.EnvID, f.References)
	}
	if len(f.Items) != 1 || f.Items[0].Action != "failed" || f.Items[0].Recipients[0].Wire() != "dr.martin@ch-exemple.mssante.fr" ||
		f.Items[0].Detail != "Non remis : cette messagerie n’existe pas ou n’existe plus. Contactez ce professionnel par téléphone." {
		t.Errorf("items %+v", f.Items)
	}
	if !f.Serves("ch-exemple.mssante.fr") || f.Serves("autre.mssante.fr") || f.Serves(citizens) {
		t.Error("believed about the wrong domains")
	}
}

// TestData_reportWithoutSense: whatever else comes with a null reverse-path is accepted and dropped: refusing
// it would make a bounce of a bounce (RFC 5321 section 6.1).
func TestData_reportWithoutSense(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	for _, text := range []string{
		message("corps du message\r\n"),
		message("corps du message\r\n", "Content-Type: multipart/report; boundary=x"),
		"\r\n", "no header at all\r\n", "From: <>\r\n\r\nx\r\n", "From: a@b.fr, c@d.fr\r\nSender: x\r\n\r\nx\r\n",
	} {
		c.envelope("", alice)
		c.want(c.send(text), "250 2.0.0")
	}
	if got, _ := b.inbox.taken(); len(got)+len(b.inbox.told) != 0 {
		t.Errorf("%d messages, %d reports", len(got), len(b.inbox.told))
	}
	if got := strings.Count(b.log.String(), "event=report outcome=unmatched"); got != 6 {
		t.Errorf("%d traces", got)
	}
}

// TestData_reportLater: D17: while the store does not answer, the operator keeps the report.
func TestData_reportLater(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.inbox.filing = &conversations.Error{Kind: conversations.KindUnavailable}
	c := b.secure(t, b.operator)
	body, kind := bounce("Action: failed")
	c.envelope("", alice)
	c.want(c.send(message(body, kind)), "451 4.3.0")
}

// TestData_reportWithASender: D22: a report with a reverse-path of its own comes as a message that says what
// it reports, judged as any author (O69).
func TestData_reportWithASender(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	body, kind := bounce("Action: delivered")
	c.envelope(doctor, alice)
	c.want(c.send(message(body, kind)), "250 2.0.0")
	c.envelope(doctor, alice)
	c.want(c.send(message(body, kind, "From: x@autre.mssante.fr")), "550 5.7.1")
	c.envelope(doctor, alice)
	c.want(c.send(message("absent\r\n", "Auto-Submitted: auto-replied", "In-Reply-To: <1@patient.mssante.fr>")), "250 2.0.0")
	got, _ := b.inbox.taken()
	if len(got) != 2 || got[0].Feedback == nil || got[0].Automatic || got[1].Feedback == nil || !got[1].Automatic || !got[1].IsReport {
		t.Fatalf("taken %+v", got)
	}
}

// TestData_readReceiptAsked: R57: whom the message names is handed on.
func TestData_readReceiptAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.envelope(doctor, alice)
	c.want(c.send(message("corps\r\n", "Disposition-Notification-To: Dr <"+doctor+">, autre@ailleurs.fr")), "250 2.0.0")
	got, _ := b.inbox.taken()
	if len(got) != 1 || len(got[0].ReadTo) != 2 || got[0].ReadTo[0].Wire() != doctor {
		t.Errorf("taken %+v", got)
	}
}
