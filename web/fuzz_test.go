package web

import (
	"errors"
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// FuzzReadReply: whatever body comes, it is refused with a problem of the list, or gives a reply that can
// be sent.
func FuzzReadReply(f *testing.F) {
	for _, seed := range []string{
		`{"text":"a"}`, `{"text":"a","to":"REPLY_TO_ALL"}`, replyBody("a.pdf", "application/pdf", []byte("%PDF-")), `{"text":"\ud800"}`,
		`{"text":"a","attachments":[{"name":"..","base64":"AA=="}]}`, `{"attachments":[{}]}`, `{"text":{"a":[1]}}`, "\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := readReply(body)
		if err != nil {
			if p := asProblem(err); p.status != 400 && p.status != 422 || p.code != codeInvalidRequest {
				t.Fatalf("refused with %d %s", p.status, p.code)
			}
			return
		}
		if strings.TrimSpace(in.Text) == "" || in.Choice != rules.ReplyToOne && in.Choice != rules.ReplyToAll {
			t.Fatalf("accepted %q %q", in.Text, in.Choice)
		}
		for _, a := range in.Attachments {
			if !goodFileName(a.Name) || len(a.Content) == 0 || !strings.Contains(a.Type, "/") {
				t.Fatalf("accepted attachment %q %q", a.Name, a.Type)
			}
		}
	})
}

// FuzzFirstMessage: the same for a professional's first message; no control character reaches a subject.
func FuzzFirstMessage(f *testing.F) {
	for _, seed := range []string{first(""), first(`,"confidential":"no"`), first(`,"episode":{}`), `{"subject":"\r\n"}`, `{}`} {
		f.Add([]byte(seed))
	}
	w := newWorld(f)
	who, err := person(proToken)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w.core.written = nil
		_, err := openThread(w.app, request{ctx: t.Context(), who: who, body: body})
		if err != nil {
			if p := asProblem(err); p.status < 400 || p.status >= 500 {
				t.Fatalf("refused with %d %s: %v", p.status, p.code, err)
			}
			return
		}
		in := w.core.written[0]
		if strings.ContainsAny(in.Subject, "\r\n\x00") || in.INS == "" || strings.TrimSpace(in.Text) == "" {
			t.Fatalf("accepted %q", in.Subject)
		}
	})
}

// FuzzDisposition: one header field comes out, whose parameters give the name back.
func FuzzDisposition(f *testing.F) {
	for _, seed := range []string{"a.pdf", "é \"x\".txt", "a\r\nb", "%41", "", "\xff", "a;b=c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		d := disposition("attachment", name)
		if strings.ContainsAny(d, "\r\n\x00") {
			t.Fatalf("%q", d)
		}
		for _, r := range d {
			if r < ' ' || r > '~' {
				t.Fatalf("%q holds %q", d, r)
			}
		}
		kind, params, err := mime.ParseMediaType(d)
		if err != nil || kind != "attachment" {
			t.Fatalf("%q: %v", d, err)
		}
		if utf8.ValidString(name) && name != "" && params["filename"] != name {
			t.Fatalf("%q gives %q", name, params["filename"])
		}
	})
}

// Whatever kind of error the core gives, an answer of the list comes out.
func FuzzAsProblem(f *testing.F) {
	f.Add("thread-closed")
	f.Add("new-kind")
	known := allCodes()
	f.Fuzz(func(t *testing.T, k string) {
		p := asProblem(errors.Join(errors.New("x"), kind(conversations.Kind(k))))
		for _, c := range known {
			if c == p.code {
				return
			}
		}
		t.Fatalf("code %q is not in the list", p.code)
	})
}
