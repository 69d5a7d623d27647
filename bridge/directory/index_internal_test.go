package directory

import (
	"fmt"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Addresses whose hashes are equal or neighbours are still told apart.
func TestIndex_collisions(t *testing.T) {
	t.Parallel()
	x := newIndex()
	x.hash = func(s string) uint64 { return uint64(len(s)) << 63 }
	for i := range 100 {
		if !x.add(mailbox{address: fmt.Sprintf("m%d@ch.mssante.fr", i), name: fmt.Sprint(i), kind: rules.Organisational}) {
			t.Fatalf("no room for mailbox %d", i)
		}
	}
	for i := range 100 {
		var m conversations.Mailbox
		if x.fill(fmt.Sprintf("m%d@ch.mssante.fr", i), &m); m.Name != fmt.Sprint(i) {
			t.Errorf("mailbox %d is shown as %q", i, m.Name)
		}
	}
	var m conversations.Mailbox
	if x.fill("m100@ch.mssante.fr", &m); m.Kind != "" {
		t.Errorf("an unknown address is shown as %q", m.Name)
	}
}
