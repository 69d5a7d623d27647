package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"mesbridge/rules"
)

// TestPast: a new demonstration with a past has an exchange of each kind, visits of each state, all before now, and
// a restart tells nothing twice.
func TestPast(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := beginWith(t, Options{Data: data, Past: true})
	before := census(t, first)
	want := map[string]int{"open": 5, "ended": 1, "unreachable": 1, "visits open": 37, "visits closed": 23}
	for kind, n := range want {
		if before[kind] != n {
			t.Errorf("%s: %d, want %d", kind, before[kind], n)
		}
	}
	first.end(t)
	second := beginWith(t, Options{Data: data, Past: true})
	if after := census(t, second); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("after a restart %v, before it %v", after, before)
	}
}

// TestPast_accounts: everybody's account is in the state that the cast says, although the past begins months before and
// the law closes a suspended account after some weeks (O116).
func TestPast_accounts(t *testing.T) {
	t.Parallel()
	r := beginWith(t, Options{Data: t.TempDir(), Past: true})
	for i, p := range r.Patients {
		if p.Terms != "accepted" {
			continue // nothing is told before they are (D32)
		}
		var account struct{ State rules.AccountState }
		fetched(t, r.HTTP+"/api/v1/account", p.Token, &account)
		if account.State != p.State {
			t.Errorf("patient %d is %s, want %s", i, account.State, p.State)
		}
	}
}

// census counts the cardiologist's exchanges and the hospital's visits by their states.
func census(t *testing.T, r *running) map[string]int {
	t.Helper()
	doctor, clinic := r.Professionals[0], r.Clinics[0]
	n := map[string]int{}
	for _, e := range listed(t, r.HTTP+"/api/v1/exchanges?limit=200&mailbox="+doctor.Mailboxes[0], doctor.Token) {
		n[e.State]++
		if e.LastAt.After(time.Now()) {
			t.Errorf("an exchange of the past was last written in at %v", e.LastAt)
		}
	}
	for _, e := range listed(t, r.HTTP+"/api/v1/facilities/"+clinic.FINESS+"/episodes?limit=200", clinic.Token) {
		n["visits "+e.State]++
	}
	return n
}

type pastItem struct {
	State  string    `json:"state"`
	LastAt time.Time `json:"lastAt"`
}

func listed(t *testing.T, url, token string) []pastItem {
	t.Helper()
	var page struct {
		Items []pastItem `json:"items"`
	}
	fetched(t, url, token, &page)
	return page.Items
}

// fetched reads the answer of a call.
func fetched(t *testing.T, url, token string, answer any) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err != nil || cerr != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v, %v", res.StatusCode, err, cerr)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		t.Fatal(err)
	}
}
