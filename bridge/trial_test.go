package bridge_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"mesbridge/bridge"
	"mesbridge/conversations"
)

// TestTrialMailbox covers O27 and O118 with RFC 3834: each sender is answered once an hour; a program and
// the null sender never; nothing is kept.
func TestTrialMailbox(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var answers []string
	clock := time.Now()
	b := newBenchOn(t, func(d *bridge.Deps) {
		d.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return clock
		}
		d.Answer = func(to conversations.Address, id, subject string) {
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, fmt.Sprintf("%s %s %s", to.Wire(), id, subject))
		}
	})
	const mailbox = "Reponse.Automatique-Test@" + citizens
	answered := fmt.Sprintf("%s un@ch-exemple.fr Essai", doctor)
	for _, step := range []struct {
		what, sender string
		header       []string
		later        time.Duration
		want         []string
	}{
		{"a report", "", []string{"Subject: Essai", "Message-ID: <un@ch-exemple.fr>"}, 0, nil},
		{"an automatic answer", doctor, []string{"Subject: Essai", "Auto-Submitted: auto-replied"}, 0, nil},
		{"a person", doctor, []string{"Subject: Essai", "Message-ID: <un@ch-exemple.fr>"}, 0, []string{answered}},
		{"again", doctor, []string{"Subject: Essai", "Message-ID: <un@ch-exemple.fr>"}, time.Hour - 1, []string{answered}},
		{"after an hour", doctor, []string{"Subject: Essai", "Message-ID: <un@ch-exemple.fr>"}, 1, []string{answered, answered}},
	} {
		mu.Lock()
		clock = clock.Add(step.later)
		mu.Unlock()
		c := b.secure(t, b.operator)
		c.envelope(step.sender, mailbox)
		c.want(c.send(message("corps du message\r\n", step.header...)), "250 2.0.0")
		mu.Lock()
		if !slices.Equal(answers, step.want) {
			t.Errorf("%s: answers %q, want %q", step.what, answers, step.want)
		}
		mu.Unlock()
	}
	if messages, bodies := b.inbox.taken(); len(messages)+len(bodies)+len(b.filed(t)) != 0 {
		t.Error("something is kept")
	}
}
