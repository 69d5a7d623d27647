package mail

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"mime/multipart"
	netmail "net/mail"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mesbridge/conversations"
)

// draft is a patient's reply with a document (R156-R158).
func draft(t testing.TB) conversations.Draft {
	t.Helper()
	return conversations.Draft{
		MessageID:  "s7f.0123456789abcdef@patient.mssante.fr",
		Date:       time.Date(2026, 5, 12, 18, 30, 0, 0, time.FixedZone("Paris", 2*3600)),
		From:       conversations.NamedAddress{Name: "Léo Dupond", Address: address(t, "279035121518989@patient.mssante.fr")},
		To:         []conversations.NamedAddress{{Name: "Dr Anne MARTIN (cardiologie)", Address: address(t, "anne.martin@hopital.mssante.fr")}, {Address: address(t, "secretariat@hopital.mssante.fr")}},
		Subject:    "Re: Résultats de vos analyses du 12 mai et rendez-vous de contrôle à l’hôpital",
		InReplyTo:  "20260512095958.4711@hopital.mssante.fr",
		References: []string{"20260501080000.1@hopital.mssante.fr", "20260512095958.4711@hopital.mssante.fr"},
		Text:       "Bonjour Docteur,\n\nMerci. Voici l’ordonnance que vous demandez ; elle date d’avril.\n.\n-- \nLéo Dupond",
		Attachments: []conversations.Attachment{
			{Name: "ordonnance d’avril.pdf", Type: "application/pdf", Content: []byte("%PDF-1.4\n1 0 obj\n")},
			{Name: "photo.jpg", Type: "image/jpeg", Content: pseudoRandom(100)},
		},
	}
}

// compose writes a draft and checks what holds for every composed message: CRLF only, lines of at
// most 998 octets and header lines folded at 78, EncodedSize is right, and the same octets come again.
func compose(t testing.TB, d conversations.Draft) []byte {
	t.Helper()
	c := NewCodec(DefaultLimits())
	var first, second bytes.Buffer
	if err := c.Compose(d, &first); err != nil {
		t.Fatal(err)
	}
	d.Date = d.Date.UTC()
	if err := c.Compose(d, &second); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same draft gives other octets")
	}
	if size, err := c.EncodedSize(d); err != nil || size != int64(first.Len()) {
		t.Errorf("encoded size %d (%v), wrote %d", size, err, first.Len())
	}
	var ends lineEnds
	if err := errors.Join(ends.check(first.Bytes()), ends.close()); err != nil {
		t.Error(err)
	}
	if !bytes.HasSuffix(first.Bytes(), []byte("\r\n")) {
		t.Error("the message does not end with a line end")
	}
	for line := range bytes.Lines(first.Bytes()) {
		if len(line) > 998+2 {
			t.Errorf("line of %d octets", len(line))
		}
	}
	return first.Bytes()
}

// TestCompose_goldenOctets compares every octet with testdata/compose.
func TestCompose_goldenOctets(t *testing.T) {
	t.Parallel()
	reply := draft(t)
	plain := draft(t)
	plain.Attachments, plain.Text, plain.Subject = nil, "Merci.", "Re: Consultation"
	foreign := draft(t)
	foreign.Attachments, foreign.Text = nil, "شكرا جزيلا يا دكتور"
	final := plain
	final.End, final.From.Name, final.InReplyTo, final.References = true, "", "", nil
	for name, d := range map[string]conversations.Draft{"reply": reply, "plain": plain, "arabic": foreign, "final": final} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := compose(t, d)
			file := "testdata/compose/" + name + ".eml" // with LF line ends, so that any editor shows it
			if *update {
				golden(t, file, bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")))
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, wire(string(want))) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestCompose_othersReadIt: the standard library, which is no part of Compose, reads the same.
func TestCompose_othersReadIt(t *testing.T) {
	t.Parallel()
	d := draft(t)
	m, err := netmail.ReadMessage(bytes.NewReader(compose(t, d)))
	if err != nil {
		t.Fatal(err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 2 || to[0].Name != d.To[0].Name || to[1].Address != d.To[1].Address.Wire() {
		t.Errorf("recipients %v (%v)", to, err)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Léo Dupond" {
		t.Errorf("author %v (%v)", from, err)
	}
	_, p := parseStructured(m.Header.Get("Content-Type"))
	r := multipart.NewReader(m.Body, p.token("boundary"))
	if _, err = r.NextPart(); err != nil {
		t.Fatal(err)
	}
	part, err := r.NextPart()
	if err != nil || part.FileName() != d.Attachments[0].Name {
		t.Fatalf("name %q (%v)", part.FileName(), err)
	}
	if _, err = io.Copy(io.Discard, part); err != nil {
		t.Error(err)
	}
}

// TestCompose_nothingInjectsHeaders: no field of a draft can add a header field or a part (R94).
func TestCompose_nothingInjectsHeaders(t *testing.T) {
	t.Parallel()
	const evil = "x\r\nX-MSS-MES: FIN\r\n\r\n--b\r\n\x00\ny\rBcc: z@v.fr"
	d := draft(t)
	d.From.Name, d.To[0].Name, d.Subject = evil, evil, evil
	d.Attachments[0].Name, d.Attachments[0].Type = evil, "text/x\r\nX-MSS-MES: FIN"
	d.Attachments[1].Name, d.Attachments[1].Type = `a"; filename="b`, "multipart/mixed; boundary=x"
	d.InReplyTo, d.References = evil, []string{evil, "good@x", "a b@x", "<c@x>"}
	raw := compose(t, d)
	header, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	for _, line := range strings.Split(string(raw), "\r\n") {
		if name, _, _ := strings.Cut(line, ":"); strings.EqualFold(name, "X-MSS-MES") || strings.EqualFold(name, "Bcc") {
			t.Errorf("line %q", line)
		}
	}
	facts, err := intake(raw, len(raw))
	if err != nil || len(facts.EndHeaders) != 0 || facts.FromFields != 1 || facts.Attachments != 2 {
		t.Errorf("%+v (%v)", facts, err)
	}
	if !reflect.DeepEqual(facts.References, []string{"good@x"}) {
		t.Errorf("references %q in\n%s", facts.References, header)
	}
	v := view(t, raw)
	if v.Attachments[0].Type != "application/octet-stream" || v.Attachments[1].Type != "application/octet-stream" || v.Attachments[1].Name != `a"; filename="b` {
		t.Errorf("%+v", v.Attachments)
	}
}

// TestCompose_endHeader_onlyWhenAsked covers R81 and R94.
func TestCompose_endHeader_onlyWhenAsked(t *testing.T) {
	t.Parallel()
	d := draft(t)
	for _, end := range []bool{false, true} {
		d.End = end
		facts, err := intake(compose(t, d), 100)
		if err != nil || (len(facts.EndHeaders) == 1 && facts.EndHeaders[0] == "FIN") != end {
			t.Errorf("end %v: %q (%v)", end, facts.EndHeaders, err)
		}
	}
}

// TestCompose_refusesWhatCannotStand in a header.
func TestCompose_refusesWhatCannotStand(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*conversations.Draft){
		"no message id":        func(d *conversations.Draft) { d.MessageID = "" },
		"message id, two":      func(d *conversations.Draft) { d.MessageID = "a@x> <b@x" },
		"message id, line":     func(d *conversations.Draft) { d.MessageID = "a@x\r\nX: y" },
		"no author":            func(d *conversations.Draft) { d.From = conversations.NamedAddress{} },
		"author, line":         func(d *conversations.Draft) { d.From.Address.Local = "a\r\nX: y" },
		"recipient, two":       func(d *conversations.Draft) { d.To[1].Address.Local = "a@x>, <b" },
		"recipient, no domain": func(d *conversations.Draft) { d.To[0].Address.Domain = "" },
	} {
		d := draft(t)
		spoil(&d)
		var out bytes.Buffer
		if err := NewCodec(DefaultLimits()).Compose(d, &out); !errors.Is(err, ErrDraft) || out.Len() != 0 {
			t.Errorf("%s: %v, %d octets", name, err, out.Len())
		}
	}
	if err := NewCodec(DefaultLimits()).Compose(draft(t), failingWriter{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("broken writer: %v", err)
	}
}

// TestCompose_comesBackEqual: what is composed is read back by Intake, View and Part as it was.
func TestCompose_comesBackEqual(t *testing.T) {
	t.Parallel()
	text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\n \t=.-é€😀")))).
		Filter(func(s string) bool { return len(s) < 3000 })
	rapid.Check(t, func(rt *rapid.T) {
		d := draft(t)
		d.Text, d.Subject, d.From.Name = text.Draw(rt, "text"), text.Draw(rt, "subject"), text.Draw(rt, "name")
		d.Attachments = nil
		for range rapid.IntRange(0, 3).Draw(rt, "attachments") {
			d.Attachments = append(d.Attachments, conversations.Attachment{
				Name: text.Draw(rt, "file name"), Type: rapid.SampledFrom([]string{"application/pdf", "text/plain", "text/html", "x", ""}).Draw(rt, "type"),
				Content: rapid.SliceOfN(rapid.Byte(), 0, 500).Draw(rt, "content"),
			})
		}
		raw := compose(t, d)
		c := NewCodec(DefaultLimits())
		v, err := c.View(bytes.NewReader(raw))
		if err != nil {
			rt.Fatal(err)
		}
		facts := checkAgreement(t, c, raw, v)
		if want := cleanText(d.Text); v.Text != want || v.HTML != "" || len(v.Notices) != 0 {
			rt.Errorf("text %q, want %q; notices %q", v.Text, want, v.Notices)
		}
		if want := strings.Trim(strings.Map(blankControl, d.Subject), asciiSpace); facts.Subject != want {
			rt.Errorf("subject %q, want %q", facts.Subject, want)
		}
		if want := senderName(d.From.Name); facts.From.Name != want {
			rt.Errorf("name %q, want %q", facts.From.Name, want)
		}
		if facts.MessageID != d.MessageID || !facts.Date.Equal(d.Date) || facts.References[0] != d.InReplyTo {
			rt.Errorf("%+v", facts)
		}
		if len(v.Attachments) != len(d.Attachments) {
			rt.Fatalf("%d attachments, want %d", len(v.Attachments), len(d.Attachments))
		}
		for i, p := range v.Attachments {
			a := d.Attachments[i]
			if want := cleanName(a.Name); want != "" && p.Name != want || p.SHA256 != sha256.Sum256(a.Content) {
				rt.Errorf("attachment %d: %q, want %q", i, p.Name, want)
			}
		}
	})
}
