package conversations

import (
	"strings"
	"testing"
)

// TestBounced_isTold: O89: whatever the code is, a sentence of the list, and nothing of the peer's own text.
func TestBounced_isTold(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"550 5.1.1": "connaît pas", "552 5.2.2": "pleine", "550 5.2.1": "ne reçoit pas", "552 5.3.4": "lourd", "554 5.6.0": "pu lire",
		"550 5.7.1": "sécurité", "451 4.4.2": "répondu", "250 2.0.0": "refusé", "": "refusé", "550": "refusé", "550 5.9.9 mailbox of M. X": "refusé",
	} {
		d := outcomeRecord{State: DeliveryFailed, Code: code}.bounced()
		if d.State != DeliveryFailed || !strings.Contains(d.Detail, want) || !strings.HasSuffix(d.Detail, ".") {
			t.Errorf("%q: %+v, want %q", code, *d, want)
		}
	}
}
