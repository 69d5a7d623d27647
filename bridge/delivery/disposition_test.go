package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func disposition(t testing.TB) Disposition {
	return Disposition{
		Date: at, MTA: "smtp.pont.test", Zone: paris(t),
		Receipt: conversations.ReadReceipt{
			Next: doctor, To: []rules.Address{doctor}, From: conversations.NamedAddress{Name: "Léo Dupond", Address: patient},
			MessageID: "abc.123@ch.mssante.fr", Subject: "Résultats", ORcpt: "rfc822;279035121518989@PATIENT.mssante.fr", OpenedAt: at,
		},
	}
}

func written(t testing.TB, d Disposition) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := d.Compose(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// R64-R67, OP6: the octets of a read receipt; the same facts give the same ones.
func TestDisposition_golden(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Disposition){
		"receipt": func(*Disposition) {},
		"receipt-representative": func(d *Disposition) {
			d.Receipt.By, d.Receipt.Subject = conversations.ActorRepresentative, "XDM/1.0/DDM+Bilan CORSE FIGATELLIX 12/10/1988"
			d.Receipt.ORcpt = ""
		},
	} {
		d := disposition(t)
		change(&d)
		got := written(t, d)
		if !bytes.Equal(got, written(t, d)) {
			t.Errorf("%s: other octets the second time", name)
		}
		file := filepath.Join("testdata", name+".eml")
		if *update {
			if err := os.WriteFile(file, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s (%v):\n%s", name, err, got)
		}
	}
}

// OP6, R61, D22: the text repeats no subject that names a document, and says who opened when it was not the
// patient.
func TestDisposition_text(t *testing.T) {
	t.Parallel()
	for by, want := range map[conversations.ActorKind]string{
		conversations.ActorPatient: "", conversations.ActorRepresentative: " par un représentant du patient", conversations.ActorCaregiver: " par un aidant du patient",
	} {
		d := disposition(t)
		d.Receipt.By = by
		if got := d.text(); !strings.HasPrefix(got, "Votre message «\u00a0Résultats\u00a0» a été lu le 12/05/2026 à 12\u00a0h\u00a000.\r\n") ||
			!strings.HasSuffix(got, "Ouvert le 12/05/2026 à 12\u00a0h\u00a000 (heure de Paris)"+want+".\r\n") {
			t.Errorf("%s: %q", by, got)
		}
		d.Receipt.Subject = "XDM/1.0/DDM+Bilan CORSE 12/10/1988"
		if got := d.text(); strings.Contains(got, "CORSE") {
			t.Errorf("%s: %q", by, got)
		}
	}
}

// Nothing of the message that was opened can add a field, a part or a long line to its receipt, and others
// read it as it was written.
func FuzzDisposition(f *testing.F) {
	f.Add("abc@x", "Résultats", "rfc822;a@b", "Léo")
	f.Add("a\r\nX-MSS-MES: FIN", "x\r\nBcc: y@z\r\n\r\n--b", "rfc822;a\r\nDisposition: x", "a\r\nb")
	f.Add(strings.Repeat("a", 900)+"@x", strings.Repeat("é", 2000), "x;"+strings.Repeat("y", 2000), strings.Repeat("b", 3000))
	zone := paris(f)
	f.Fuzz(func(t *testing.T, id, subject, orcpt, name string) {
		d := Disposition{Date: at, MTA: "smtp.pont.test", Zone: zone, Receipt: conversations.ReadReceipt{
			Next: doctor, To: []rules.Address{doctor}, From: conversations.NamedAddress{Name: name, Address: patient},
			MessageID: id, Subject: subject, ORcpt: orcpt, OpenedAt: at,
		}}
		var out bytes.Buffer
		if err := d.Compose(&out); err != nil {
			return // refused whole
		}
		for line := range strings.Lines(out.String()) {
			if len(line) > 1000 {
				t.Fatalf("a line of %d octets", len(line))
			}
			for i := range len(line) {
				if line[i] > 0x7f {
					t.Fatalf("octet beyond ASCII in %q", line)
				}
			}
		}
		m, err := netmail.ReadMessage(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{
			"Content-Type": true, "Mime-Version": true, "Auto-Submitted": true, "References": true, "In-Reply-To": true,
			"Message-Id": true, "Subject": true, "Date": true, "To": true, "From": true,
		}
		for field := range m.Header {
			if !known[field] {
				t.Fatalf("field %q", field)
			}
		}
		_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		parts := 0
		for r := multipart.NewReader(m.Body, parameters["boundary"]); ; parts++ {
			if _, err := r.NextRawPart(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if parts != 3 {
			t.Fatalf("%d parts", parts)
		}
	})
}

// R60, R67: a receipt leaves from the null reverse-path, claimed right before its end, and what became of it is
// recorded: a refusal for now is tried again, a word never heard is taken for sent, and another attempt's is left.
func TestAcknowledge_outcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script    script
		elsewhere bool
		err       error
		again     time.Duration
		want      conversations.DeliveryState
		begun     int
		sent      int
	}{
		"taken":               {want: conversations.DeliverySent, begun: 1, sent: 1},
		"deferred at RCPT":    {script: script{rcpt: always("450 secret")}, again: 5 * time.Minute},
		"deferred at the end": {script: script{final: always("452 secret")}, again: 5 * time.Minute, begun: 1, sent: 1},
		"refused":             {script: script{final: always("554 secret")}, want: conversations.DeliveryFailed, begun: 1, sent: 1},
		"no word at the end":  {script: script{final: always(drop)}, want: conversations.DeliverySent, begun: 1, sent: 1},
		"no word before":      {script: script{data: always(drop)}, again: 5 * time.Minute},
		"another attempt's":   {elsewhere: true, begun: 1},
		"nothing to send":     {err: &conversations.Error{Kind: conversations.KindNotFound}},
	} {
		w := newWorld(t)
		c.script.tls = w.serverTLS(w.them)
		p := newPeer(t, c.script)
		begun, outcomes := 0, []conversations.Outcome(nil)
		r := NewReporter(w.client(t, nil, p.at), reports{
			receipt: disposition(t).Receipt, err: c.err, begun: &begun, elsewhere: c.elsewhere, outcomes: &outcomes,
		}, paris(t))
		again, err := r.Acknowledge(t.Context(), effect("7feffect", 0))
		if err != nil || !again.Equal(instant(c.again)) || begun != c.begun {
			t.Errorf("%s: again %v, %v, begun %d times", name, again, err, begun)
		}
		got := p.received()
		if len(got) != c.sent {
			t.Errorf("%s: %d sent", name, len(got))
		}
		if len(got) == 1 && !strings.HasPrefix(got[0].mail, "MAIL FROM:<>") {
			t.Errorf("%s: %s", name, got[0].mail)
		}
		if recorded := c.want != "" || c.again != 0; recorded != (len(outcomes) == 1) || recorded && (outcomes[0].State != c.want || outcomes[0].Detail != "") {
			t.Errorf("%s: recorded %+v", name, outcomes)
		}
		if c.elsewhere {
			<-p.cut // the message was never ended
		}
	}
}

// While our own store does not answer, nothing leaves and the effect stays.
func TestAcknowledge_storeAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	r := NewReporter(w.client(t, nil, p.at), reports{err: &conversations.Error{Kind: conversations.KindUnavailable}}, paris(t))
	if _, err := r.Acknowledge(t.Context(), effect("7feffect", 0)); err == nil || len(p.received()) != 0 {
		t.Errorf("%v, %d sent", err, len(p.received()))
	}
}

// RFC 3461: where the server offers DSN, a reply asks by name for reports on failure and delay, and on delivery
// when that is set; where it does not, nothing is asked.
func TestDeliver_asksForReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const offers = "250-mx.test\r\n250-8BITMIME\r\n250-DSN\r\n250 SIZE 26214400"
	for _, c := range []struct {
		offers       string
		askDelivered bool
		mail, rcpt   string
	}{
		{"", true, " SIZE=" + fmt.Sprint(len(letter)), "RCPT TO:<Prenom.Nom@ch.mssante.fr>"},
		{
			offers, false, " SIZE=" + fmt.Sprint(len(letter)) + " RET=HDRS ENVID=abc.0123",
			"RCPT TO:<Prenom.Nom@ch.mssante.fr> NOTIFY=FAILURE,DELAY ORCPT=RFC822;Prenom.Nom@ch.mssante.fr",
		},
		{
			offers, true, " SIZE=" + fmt.Sprint(len(letter)) + " RET=HDRS ENVID=abc.0123",
			"RCPT TO:<Prenom.Nom@ch.mssante.fr> NOTIFY=FAILURE,DELAY,SUCCESS ORCPT=RFC822;Prenom.Nom@ch.mssante.fr",
		},
	} {
		p := newPeer(t, script{tls: w.serverTLS(w.them), ehlo: c.offers})
		box := newOutbox()
		box.message.EnvID = "abc.0123"
		client := w.client(t, func(s *Settings) { s.AskDelivered = c.askDelivered }, p.at)
		if _, err := NewSender(client, box).Deliver(t.Context(), effect("e1", 0)); err != nil {
			t.Fatal(err)
		}
		got := p.received()
		if len(got) != 1 || !strings.HasSuffix(got[0].mail, c.mail) || got[0].rcpt != c.rcpt {
			t.Errorf("asked %+v, want %q %q", got, c.mail, c.rcpt)
		}
	}
}

// O91, RFC 5321 section 5.1: by preference; equal ones in an order that the attempt alone decides, and that
// spreads over attempts.
func TestInOrder(t *testing.T) {
	t.Parallel()
	hosts := []Host{{Name: "c", Preference: 20}, {Name: "a", Preference: 10}, {Name: "b", Preference: 10}, {Name: "d", Preference: 10}}
	first := map[string]int{}
	for n := range 300 {
		turn := fmt.Sprint("effect/", n)
		got := inOrder(hosts, turn)
		if got[3].Name != "c" {
			t.Fatalf("%v", got)
		}
		if again := inOrder([]Host{hosts[3], hosts[2], hosts[1], hosts[0]}, turn); fmt.Sprint(again) != fmt.Sprint(got) {
			t.Fatalf("%v, then %v", got, again)
		}
		first[got[0].Name]++
	}
	for _, name := range []string{"a", "b", "d"} {
		if first[name] < 50 {
			t.Errorf("%s is first %d times of 300", name, first[name])
		}
	}
}

// A claim that the store did not answer is an error of ours: the message is not ended.
func TestAcknowledge_claimUnanswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	r := NewReporter(w.client(t, nil, p.at), broken{reports{receipt: disposition(t).Receipt}}, paris(t))
	if _, err := r.Acknowledge(t.Context(), effect("7feffect", 0)); err == nil || len(p.received()) != 0 {
		t.Errorf("%v, %d sent", err, len(p.received()))
	}
	<-p.cut
}

// broken is a store that does not answer a claim.
type broken struct{ reports }

func (broken) BeginReceipt(context.Context, conversations.Effect, conversations.ReadReceipt) (bool, error) {
	return false, errors.New("no answer")
}
