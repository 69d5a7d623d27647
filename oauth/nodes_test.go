package oauth

import (
	"net/http"
	"testing"
	"time"

	"mesbridge/conversations/redisstore/redistest"
)

// A code that was used and the tokens that it gave are known to the replica that takes over.
func TestCode_used_survivesTheMaster(t *testing.T) {
	t.Parallel()
	nodes := redistest.StartNodes(t, "", 3, 1)
	client := nodes.Client(t, 1)
	w := newWorld(t, client, nil)
	a := askFor("app", appRedirect, "openid patient.read offline_access")
	code := w.code(a)
	tokens := w.exchange(a, code, a.verifier).json(t)
	nodes.MasterOf(t, hashTag).Kill()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for client.Exists(t.Context(), hashTag).Err() != nil {
		if time.Now().After(deadline) {
			t.Fatal("no replica took over")
		}
		<-tick.C
	}
	if _, err := w.server.Introspect(t.Context(), text(tokens, "access_token")); err != nil {
		t.Errorf("the token is lost: %v", err)
	}
	if again := w.exchange(a, code, a.verifier); again.status == http.StatusOK {
		t.Error("a code was used twice")
	}
}
