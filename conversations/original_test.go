package conversations_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"mesbridge/conversations"
)

// D11: the copy for the patient names people and is as long and as hashed as announced.
func TestOriginal_namesPeople(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.hand(anINS, mail{from: doctor, id: "a@x.test", subject: "Fil", text: "Bonjour"}, func(*conversations.Incoming) {})
	id := b.thread("Fil").ID
	if _, err := b.reply(id, "Merci"); err != nil {
		t.Fatal(err)
	}
	read := func(message conversations.ID) string {
		t.Helper()
		d, err := b.Original(t.Context(), b.self(), b.patient.ID, message)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := d.Write(&out); err != nil {
			t.Fatal(err)
		}
		if int64(out.Len()) != d.Bytes || sha256.Sum256(out.Bytes()) != d.SHA256 || d.Type != "message/rfc822" || d.Name != "message.eml" {
			t.Errorf("announced %+v, got %d octets", d.AttachmentLine, out.Len())
		}
		if strings.Contains(out.String(), "@") {
			t.Errorf("an address in %s", &out)
		}
		return out.String()
	}
	thread := b.read(id)
	doctorName := thread.With[0]
	if got := read(thread.Messages[1].ID); !strings.Contains(got, `"Author":"`+doctorName+`"`) || !strings.Contains(got, `"To":["`+b.patient.Name+`"]`) || !strings.Contains(got, "Bonjour") {
		t.Errorf("received: %s", got)
	}
	if got := read(thread.Messages[0].ID); !strings.Contains(got, `"Author":"`+b.patient.Name+`"`) || !strings.Contains(got, `"To":["`+doctorName+`"]`) || !strings.Contains(got, "Merci") {
		t.Errorf("sent: %s", got)
	}
	for _, other := range []conversations.ID{"", "x", id, id + ".3", id + ".0", id + ".1.0", id + ".-1", id + ".1x"} {
		if _, err := b.Original(t.Context(), b.self(), b.patient.ID, other); conversations.KindOf(err) != conversations.KindNotFound {
			t.Errorf("%q: %v", other, err)
		}
	}
}
