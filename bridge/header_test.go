package bridge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
)

// TestData_replyTo covers R75 to R78, D9 and OP8: Reply-To mailboxes of the trust space count, each once, of
// whatever operator; outsiders and patients do not, and the trace says how many were left out.
func TestData_replyTo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	for _, tt := range []struct {
		replyTo string
		want    []string
	}{
		{"", nil},
		{"service@autre.mssante.fr", []string{"service@autre.mssante.fr"}},
		{"Service <SERVICE@autre.mssante.fr>, service@autre.mssante.fr", []string{"SERVICE@autre.mssante.fr"}},
		{"a@autre.mssante.fr, b@commun.mssante.fr", []string{"a@autre.mssante.fr", "b@commun.mssante.fr"}},
		{"x@gmail.com", nil},
		{alice, nil},
		{"nobody", nil},
		{"x@gmail.com, a@autre.mssante.fr", []string{"a@autre.mssante.fr"}},
	} {
		_, before := b.inbox.taken()
		c.envelope(doctor, alice)
		c.want(c.send(message("corps du message\r\n", "Reply-To: "+tt.replyTo)), "250 2.0.0")
		messages, _ := b.inbox.taken()
		var got []string
		for _, a := range messages[len(before)].ReplyTo {
			got = append(got, a.Wire())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.replyTo, got, tt.want)
		}
	}
	if n := strings.Count(b.log.String(), "event=reply-to outcome=ignored rule=D9"); n != 3 {
		t.Errorf("%d traces of mailboxes that were ignored", n)
	}
}

// TestData_inCopy covers R79: professionals in To and Cc, each once, and the author too when he put himself
// there: with another reply mailbox, the answer to all reaches him only so. However many they are, it costs
// no more than reading them.
func TestData_inCopy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.envelope(doctor, alice)
	c.want(c.send(message("corps du message\r\n", "Reply-To: service@autre.mssante.fr",
		"Cc: "+strings.ToUpper(doctor)+", a@autre.mssante.fr, A@autre.mssante.fr, x@gmail.com, "+alice)), "250 2.0.0")
	messages, _ := b.inbox.taken()
	if got := wires(messages[0].Others); !slices.Equal(got, []string{"DR.MARTIN@ch-exemple.mssante.fr", "a@autre.mssante.fr"}) {
		t.Errorf("in copy: %q", got)
	}
	var many []string
	for n := range 4000 {
		many = append(many, fmt.Sprintf("p%d@autre.mssante.fr", n))
	}
	text := message("corps du message\r\n", "Cc: "+strings.Join(many, ",\r\n "))
	c.envelope(doctor, alice)
	began := time.Now()
	c.want(c.send(text), "250 2.0.0")
	t.Logf("4000 in copy: %v", time.Since(began))
	if messages, _ = b.inbox.taken(); len(messages[1].Others) != 4000 {
		t.Errorf("%d in copy", len(messages[1].Others))
	}
}

func wires(list []conversations.NamedAddress) (all []string) {
	for _, a := range list {
		all = append(all, a.Address.Wire())
	}
	return all
}

// TestData_utf8 covers RFC 6531, RFC 6532 and RFC 6152: addresses and header fields outside of ASCII are
// kept as they came, 8-bit content too; recipients are matricules all the same.
func TestData_utf8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.want(c.do("MAIL FROM:<hélène@ch-exemple.mssante.fr> SMTPUTF8 BODY=8BITMIME"), "250 2.0.0")
	c.want(c.do("RCPT TO:<é"+alice+">"), "553 5.1.3")
	c.want(c.do("RCPT TO:<"+alice+">"), "250 2.0.0")
	text := message("corps du message accentué\r\n", "From: Hélène <hélène@ch-exemple.mssante.fr>", "Subject: Objet où")
	c.want(c.send(text), "250 2.0.0")
	messages, bodies := b.inbox.taken()
	if len(bodies) != 1 || bodies[0] != text || messages[0].Subject != "Objet où" ||
		messages[0].Envelope.Local != "hélène" || messages[0].From.Address.Local != "hélène" {
		t.Errorf("taken %+v", messages)
	}
	c.want(c.do("MAIL FROM:<hélène@ch-exemple.mssante.fr> BODY=8BITMIME"), "553 5.6.7")
	c.want(c.do("MAIL FROM:<"+doctor+"> BODY=7BIT"), "250 2.0.0")
	c.want(c.do("RSET"), "250 ")
	c.want(c.do("MAIL FROM:<"+doctor+"> BODY=9BIT"), "501 5.5.4")
}
