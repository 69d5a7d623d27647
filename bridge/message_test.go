package bridge_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mesbridge/bridge"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// TestData_taken covers O8, O79 and O80: the bytes are kept as they came, and the inbox learns what it
// needs to know.
func TestData_taken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.want(c.do("MAIL FROM:<secretariat@ch-exemple.mssante.fr> RET=FULL ENVID=QQ314+2B159"), "250 2.0.0")
	c.want(c.do("RCPT TO:<"+alice+"> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;"+alice), "250 2.0.0")
	body := ".une ligne\r\n..\r\ncorps du message é\r\n"
	fields := []string{
		"Sender: x@commun.mssante.fr", "X-MSS-MES: FIN", "X-MSS-INS: O", "In-Reply-To: <2@a.fr>", "References: <1@a.fr> <2@a.fr>",
		"To: " + alice + ", Dr Autre <autre@autre.mssante.fr>, x@gmail.com, " + doctor,
		"Cc: AUTRE@autre.mssante.fr, secretariat@ch-exemple.mssante.fr, 153124500723160@" + citizens,
		"Reply-To: service@autre.mssante.fr, x@gmail.com, " + alice,
	}
	raw := message(body, fields...)
	stuffed := strings.ReplaceAll(raw, "\r\n.", "\r\n..")
	c.want(c.send(stuffed), "250 2.0.0")
	messages, bodies := b.inbox.taken()
	if len(messages) != 1 || bodies[0] != raw {
		t.Fatalf("stored %q, want %q", bodies, raw)
	}
	m := messages[0]
	dn := m.Peer.ID
	for name, same := range map[string]bool{
		"envelope":   m.Envelope == address(t, "secretariat@ch-exemple.mssante.fr"),
		"author":     m.From.Address == address(t, doctor) && m.From.Name == "Dr Martin",
		"patient":    m.INS == "279035121518989" && m.Patient == "p279035121518989",
		"reply-to":   slices.Equal(m.ReplyTo, []conversations.Address{address(t, "service@autre.mssante.fr")}), // D9, OP8
		"subject":    m.Subject == "Objet",
		"fin":        slices.Equal(m.EndHeaders, []string{"FIN"}),
		"message id": m.MessageID == "1@ch-exemple.mssante.fr",
		"references": len(m.References) > 0 && m.References[0] == "2@a.fr",
		"text":       m.HasText && m.Attachments == 0 && !m.IsReport,
		"hash":       m.SHA256 == sha256.Sum256([]byte(raw)) && m.Bytes == int64(len(raw)),
		"receipt":    m.Receipt == conversations.Receipt{Success: true, EnvID: "QQ314+159", ORcpt: "RFC822;" + alice, Full: true},
		"peer":       m.Peer.Kind == conversations.ActorOperator && m.Peer.Name == "smtp.ch-exemple.fr" && strings.Contains(dn, "OU=1990000001"),
	} {
		if !same {
			t.Errorf("%s: %+v", name, m)
		}
	}
	var others []string
	for _, o := range m.Others {
		others = append(others, o.Address.Wire()+" "+o.Name)
	}
	if want := []string{"autre@autre.mssante.fr Dr Autre", doctor + " ", "secretariat@ch-exemple.mssante.fr "}; !slices.Equal(others, want) {
		t.Errorf("others: %q, want %q", others, want)
	}
}

// TestData_author covers O69: exactly one author, of the peer's own domains; Sender likewise.
func TestData_author(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, tt := range map[string]struct {
		fields []string
		want   string
	}{
		"another mailbox of the operator": {[]string{"From: x@commun.mssante.fr"}, "250 2.0.0"},
		"of another operator":             {[]string{"From: x@autre.mssante.fr"}, "550 5.7.1 From or Sender not served"},
		"outside":                         {[]string{"From: Dr Martin <x@gmail.com>"}, "550 5.7.1"},
		"a patient":                       {[]string{"From: " + alice}, "550 5.7.1"},
		"an address as name":              {[]string{`From: "` + doctor + `" <x@autre.mssante.fr>`}, "550 5.7.1"},
		"none":                            {[]string{"From: "}, "550 5.7.1"},
		"empty":                           {[]string{"From: <>"}, "550 5.7.1"},
		"two addresses":                   {[]string{"From: " + doctor + ", x@ch-exemple.mssante.fr"}, "550 5.7.1"},
		"two fields":                      {[]string{"From: " + doctor + "\r\nFrom: " + doctor}, "550 5.7.1"},
		"hidden by a fold":                {[]string{"From: " + doctor + "\r\n , x@autre.mssante.fr"}, "550 5.7.1"},
		"sender of the operator":          {[]string{"Sender: x@commun.mssante.fr"}, "250 2.0.0"},
		"sender of another operator":      {[]string{"Sender: x@autre.mssante.fr"}, "550 5.7.1"},
		"sender unreadable":               {[]string{"Sender: nobody"}, "550 5.7.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := b.secure(t, b.operator)
			c.envelope(doctor, alice)
			c.want(c.send(message("corps du message\r\n", tt.fields...)), tt.want)
		})
	}
}

// TestData_severalPatients covers D21, OP18 and O7.
func TestData_severalPatients(t *testing.T) {
	t.Parallel()
	const bob = "153124500723160@" + citizens
	document, contentType := withAttachment()
	sentence := "554 5.6.0 Un message avec document ne concerne qu'un seul patient : envoyez un message par patient."
	for name, tt := range map[string]struct {
		to      []string
		message string
		several bool
		want    string
		copies  int
	}{
		"text for two":             {[]string{alice, bob}, message("corps du message\r\n"), false, "250 2.0.0", 2},
		"document for one":         {[]string{alice}, message(document, contentType), false, "250 2.0.0", 1},
		"document for two":         {[]string{alice, bob}, message(document, contentType), false, sentence, 0},
		"document, two in the To":  {[]string{alice}, message(document, contentType, "To: "+alice+", "+bob), false, sentence, 0},
		"document, same in the To": {[]string{alice}, message(document, contentType, "To: "+strings.ToUpper(alice)+", "+doctor), false, "250 2.0.0", 1},
		"document for two allowed": {[]string{alice, bob}, message(document, contentType), true, "250 2.0.0", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *bridge.Config) { c.DocumentsForSeveral = tt.several })
			c := b.secure(t, b.operator)
			c.envelope(doctor, tt.to...)
			c.want(c.send(tt.message), tt.want)
			messages, bodies := b.inbox.taken()
			if len(messages) != tt.copies || slices.ContainsFunc(bodies, func(s string) bool { return s != tt.message }) {
				t.Errorf("%d copies", len(messages))
			}
			for _, stored := range b.inbox.bodies {
				if stored.committed != (tt.copies > 0) || stored.aborted == stored.committed {
					t.Errorf("a body was committed: %v, aborted: %v", stored.committed, stored.aborted)
				}
			}
		})
	}
}

// TestData_failures covers O80 and the one answer for several recipients.
func TestData_failures(t *testing.T) {
	t.Parallel()
	const bob, alicesINS, bobsINS = "153124500723160@" + citizens, rules.INS("279035121518989"), rules.INS("153124500723160")
	wrong := refusal(conversations.KindWrongPatient, "D31")
	closed, away := refusal(conversations.KindUnreachable, "D13"), refusal(conversations.KindUnavailable, "D17")
	for name, tt := range map[string]struct {
		to      []string
		change  func(*inbox)
		want    string
		copies  int
		bounces int
	}{
		"refused at the end":       {[]string{alice}, func(i *inbox) { i.receive[alicesINS] = closed }, "550 5.2.1", 0, 0},
		"another's document":       {[]string{alice}, func(i *inbox) { i.receive[alicesINS] = wrong }, "554 5.6.0 Le document joint concerne un autre patient que le destinataire.", 0, 0},
		"another's for one":        {[]string{alice, bob}, func(i *inbox) { i.receive[bobsINS] = wrong }, "250 2.0.0", 1, 1},
		"away":                     {[]string{alice}, func(i *inbox) { i.receive[alicesINS] = away }, "451 4.3.0", 0, 0},
		"unknown fault":            {[]string{alice}, func(i *inbox) { i.receive[alicesINS] = errors.New("redis: corps du message") }, "451 4.3.0 Temporary failure", 0, 0},
		"one of two away":          {[]string{alice, bob}, func(i *inbox) { i.receive[bobsINS] = away }, "451 4.3.0", 1, 0},
		"one of two refuses":       {[]string{alice, bob}, func(i *inbox) { i.receive[bobsINS] = closed }, "250 2.0.0", 1, 1},
		"both refuse":              {[]string{alice, bob}, func(i *inbox) { i.receive[alicesINS], i.receive[bobsINS] = closed, closed }, "550 5.2.1", 0, 0},
		"one refuses, one is away": {[]string{alice, bob}, func(i *inbox) { i.receive[alicesINS], i.receive[bobsINS] = closed, away }, "451 4.3.0", 0, 0},
		"the store does not write": {[]string{alice}, func(i *inbox) { i.broken = errors.New("no space left on device") }, "451 4.3.0 Temporary failure", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			c := b.secure(t, b.operator)
			c.envelope("secretariat@ch-exemple.mssante.fr", tt.to...) // not the author
			b.inbox.mu.Lock()
			tt.change(b.inbox)
			b.inbox.mu.Unlock()
			c.want(c.send(message("corps du message\r\n")), tt.want)
			if got, _ := b.inbox.taken(); len(got) != tt.copies {
				t.Errorf("%d copies", len(got))
			}
			c.want(c.do("NOOP"), "250 2.0.0")
			b.inbox.mu.Lock()
			defer b.inbox.mu.Unlock()
			if len(b.inbox.bounced) != tt.bounces {
				t.Errorf("%d refusals are reported, want %d (R48)", len(b.inbox.bounced), tt.bounces)
			}
		})
	}
}

// TestData_autoReply covers D22: an answer of a program is told apart from a document that one sends.
func TestData_autoReply(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	for _, fields := range [][]string{
		{"Auto-Submitted: auto-replied", "In-Reply-To: <1@patient.mssante.fr>"},
		{"Auto-Submitted: auto-generated"},
		{"Auto-Submitted: auto-generated", "In-Reply-To: <1@patient.mssante.fr>"}, // a document that follows up
		{"Auto-Submitted: Auto-Replied (vacation); owner-email=x"},
		{"Auto-Submitted: no"},
		{"Content-Type: multipart/report; boundary=x"},
	} {
		c.envelope(doctor, alice)
		c.want(c.send(message("corps du message\r\n", fields...)), "250 2.0.0")
	}
	messages, _ := b.inbox.taken()
	var reports []bool
	for _, m := range messages {
		reports = append(reports, m.IsReport)
	}
	if !slices.Equal(reports, []bool{true, false, false, true, false, true}) {
		t.Errorf("reports: %v", reports)
	}
}

// TestData_size covers D19: exactly the limit is taken, one octet more is not, by DATA and by BDAT, and
// the connection goes on.
func TestData_size(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	b := newBench(t, func(c *bridge.Config) { c.MaxMessageBytes = limit })
	c := b.secure(t, b.operator)
	for _, over := range []int{0, 1, 2, 50_000} {
		head := message("")
		line := strings.Repeat("x", 76) + "\r\n"
		text := head + strings.Repeat(line, (limit+over-len(head))/len(line))
		text += strings.Repeat("y", limit+over-len(text)-2) + "\r\n"
		want := "250 2.0.0"
		if over > 0 {
			want = "552 5.3.4"
		}
		c.envelope(doctor, alice)
		c.want(c.send(text), want)
		c.envelope(doctor, alice)
		c.write(fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), text))
		c.want(c.reply(), want)
		if over > 0 {
			continue
		}
		c.envelope(doctor, alice)
		for i := 0; i < len(text); i += 777 {
			chunk := text[i:min(i+777, len(text))]
			c.write(fmt.Sprintf("BDAT %d\r\n%s", len(chunk), chunk))
			c.want(c.reply(), "250 ")
		}
		c.want(c.do("BDAT 0 LAST"), "250 2.0.0")
		if messages, bodies := b.inbox.taken(); len(messages) != 3 || bodies[2] != text {
			t.Errorf("%d messages", len(messages))
		}
	}
}
