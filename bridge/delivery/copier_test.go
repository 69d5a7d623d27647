package delivery

import (
	"context"
	"io"
	"net/mail"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
)

// copies is an outbox of one copy.
type copies struct {
	fail error
	lost []string // codes of copies that were given up

	author conversations.Address // of a copy to somebody else
}

const deskLetter = "From: Prenom Nom <Prenom.Nom@ch.mssante.fr>\r\nSubject: Bilan\r\n\r\nBonjour\r\n"

func (c *copies) Copy(context.Context, conversations.Effect) (conversations.Copy, error) {
	return conversations.Copy{
		To: doctor, ReplyTo: c.author, Subject: "Bilan", QueuedAt: at, Bytes: int64(len(deskLetter)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(deskLetter)), nil },
	}, c.fail
}

func (c *copies) CopyFailed(_ context.Context, _ conversations.Effect, code string) {
	c.lost = append(c.lost, code)
}

// TestCopy_handsOver covers D30: one part message/rfc822 with every octet, generated, from the address that takes
// reports alone; the same bytes again when the answer was lost.
func TestCopy_handsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	c := NewCopier(w.client(t, nil, p.at), &copies{}, "patient.mssante.fr")
	for range 2 {
		if again, err := c.Copy(t.Context(), effect("e1", 0)); err != nil || !again.IsZero() {
			t.Fatalf("again %v, %v", again, err)
		}
	}
	got := p.received()
	if len(got) != 2 || got[0] != got[1] {
		t.Fatalf("%d messages, or two of other bytes", len(got))
	}
	if !strings.HasPrefix(got[0].mail, "MAIL FROM:<ne-pas-repondre@patient.mssante.fr>") || got[0].rcpt != "RCPT TO:<Prenom.Nom@ch.mssante.fr>" {
		t.Errorf("%s, %s", got[0].mail, got[0].rcpt)
	}
	m, err := mail.ReadMessage(strings.NewReader(got[0].data))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(m.Body)
	if err != nil || string(body) != deskLetter {
		t.Errorf("the part is %q, %v", body, err)
	}
	for name, want := range map[string]string{"Content-Type": "message/rfc822", "Auto-Submitted": "auto-generated", "Subject": "Copie : Bilan"} {
		if m.Header.Get(name) != want {
			t.Errorf("%s: %q", name, m.Header.Get(name))
		}
	}
	if from := m.Header.Get("From"); !strings.HasSuffix(from, "<ne-pas-repondre@patient.mssante.fr>") {
		t.Errorf("From: %s", from)
	}
}

// TestCopy_outcomes: a copy waits, or is given up with an alarm and a trace; one that is gone is nothing.
func TestCopy_outcomes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waits := newPeer(t, script{tls: w.serverTLS(w.them), rcpt: always("450 4.2.1 secret")})
	box := &copies{}
	again, err := NewCopier(w.client(t, nil, waits.at), box, "patient.mssante.fr").Copy(t.Context(), effect("e1", 0))
	if err != nil || again.Sub(at) != 5*time.Minute || len(box.lost) != 0 {
		t.Errorf("deferred: again %v, %v, %v", again, err, box.lost)
	}
	refuses := newPeer(t, script{tls: w.serverTLS(w.them), rcpt: always("550 5.1.1 secret")})
	again, err = NewCopier(w.client(t, nil, refuses.at), box, "patient.mssante.fr").Copy(t.Context(), effect("e2", 0))
	if err != nil || !again.IsZero() || len(box.lost) != 1 || box.lost[0] != "550 5.1.1" {
		t.Errorf("refused: again %v, %v, %v", again, err, box.lost)
	}
	w.logMu.Lock()
	if !strings.Contains(w.log.String(), "event=alarm rule=D30") {
		t.Error("no alarm")
	}
	w.logMu.Unlock()
	box.fail = &conversations.Error{Kind: conversations.KindNotFound}
	if again, err := NewCopier(w.client(t, nil, refuses.at), box, "patient.mssante.fr").Copy(t.Context(), effect("e3", 0)); err != nil || !again.IsZero() {
		t.Errorf("gone: %v, %v", again, err)
	}
	box.fail = &conversations.Error{Kind: conversations.KindUnavailable}
	if _, err := NewCopier(w.client(t, nil, refuses.at), box, "patient.mssante.fr").Copy(t.Context(), effect("e4", 0)); err == nil {
		t.Error("a store that is away is told as done")
	}
}

// R79: whoever is in copy answers the author; the mailbox that wrote answers nobody.
func TestCopy_ofSomebodyElse_answersTheAuthor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	for _, author := range []conversations.Address{{}, {Local: "auteur", Domain: "ch.mssante.fr"}} {
		c := NewCopier(w.client(t, nil, p.at), &copies{author: author}, "patient.mssante.fr")
		if again, err := c.Copy(t.Context(), effect("e1", 0)); err != nil || !again.IsZero() {
			t.Fatalf("again %v, %v", again, err)
		}
		got := p.received()
		m, err := mail.ReadMessage(strings.NewReader(got[len(got)-1].data))
		if err != nil {
			t.Fatal(err)
		}
		if reply := m.Header.Get("Reply-To"); (reply == "") != author.IsZero() || !author.IsZero() && reply != "<"+author.Wire()+">" {
			t.Errorf("Reply-To %q", reply)
		}
	}
}
