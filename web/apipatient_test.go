package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// docs/contract.md: shapes of list and conversation, and no professional's address in either (R71).
func TestInbox_shapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := w.call(patientToken, http.MethodGet, "/api/v1/inbox", "").wants(http.StatusOK, "").lacks("@", "mssante").json()
	item := list["items"].([]any)[0].(map[string]any)
	if item["id"] != "a1open" || item["state"] != "open" || item["unread"] != true || item["lastAt"] != "2026-05-12T08:30:00.000Z" || list["next"] != "bmV4dA" {
		t.Errorf("list %v", list)
	}
	second := w.call(patientToken, http.MethodGet, "/api/v1/inbox?cursor=bmV4dA", "").wants(http.StatusOK, "").json()
	if second["next"] != nil {
		t.Errorf("next %v", second["next"])
	}
	one := w.call(patientToken, http.MethodGet, "/api/v1/inbox/a1open", "").wants(http.StatusOK, "").lacks("@", "mssante").json()
	reply := one["reply"].(map[string]any)
	if one["ended"] != nil || reply["allowed"] != true || reply["code"] != nil || reply["until"] != "2026-05-12T16:00:00.000Z" || reply["remainingBytes"] != 7_250_000.0 {
		t.Errorf("conversation %v", one)
	}
	file := one["messages"].([]any)[0].(map[string]any)["attachments"].([]any)[0].(map[string]any)
	if file["name"] != "Compte rendu.pdf" || len(file["sha256"].(string)) != 64 {
		t.Errorf("attachment %v", file)
	}
	ended := w.call(patientToken, http.MethodGet, "/api/v1/inbox/a1ended", "").json()
	if e := ended["ended"].(map[string]any); e["by"] != "Dr Claire Martin" || e["how"] != "subject" || e["at"] != "2026-05-12T07:30:00.000Z" {
		t.Errorf("ended %v", e)
	}
	if n := w.core.asked("Opened"); n != 0 {
		t.Errorf("reading marked as read %d times", n)
	}
}

// docs/contract.md: limit 1-200, default 50, larger is cut; cursors are opaque and safe.
func TestInbox_limitAndCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, want := range map[string]int{
		"": 50, "?limit=1": 1, "?limit=200": 200, "?limit=201": 200, "?limit=99999999999999999999999": 200, "?limit=": 50,
	} {
		w.core.limits = nil
		w.call(patientToken, http.MethodGet, "/api/v1/inbox"+query, "").wants(http.StatusOK, "")
		if w.core.limits[0] != want {
			t.Errorf("%q: limit %d, want %d", query, w.core.limits[0], want)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=-1", "?limit=ten", "?limit=1.5", "?limit=%2B5", "?cursor=a%2Fb", "?cursor=" + strings.Repeat("a", 600)} {
		w.call(patientToken, http.MethodGet, "/api/v1/inbox"+query, "").wants(http.StatusUnprocessableEntity, "invalid-request")
	}
}

// docs/contract.md: the lists that the core gives whole have pages too; together they hold every item once.
func TestContacts_pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/api/v1/inbox/contacts"
	one := w.core.contacts[0]
	for i := range 4 {
		other := one
		other.ID = conversations.ID(fmt.Sprintf("a1xother%d", i))
		w.core.contacts = append(w.core.contacts, other)
	}
	for _, limit := range []int{1, 2, 4, 5, 200} {
		seen, query := []string{}, ""
		for pages := 0; pages*limit < len(w.core.contacts); pages++ {
			page := w.call(patientToken, http.MethodGet, fmt.Sprintf("%s?limit=%d%s", path, limit, query), "").wants(http.StatusOK, "").json()
			items := page["items"].([]any)
			if len(items) > limit {
				t.Fatalf("limit %d: %d items", limit, len(items))
			}
			for _, item := range items {
				seen = append(seen, item.(map[string]any)["id"].(string))
			}
			next, more := page["next"].(string)
			if more != (len(seen) < len(w.core.contacts)) {
				t.Fatalf("limit %d: next %v after %d items", limit, page["next"], len(seen))
			}
			query = "&cursor=" + next
		}
		if want := []string{"a1xpair", "a1xother0", "a1xother1", "a1xother2", "a1xother3"}; !slices.Equal(seen, want) {
			t.Errorf("limit %d: %v", limit, seen)
		}
	}
	for _, list := range []string{path, "/api/v1/profiles"} {
		for _, query := range []string{"?limit=0", "?limit=ten", "?cursor=a1none"} {
			w.call(patientToken, http.MethodGet, list+query, "").wants(http.StatusUnprocessableEntity, "invalid-request")
		}
	}
}

// A cursor that the core cannot read is told by its name, like any field at fault.
func TestLists_foreignCursor_isNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for method, at := range map[string][2]string{
		"Inbox": {patientToken, "/inbox"}, "Threads": {proToken, "/conversations"}, "Exchanges": {proToken, "/exchanges"},
	} {
		w.core.failOn[method] = kind(conversations.KindInvalidRequest)
		got := w.call(at[0], http.MethodGet, apiBase+at[1]+"?cursor=AAAA", "").wants(http.StatusUnprocessableEntity, "invalid-request").json()
		if got["field"] != "cursor" {
			t.Errorf("%s: %v", method, got)
		}
	}
}

// ?for= is the caller's own profile, one of those for whom he acts, or nobody's.
func TestProfiles_ownAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.acting = nil
	items := w.call(patientToken, http.MethodGet, "/api/v1/profiles", "").wants(http.StatusOK, "").lacks(ins, string(patientPID)).json()["items"].([]any)
	own := items[0].(map[string]any)
	if len(items) != 1 || own["kind"] != "self" || own["name"] != "Jeanne Dupont" || own["until"] != nil {
		t.Fatalf("profiles %v", items)
	}
	w.call(patientToken, http.MethodGet, "/api/v1/inbox?for="+own["id"].(string), "").wants(http.StatusOK, "")
	for _, path := range []string{"/inbox", "/inbox/a1open", "/inbox/contacts", "/inbox/attachments/a1open.2.0", "/inbox/messages/a1open.2/original"} {
		w.call(patientToken, http.MethodGet, apiBase+path+"?for=other", "").wants(http.StatusNotFound, "not-found")
	}
	for _, path := range []string{"/inbox/a1open/opened", "/inbox/a1open/replies", "/inbox"} {
		w.call(patientToken, http.MethodPost, apiBase+path+"?for="+string(patientPID), `{"text":"a"}`).wants(http.StatusNotFound, "not-found")
	}
	w.call(patientToken, http.MethodPut, "/api/v1/inbox/contacts/a1xpair/block?for=other", "").wants(http.StatusNotFound, "not-found")
	w.call(patientToken, http.MethodDelete, "/api/v1/inbox/contacts/a1xpair/block?for=other", "").wants(http.StatusNotFound, "not-found")
}

// replyBody is a reply with one document.
func replyBody(name, mediaType string, content []byte) string {
	return fmt.Sprintf(`{"text":"Voici","to":"REPLY_TO_ALL","attachments":[{"name":%q,"type":%q,"base64":%q}]}`,
		name, mediaType, base64.StdEncoding.EncodeToString(content))
}

func TestReplies_passesWhatWasWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte{0, 255, 13, 10}, 1000)...)
	got := w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/replies", replyBody("été.pdf", "application/pdf", content)).wants(http.StatusCreated, "").json()
	if got["id"] != "a1open.3" || got["mine"] != true || got["delivery"].(map[string]any)["state"] != "queued" {
		t.Errorf("answer %v", got)
	}
	in := w.core.replies[0]
	if in.Text != "Voici" || in.Choice != rules.ReplyToAll || in.Operation != "" || len(in.Attachments) != 1 {
		t.Fatalf("reply %+v", in)
	}
	if a := in.Attachments[0]; a.Name != "été.pdf" || a.Type != "application/pdf" || !bytes.Equal(a.Content, content) {
		t.Errorf("attachment %s %s, %d octets", a.Name, a.Type, len(a.Content))
	}
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/replies", `{"text":"Merci"}`, "Content-Type", "application/json; charset=utf-8").wants(http.StatusCreated, "")
	if w.core.replies[1].Choice != rules.ReplyToOne {
		t.Errorf("default choice %s", w.core.replies[1].Choice)
	}
}

// R112, R113, docs/contract.md: what is wrong is told with its field; nothing is sent.
func TestReplies_refusesWithTheFieldsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pdf := []byte("%PDF-1.4")
	for body, field := range map[string]string{
		`{}`:                             "text",
		`{"text":" \n"}`:                 "text",
		`{"text":"a","to":"ALL"}`:        "to",
		`{"text":"a","to":"reply"}`:      "to",
		`{"text":"a","allowReply":true}`: "allowReply",
		`{"text":"a","Text":"b"}`:        "Text",
		`{"text":"a","text":"b"}`:        "text",
		`{"text":5}`:                     "text",
		`{"text":"a","attachments":[{"name":"a.pdf","base64":"%"}]}`:                              "attachments[0].base64",
		`{"text":"a","attachments":[{"name":"a.pdf","content":"x"}]}`:                             "attachments[0].content",
		`{"text":"a","attachments":[{"name":"a.txt","base64":""}]}`:                               "attachments[0].base64",
		replyBody("../../etc/passwd.txt", "text/plain", []byte("a")):                              "attachments[0].name",
		replyBody("a\r\nBcc: x@y.fr\r\n.txt", "text/plain", []byte("a")):                          "attachments[0].name",
		replyBody("fdp.\u202etxt", "text/plain", []byte("a")):                                     "attachments[0].name",
		replyBody("", "text/plain", []byte("a")):                                                  "attachments[0].name",
		replyBody(strings.Repeat("a", 300)+".txt", "text/plain", []byte("a")):                     "attachments[0].name",
		replyBody("a.txt", "message/rfc822", []byte("a")):                                         "attachments[0].type",
		replyBody("a.txt", "text/plain\r\nX: y", []byte("a")):                                     "attachments[0].type",
		replyBody("a.exe", "application/pdf", pdf):                                                "attachments[0]",
		replyBody("a.pdf", "image/png", pdf):                                                      "attachments[0]",
		replyBody("a.pdf", "application/pdf", []byte("MZ\x90 program")):                           "attachments[0]",
		`{"text":"a","attachments":[` + strings.TrimSuffix(strings.Repeat(`{},`, 51), ",") + `]}`: "attachments",
	} {
		got := w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/replies", body).wants(http.StatusUnprocessableEntity, "invalid-request").json()
		if got["field"] != field || !strings.HasPrefix(got["detail"].(string), field+": ") {
			t.Errorf("%.60s: field %v, detail %v, want %s", body, got["field"], got["detail"], field)
		}
	}
	for _, body := range []string{`{`, `[]`, `"a"`, `null`, `{"text":"a"}x`, "\xff"} {
		w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/replies", body).wants(http.StatusBadRequest, "invalid-request")
	}
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/replies", "").wants(http.StatusBadRequest, "invalid-request")
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "application/jsonx", "nonsense;;", "multipart/form-data; boundary=x"} {
		w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/replies", `{"text":"a"}`, "Content-Type", contentType).
			wants(http.StatusUnsupportedMediaType, "unsupported-media-type")
	}
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/replies", `{"text":"a"}`, "Content-Encoding", "gzip").
		wants(http.StatusUnsupportedMediaType, "unsupported-media-type")
	if len(w.core.replies) > 0 {
		t.Errorf("%d replies were sent", len(w.core.replies))
	}
}

// D3: a new message of a patient is refused, whomever it names.
func TestInbox_newMessageIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, body := range []string{``, `{"to":"a1xpair","subject":"s","text":"t"}`, `{"to":"a1unknown","subject":"s","text":"t"}`} {
		w.call(patientToken, http.MethodPost, "/api/v1/inbox", body).wants(http.StatusForbidden, "thread-not-opened")
	}
	if len(w.core.calls) > 0 {
		t.Errorf("the core was asked: %v", w.core.calls)
	}
}

func TestOpened_takesNoFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/opened", "").wants(http.StatusNoContent, "")
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/opened", "{}").wants(http.StatusNoContent, "")
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/opened", `{"at":"x"}`).wants(http.StatusUnprocessableEntity, "invalid-request")
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1none/opened", "").wants(http.StatusNotFound, "not-found")
}

func TestBlock_untilAndUnblock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/api/v1/inbox/contacts/a1xpair/block"
	got := w.call(patientToken, http.MethodPut, path, "").wants(http.StatusOK, "").json()
	if got["blocked"] != true || got["blockedUntil"] != nil {
		t.Errorf("block %v", got)
	}
	got = w.call(patientToken, http.MethodPut, path, `{"until":"2026-06-01T00:00:00+02:00"}`).wants(http.StatusOK, "").json()
	if got["blockedUntil"] != "2026-05-31T22:00:00.000Z" || !w.core.until.Equal(time.Date(2026, 5, 31, 22, 0, 0, 0, time.UTC)) {
		t.Errorf("block %v", got)
	}
	w.call(patientToken, http.MethodPut, path, `{"until":null}`).wants(http.StatusOK, "")
	for _, body := range []string{
		`{"until":"2026-06-01"}`, `{"until":"2026-05-12T09:30:00Z"}`, `{"until":"2020-01-01T00:00:00Z"}`, `{"until":5}`, `{"till":"x"}`,
	} {
		w.call(patientToken, http.MethodPut, path, body).wants(http.StatusUnprocessableEntity, "invalid-request")
	}
	w.call(patientToken, http.MethodDelete, path, "").wants(http.StatusNoContent, "")
	w.call(patientToken, http.MethodPut, "/api/v1/inbox/contacts/a1none/block", "").wants(http.StatusNotFound, "not-found")
}

// RFC 6266, RFC 8187, RFC 9530: the headers of a download, whatever the name holds.
func TestAttachment_headersOfADownload(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.pdf":                `attachment; filename="a.pdf"; filename*=UTF-8''a.pdf`,
		"Compte rendu été.pdf": `attachment; filename="Compte rendu _t_.pdf"; filename*=UTF-8''Compte%20rendu%20%C3%A9t%C3%A9.pdf`,
		"a\"; x=\"y.pdf":       `attachment; filename="a_; x=_y.pdf"; filename*=UTF-8''a%22%3B%20x%3D%22y.pdf`,
		"a\r\nSet-Cookie: a=1": `attachment; filename="a__Set-Cookie: a=1"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20a%3D1`,
		"../\\x":               `attachment; filename="..__x"; filename*=UTF-8''..%2F%5Cx`,
		"":                     `attachment`,
		"100%25.txt":           `attachment; filename="100_25.txt"; filename*=UTF-8''100%2525.txt`,
	} {
		w := newWorld(t)
		w.core.fileName = name
		got := w.call(patientToken, http.MethodGet, "/api/v1/inbox/attachments/a1open.2.0", "").wants(http.StatusOK, "")
		if have := got.header.Get("Content-Disposition"); have != want {
			t.Errorf("%q: %s, want %s", name, have, want)
		}
		if got.header.Get("Set-Cookie") != "" {
			t.Errorf("%q: a header field was injected", name)
		}
		if string(got.body) != "%PDF-1.7 the whole document" || got.header.Get("Content-Type") != "application/pdf" {
			t.Errorf("%q: %s %q", name, got.header.Get("Content-Type"), got.body)
		}
		if digest := got.header.Get("Repr-Digest"); !strings.HasPrefix(digest, "sha-256=:") || !strings.HasSuffix(digest, "=:") {
			t.Errorf("digest %s", digest)
		}
		if !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("policy %s", got.header.Get("Content-Security-Policy"))
		}
	}
}

func TestAttachment_oddTypesAreBytes(t *testing.T) {
	t.Parallel()
	for declared, want := range map[string]string{
		"text/html": "text/html", "Image/PNG; name=x": "image/png", "": "application/octet-stream", "pdf": "application/octet-stream",
		"text/html\r\nSet-Cookie: a=1": "application/octet-stream",
	} {
		w := newWorld(t)
		w.core.fileType = declared
		got := w.call(patientToken, http.MethodGet, "/api/v1/inbox/attachments/a1open.2.0", "").wants(http.StatusOK, "")
		if got.header.Get("Content-Type") != want || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%q: %v", declared, got.header)
		}
	}
}

// What cannot be opened is a problem, not an empty document.
func TestAttachment_failsBeforeTheStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.cut = 5
	w.call(patientToken, http.MethodGet, "/api/v1/inbox/attachments/a1open.2.0", "").wants(http.StatusServiceUnavailable, "temporarily-unavailable")
	w.call(patientToken, http.MethodGet, "/api/v1/inbox/attachments/a1none", "").wants(http.StatusNotFound, "not-found")
	w.core.failOn["Attachment"] = kind(conversations.KindUnavailable)
	w.call(patientToken, http.MethodGet, "/api/v1/inbox/attachments/a1open.2.0", "").wants(http.StatusServiceUnavailable, "temporarily-unavailable")
}

func TestAttachment_largeAndEmptyAreWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, n := range []int{0, 1, firstPiece, firstPiece + 1, 3 << 20} {
		content := bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n]
		w.core.files["a1big"] = content
		got := w.call(patientToken, http.MethodGet, "/api/v1/inbox/attachments/a1big", "").wants(http.StatusOK, "")
		if !bytes.Equal(got.body, content) {
			t.Errorf("%d octets: got %d", n, len(got.body))
		}
	}
}
