package tests

import (
	"fmt"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// raw sends octets as they are.
func (c *smtpClient) raw(octets string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(octets)); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// TestSMTP_front speaks to the real program from outside: one demonstration for all.
func TestSMTP_front(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	t.Run("classes of D36", d.classesLookTheSame)
	t.Run("stage of D36", d.stageTellsOnlyOfTheSender)
	t.Run("smuggling", d.smugglingMakesOneMessage)
	t.Run("operator", d.operatorReadsItsMail)
	t.Run("commands", d.commandsAreSane)
}

// classesLookTheSame covers D13, D18 and D36: the members of each class have one answer and one delay.
func (d *demo) classesLookTheSame(t *testing.T) {
	from := d.Professionals[0].Mailboxes[0]
	domain := strings.SplitN(d.Patients[0].Address, "@", 2)[1]
	blocker := d.Patients[1]
	d.accepted(t, from, blocker.Address, note(from, blocker.Address, "Avant le blocage", "Bonjour"))
	var contacts struct{ Items []struct{ ID string } }
	d.as(t, blocker.Token).want(200, &contacts, "GET", "/inbox/contacts", nil)
	if status, body, _ := d.as(t, blocker.Token).do("PUT", "/inbox/contacts/"+contacts.Items[0].ID+"/block", map[string]string{}); status/100 != 2 {
		t.Fatalf("block: %d %s", status, body)
	}
	for class, members := range map[string]map[string]string{
		"550 5.2.1": {
			"messaging closed": d.Patients[d.patientIn("messaging-closed")].Address,
			"account closed":   d.Patients[d.patientIn("closed")].Address,
			"blocked":          blocker.Address,
		},
		"550 5.1.1": {
			"opposed": d.Patients[d.patientIn("opposed")].Address,
			"nobody":  "153124500723160@" + domain,
		},
	} {
		c := d.session(t, d.operatorOf(from))
		c.do("250", "MAIL FROM:<%s>", from)
		answers := map[string]bool{}
		for name, to := range members {
			var delays []time.Duration
			for range 15 {
				began := time.Now()
				_ = c.text.PrintfLine("RCPT TO:<%s>", to)
				answer := c.reply()
				delays = append(delays, time.Since(began))
				answers[answer] = true
				if !strings.HasPrefix(answer, class+" ") {
					t.Errorf("%s: %q", name, answer)
				}
			}
			// A step is ten milliseconds; what comes sooner was not held back.
			if least := slices.Min(delays); least < 9*time.Millisecond {
				t.Errorf("%s: refused after %v", name, least)
			}
			slices.Sort(delays)
			t.Logf("%s %s: median %v", class, name, delays[len(delays)/2])
		}
		if len(answers) != 1 {
			t.Errorf("%s: the answers %v differ", class, answers)
		}
	}
}

// stageTellsOnlyOfTheSender covers D36 by default with an author in the envelope of another mailbox (docs/adr,
// webhook-silence-and-stage): whatever the pair, a blocked author and a closed mailbox have one text; and a block of the
// author alone shows nothing of the sender but that his own message arrives.
func (d *demo) stageTellsOnlyOfTheSender(t *testing.T) {
	sender, author := d.Clinics[0].Mailboxes[0], d.Clinics[0].Mailboxes[1]
	blocker, closed := d.Patients[3], d.Patients[d.patientIn("messaging-closed")].Address
	d.accepted(t, author, blocker.Address, note(author, blocker.Address, "Avant le blocage", "Bonjour"))
	var contacts list[struct{ ID string }]
	d.as(t, blocker.Token).want(200, &contacts, "GET", "/inbox/contacts", nil)
	d.as(t, blocker.Token).want(200, nil, "PUT", "/inbox/contacts/"+contacts.Items[0].ID+"/block", map[string]string{})
	for _, envelope := range []string{author, sender} {
		var answers []string
		for _, to := range []string{blocker.Address, closed} {
			answers = append(answers, d.send(t, d.operatorOf(envelope), envelope, []string{to}, note(author, to, "Observé", "x")))
		}
		if answers[0] != answers[1] || !strings.HasPrefix(answers[0], "550 5.2.1 ") {
			t.Errorf("blocked %q, closed %q", answers[0], answers[1])
		}
	}
	d.accepted(t, sender, blocker.Address, note(sender, blocker.Address, "De l’expéditeur lui-même", "x"))
}

// smugglingMakesOneMessage covers RFC 5321 section 2.3.8 from outside: no sequence makes two messages.
func (d *demo) smugglingMakesOneMessage(t *testing.T) {
	from, patient := d.Professionals[0].Mailboxes[0], d.Patients[2]
	inner := fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n%s", from, patient.Address, note(from, patient.Address, "Passée en fraude", "x"))
	for i, sequence := range []string{
		"\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\r.\r\n", "\n.\r", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\r\r\n.\r\n",
	} {
		for _, chunking := range []bool{false, true} {
			c := d.session(t, d.operatorOf(from))
			c.do("250", "MAIL FROM:<%s>", from)
			c.do("250", "RCPT TO:<%s>", patient.Address)
			text := note(from, patient.Address, fmt.Sprintf("Essai %d %t", i, chunking), "x"+sequence+inner)
			if chunking {
				c.raw(fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), text))
			} else {
				c.do("354", "DATA")
				c.raw(text + ".\r\n")
			}
			if answer := c.reply(); !strings.HasPrefix(answer, "250 2.0.0") && !strings.HasPrefix(answer, "550 5.6.0") {
				t.Errorf("%q: %s", sequence, answer)
			}
			c.conn.Close()
		}
	}
	var inbox struct{ Items []struct{ Subject string } }
	d.as(t, patient.Token).want(200, &inbox, "GET", "/inbox?limit=200", nil)
	for _, item := range inbox.Items {
		if strings.Contains(item.Subject, "fraude") {
			t.Errorf("a smuggled message is in the inbox: %s", item.Subject)
		}
	}
}

// operatorReadsItsMail covers O97 and D30.
func (d *demo) operatorReadsItsMail(t *testing.T) {
	from := d.Professionals[0].Mailboxes[0]
	domain := strings.SplitN(d.Patients[0].Address, "@", 2)[1]
	for _, c := range []struct{ envelope, to string }{{from, "postmaster"}, {"", "postmaster@" + domain}, {"", "abuse@" + domain}} {
		if answer := d.send(t, d.operatorOf(from), c.envelope, []string{c.to}, note(from, "postmaster@"+domain, "Question", "Bonjour")); !strings.HasPrefix(answer, "250 2.0.0") {
			t.Errorf("%s: %s", c.to, answer)
		}
	}
	filed, err := os.ReadDir(filepath.Join(d.dir, "operator-mail", "new"))
	if err != nil || len(filed) != 3 {
		t.Errorf("%d messages for the operator, %v", len(filed), err)
	}
	if answer := d.send(t, d.operatorOf(from), from, []string{"ne-pas-repondre@" + domain}, "x"); !strings.HasPrefix(answer, "550 5.7.1") {
		t.Errorf("the mailbox of copies says %s", answer)
	}
}

// commandsAreSane looks at what an operator's server meets beside mail.
func (d *demo) commandsAreSane(t *testing.T) {
	c := d.session(t, d.operatorOf(d.Professionals[0].Mailboxes[0]))
	for _, step := range [][2]string{
		{"NOOP", "250 2.0.0"},
		{"RSET", "250 2.0.0"},
		{"HELP", "214 2.0.0"},
		{"VRFY x", "252 2.5.0"},
		{"EXPN x", "502 5.5.1"},
		{"AUTH PLAIN AAAA", "502 5.5.1"},
		{"STARTTLS", "503 5.5.1"},
		{"DATA", "503 5.5.1"},
		{"MAIL FROM:<> SIZE=999999999999999", "552 5.3.4"},
	} {
		c.do(step[1], "%s", step[0])
	}
	c.raw("MAIL FROM:<x@y.fr\x00>\r\n")
	c.expect("500 5.5.2")
	c.do("221 2.0.0", "QUIT")
	if _, err := c.text.ReadLine(); err == nil {
		t.Error("the connection is open after QUIT")
	}
	injected := d.dialSMTP(t)
	injected.do("250", "EHLO peer.test")
	injected.raw("STARTTLS\r\nMAIL FROM:<x@y.fr>\r\n")
	injected.expect("503 5.5.1")
	injected.text = textproto.NewConn(injected.conn)
	if _, err := injected.text.ReadLine(); err == nil {
		t.Error("the connection is open after an injection")
	}
}
