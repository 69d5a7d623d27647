package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// TestServeLimits_toldAndKept starts the built binary as in production, with a limit of calls, and makes one too many:
// every answer tells how many are left, another caller has its own, and the pages have none
// (draft-ietf-httpapi-ratelimit-headers-10).
func TestServeLimits_toldAndKept(t *testing.T) {
	t.Parallel()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := newTrustSpace(t)
	s.publish(s.org.At)
	s.settings.Limits.APIPerMinute = 3
	secrets := map[string]string{}
	for _, client := range []string{"un", "deux"} {
		out, err := exec.CommandContext(t.Context(), bin, "clients", "add", "--data", s.dir, "--id", client, "--name", "Logiciel "+client, "--kind", "application",
			"--scope", "thread.read", "--finess", "999999999", "--mailbox", "dpi@clinique.mssante.fr").Output()
		m := printedSecret.FindSubmatch(out)
		if err != nil || m == nil {
			t.Fatalf("%v %s", err, out)
		}
		secrets[client] = string(m[1])
	}
	b := s.serve(t)
	token := func(client string) string {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, b.at+"/oauth/token", strings.NewReader("grant_type=client_credentials&scope=thread.read"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(client, secrets[client])
		var answer struct {
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal(fetch(t, r).body, &answer); err != nil || answer.Token == "" {
			t.Fatalf("no token: %v\n%s", err, b.log)
		}
		return answer.Token
	}
	call := func(bearer string) fetched {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.at+"/api/v1/mailboxes", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+bearer)
		return fetch(t, r)
	}
	one, two := token("un"), token("deux")
	again := token("un")
	for i, bearer := range []string{one, again, one} { // the tokens of one caller count together
		got := call(bearer)
		if left := got.header.Get("RateLimit"); got.status != http.StatusOK || got.header.Get("RateLimit-Policy") != `"api";q=3;w=60` ||
			!strings.HasPrefix(left, fmt.Sprintf(`"api";r=%d;t=`, 2-i)) {
			t.Errorf("call %d: %d %v", i+1, got.status, got.header)
		}
	}
	got := call(one)
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || !bytes.Contains(got.body, []byte(`"rate-limited"`)) ||
		!strings.HasPrefix(got.header.Get("RateLimit"), `"api";r=0;t=`) {
		t.Errorf("one too many: %d %v %s", got.status, got.header, got.body)
	}
	if got := call(two); got.status != http.StatusOK {
		t.Errorf("another caller: %d %s", got.status, got.body)
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.at+"/", http.NoBody)
	if got := fetch(t, r); got.status != http.StatusOK || got.header.Get("RateLimit") != "" {
		t.Errorf("a page: %d %v", got.status, got.header)
	}
}

// fetched is an answer, read.
type fetched struct {
	status int
	header http.Header
	body   []byte
}

func fetch(t *testing.T, r *http.Request) fetched {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fetched{res.StatusCode, res.Header, body}
}
