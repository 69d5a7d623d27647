package mail

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"testing"

	"mesbridge/conversations"
)

func original(t *testing.T, raw []byte, people conversations.People) string {
	t.Helper()
	var out bytes.Buffer
	if err := NewCodec(DefaultLimits()).Original(bytes.NewReader(raw), people, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestOriginal_namesStandForAddresses covers D11: no field of the header holds an address, whatever
// software put it there, and not an octet of the body differs.
func TestOriginal_namesStandForAddresses(t *testing.T) {
	t.Parallel()
	const body = "Écrivez à secretariat@clinique.fr\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: <autre@clinique.fr>\r\n\r\nx\r\n--b--\r\n"
	raw := "Return-Path: <dr.martin@ville.mssante.fr>\r\n" +
		"Received: from x (dr.martin@ville.mssante.fr)\r\n\tby y for <279035121518989@patient.mssante.fr>; Sat, 21 Nov 2026 10:00:00 +0100\r\n" +
		"DKIM-Signature: v=1; i=dr.martin@ville.mssante.fr\r\n" +
		"From: Martin <dr.martin@ville.mssante.fr>\r\nSender: dr.martin@ville.mssante.fr\r\nReply-To: <dr.martin@ville.mssante.fr>\r\n" +
		"To: <279035121518989@patient.mssante.fr>,\r\n dr.martin@ville.mssante.fr\r\nX-Sender: dr.martin@ville.mssante.fr\r\n" +
		"Disposition-Notification-To: dr.martin@ville.mssante.fr\r\nX-Anything: =?utf-8?Q?dr.martin=40ville.mssante.fr?=\r\n" +
		"Subject: Votre\r\n compte rendu\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@ville.mssante.fr>\r\n" +
		"ligne illisible dr.martin@ville.mssante.fr\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=b\r\nX-MSS-MES: FIN\r\n\r\n" + body
	got := original(t, []byte(raw), conversations.People{
		Author: "Dr Zoé Martin", To: []string{"Alice, née Durand"}, Cc: []string{"Dr Petit", "boite@ville.mssante.fr", ""},
	})
	head, rest, _ := strings.Cut(got, "\r\n\r\n")
	if rest != body {
		t.Errorf("body %q", rest)
	}
	if strings.Contains(strings.ReplaceAll(head, "<1@ville.mssante.fr>", ""), "@") || strings.Contains(head, "martin=40") {
		t.Errorf("an address is left:\n%s", head)
	}
	for _, want := range []string{
		"Subject: Votre\r\n compte rendu\r\n", "Content-Type: multipart/mixed;\r\n boundary=b\r\n", "X-MSS-MES: FIN",
		"Date: Sat, 21 Nov 2026 10:00:00 +0100", "Message-ID: <1@ville.mssante.fr>", "MIME-Version: 1.0",
	} {
		if !strings.Contains(head, want) {
			t.Errorf("%q is missing in\n%s", want, head)
		}
	}
	m, err := netmail.ReadMessage(strings.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"From": "Dr Zoé Martin :;", "To": "Alice, née Durand :;", "Cc": "Dr Petit :;"} {
		if got := decodeText(m.Header.Get(field)); got != want {
			t.Errorf("%s %q, want %q", field, got, want)
		}
	}
}

// TestOriginal_brokenHeaders: whatever stands for a header, the body follows and no author is lost.
func TestOriginal_brokenHeaders(t *testing.T) {
	t.Parallel()
	const from = "From: =?utf-8?B?UHJvZmVzc2lvbm5lbCBkZSBzYW50w6k=?= :;\r\n"
	for in, want := range map[string]string{
		"":                                   from + "\r\n",
		"Subject: x":                         from + "Subject: x\r\n\r\n",
		"Subject: x\r\n\r\n":                 from + "Subject: x\r\n\r\n",
		"From: a@b.fr\r\nBonjour\r\n\r\nfin": from + "\r\nBonjour\r\n\r\nfin",
		"Subject: x\r\n--b\r\nTo: c@d.fr":    from + "Subject: x\r\n\r\n--b\r\nTo: c@d.fr",
		"\r\nbonjour":                        from + "\r\nbonjour",
		"Content-Type : text/plain\r\n\r\nx": from + "Content-Type : text/plain\r\n\r\nx",
		"X-A: a@b.fr\r\n " + strings.Repeat("a@b.fr ", 9000): from + "\r\n",
	} {
		if got := original(t, []byte(in), conversations.People{}); got != want {
			t.Errorf("%.80q:\ngot  %.200q\nwant %.200q", in, got, want)
		}
	}
}

// FuzzOriginal checks that the copy of any message reads like the message and names nobody else.
func FuzzOriginal(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte, _ uint16) {
		c := NewCodec(DefaultLimits())
		var out bytes.Buffer
		if err := c.Original(bytes.NewReader(raw), conversations.People{Author: "Dr Martin"}, &out); err != nil {
			t.Fatal(err)
		}
		before, err := c.View(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		after, err := c.View(&out)
		if err != nil {
			t.Fatal(err)
		}
		if before.Text != after.Text || before.HTML != after.HTML || len(before.Attachments) != len(after.Attachments) {
			t.Fatalf("%q became %q", before.Text, after.Text)
		}
	})
}
