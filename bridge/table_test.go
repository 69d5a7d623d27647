package bridge_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"mesbridge/bridge"
	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
	"mesbridge/conversations"
)

// dialogue is what a row of table 15.1 needs to be seen from outside.
type dialogue struct {
	b     *bench
	cert  tls.Certificate
	clear bool // stay before TLS
	mail  string
	rcpt  string
	text  string // sent by DATA when not empty
}

// run speaks until something is refused, and gives that reply, or the last one, and where it came.
func (d dialogue) run(t *testing.T) (where, reply string) {
	t.Helper()
	if d.clear {
		return "MAIL", d.b.dial(t).do("MAIL FROM:<" + d.mail + ">")
	}
	c := d.b.secure(t, d.cert)
	if reply = c.do("MAIL FROM:<" + d.mail); !strings.HasPrefix(reply, "250 ") {
		return "MAIL", reply
	}
	if reply = c.do("RCPT TO:<" + d.rcpt + ">"); !strings.HasPrefix(reply, "250 ") {
		return "RCPT", reply
	}
	return "DATA", c.send(d.text)
}

// TestReplies_table15_1 names every row of table 15.1 of operator.md, with D13, D18, D19, D21 and D35: where
// it is said, with which codes, and in ASCII.
func TestReplies_table15_1(t *testing.T) {
	t.Parallel()
	const bob = "153124500723160@" + citizens
	text := message("corps du message\r\n")
	document, contentType := withAttachment()
	listed := trusttest.Name("smtp.ch-exemple.fr", "1990000001", `CH  "EXEMPLE" & Fils`)
	usual := func(b *bench) dialogue {
		return dialogue{b: b, cert: b.operator, mail: doctor + ">", rcpt: alice, text: text}
	}
	refusing := func(kind conversations.Kind, rule string) func(t *testing.T, _ *bench) dialogue {
		return func(_ *testing.T, b *bench) dialogue {
			b.inbox.refused[insOf(alice)] = refusal(kind, rule)
			return usual(b)
		}
	}
	for _, row := range []struct {
		name, where, want string
		arrange           func(*testing.T, *bench) dialogue
	}{
		{"no TLS", "MAIL", "530 5.7.0", func(_ *testing.T, b *bench) dialogue { return dialogue{b: b, clear: true, mail: doctor} }},
		{"no certificate", "MAIL", "530 5.7.0", func(_ *testing.T, b *bench) dialogue { return usual(b).as(tls.Certificate{}) }},
		{"invalid certificate", "MAIL", "530 5.7.0", func(t *testing.T, b *bench) dialogue {
			return usual(b).as(b.IssueKey(t, listed, trusttest.RSAKey(t, 1024)))
		}},
		{"expired certificate", "MAIL", "530 5.7.0", func(t *testing.T, b *bench) dialogue { return usual(b).as(b.Issue(t, listed, b.Expired)) }},
		{"revoked certificate", "MAIL", "530 5.7.0", func(_ *testing.T, b *bench) dialogue { return usual(b).as(b.revoked) }},
		{"non-IGC certificate", "MAIL", "530 5.7.0", func(t *testing.T, b *bench) dialogue {
			return usual(b).as(trusttest.New(t, at).Issue(t, listed))
		}},
		{"revocation information unavailable", "MAIL", "454 4.7.0", func(_ *testing.T, b *bench) dialogue {
			b.clock.Store(at.AddDate(0, 0, 1))
			return usual(b)
		}},
		{"sender domain not in the white list", "MAIL", "550 5.7.1", func(_ *testing.T, b *bench) dialogue { return usual(b).from("x@gmail.com>") }},
		{"DN not allowed for the sender domain", "MAIL", "550 5.7.1", func(_ *testing.T, b *bench) dialogue { return usual(b).from("x@autre.mssante.fr>") }},
		{"declared size too big", "MAIL", "552 5.3.4", func(_ *testing.T, b *bench) dialogue { return usual(b).from(doctor + "> SIZE=26214401") }},
		{"other domain", "RCPT", "550 5.7.1", func(_ *testing.T, b *bench) dialogue { return usual(b).to(doctor) }},
		{"bad address form: not an INS", "RCPT", "553 5.1.3", func(_ *testing.T, b *bench) dialogue { return usual(b).to("jean@" + citizens) }},
		{"bad address form: bad key", "RCPT", "553 5.1.3", func(_ *testing.T, b *bench) dialogue { return usual(b).to("279035121518988@" + citizens) }},
		{"patient unknown, ENS never opened, purged", "RCPT", "550 5.1.1", refusing(conversations.KindMailboxUnknown, "R140")},
		{"messaging closed, ENS closed", "RCPT", "550 5.2.1", refusing(conversations.KindUnreachable, "R148")},
		{"suspended", "RCPT", "450 4.2.1", refusing(conversations.KindUnavailable, "O116")},
		{"sender blocked by the patient", "RCPT", "550 5.2.1", refusing(conversations.KindUnreachable, "D13")},
		{"over quota", "RCPT", "452 4.2.2", refusing(conversations.KindUnavailable, "O167")},
		{"over quota for 48 hours", "RCPT", "552 5.2.2", refusing(conversations.KindTooLarge, "O167")},
		{"white list stale beyond limit", "MAIL", "451 4.3.0", func(_ *testing.T, b *bench) dialogue {
			b.noList(trust.ErrStale)
			return usual(b)
		}},
		{"scanner down", "DATA", "451 4.3.0", func(t *testing.T, _ *bench) dialogue {
			return usual(newBenchOn(t, func(d *bridge.Deps) { d.Scanner = fakeClamd(t, "") }))
		}},
		{"store down", "DATA", "451 4.3.0", func(_ *testing.T, b *bench) dialogue {
			b.inbox.receive[insOf(alice)] = refusal(conversations.KindUnavailable, "D17")
			return usual(b)
		}},
		{"virus", "DATA", "550 5.7.1", func(t *testing.T, _ *bench) dialogue {
			return usual(newBenchOn(t, func(d *bridge.Deps) { d.Scanner = fakeClamd(t, "stream: Test FOUND\x00") }))
		}},
		{"forged From", "DATA", "550 5.7.1", func(_ *testing.T, b *bench) dialogue {
			return usual(b).saying(message("corps du message\r\n", "From: x@autre.mssante.fr"))
		}},
		{"several patients and a document (D21)", "DATA", "554 5.6.0", func(_ *testing.T, b *bench) dialogue {
			return usual(b).saying(message(document, contentType, "To: "+alice+", "+bob))
		}},
		{"too large at the end of data (D19)", "DATA", "552 5.3.4", func(t *testing.T, _ *bench) dialogue {
			b := newBench(t, func(c *bridge.Config) { c.MaxMessageBytes = 1000 })
			return usual(b).saying(message(strings.Repeat("une ligne\r\n", 100)))
		}},
		{"rate limit (D35)", "MAIL", "451 4.7.1", func(t *testing.T, _ *bench) dialogue {
			b := newBench(t, func(c *bridge.Config) { c.Rates = bridge.Rates{SenderPerMinute: 1, SenderBurst: 1} })
			usual(b).run(t)
			return usual(b)
		}},
		{"accepted", "DATA", "250 2.0.0", func(_ *testing.T, b *bench) dialogue { return usual(b) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			where, reply := row.arrange(t, newBench(t)).run(t)
			if where != row.where || !strings.HasPrefix(reply, row.want+" ") {
				t.Errorf("%s: %q, want %s: %s", where, reply, row.where, row.want)
			}
			if strings.ContainsFunc(reply, func(r rune) bool { return r > '~' || r < ' ' && r != '\r' && r != '\n' }) {
				t.Errorf("%q is not ASCII", reply)
			}
		})
	}
}

func (d dialogue) as(cert tls.Certificate) dialogue { d.cert = cert; return d }
func (d dialogue) from(mail string) dialogue        { d.mail = mail; return d }
func (d dialogue) to(rcpt string) dialogue          { d.rcpt = rcpt; return d }
func (d dialogue) saying(text string) dialogue      { d.text = text; return d }
