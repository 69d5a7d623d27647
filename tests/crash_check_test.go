package tests

import (
	"net/http"
	"strings"
	"testing"
)

// check compares what the patients see with the model, and settles every doubt of the model by what is
// seen. It looks into the conversations that were touched since the last time, or into all of them.
func (c *crash) check(all bool) {
	c.t.Helper()
	for _, token := range c.patients() {
		caller := c.live.as(c.t, token)
		listed := map[string][]conversation{}
		for _, line := range everyConversation(caller) {
			listed[line.Subject] = append(listed[line.Subject], line)
		}
		for _, l := range c.lanes {
			if l.patient.token == token {
				l.t = c.t
				l.compare(caller, listed, all)
			}
		}
		for subject := range listed {
			if strings.HasPrefix(subject, "Sujet ") {
				c.t.Errorf("%q is there and was never sent", subject)
			}
		}
	}
	if c.t.Failed() {
		c.t.Fatalf("the state is not what was acknowledged\n%s", c.live.output)
	}
}

// everyConversation reads the whole inbox.
func everyConversation(a api) (lines []conversation) {
	a.t.Helper()
	for cursor := ""; ; {
		var page list[conversation]
		a.want(http.StatusOK, &page, http.MethodGet, "/inbox?limit=200&cursor="+cursor, nil)
		lines = append(lines, page.Items...)
		if page.Next == nil {
			return lines
		}
		cursor = *page.Next
	}
}

// compare compares the conversations of one pair, and takes them off the list.
func (l *crashLane) compare(a api, listed map[string][]conversation, all bool) {
	l.t.Helper()
	for _, c := range l.threads {
		seen := listed[c.subject]
		delete(listed, c.subject)
		there := c.there()
		switch {
		case len(seen) > 1:
			l.t.Errorf("%q is there %d times", c.subject, len(seen))
		case !there.allows(len(seen) == 1):
			l.t.Errorf("%q: there %v, the model allows %+v", c.subject, len(seen) == 1, there)
		case len(seen) == 0:
			c.vanish()
		default:
			c.id = seen[0].ID
			l.compareState(c, seen[0].State)
			if all || c.touched {
				l.compareTexts(c, a.open(c.id))
			}
		}
		c.touched = false
	}
}

// vanish settles that nothing of a conversation was committed.
func (c *crashThread) vanish() {
	for _, m := range c.texts {
		m.there = known(false)
	}
}

// compareState compares what the patient sees with what the model allows: his own block first.
func (l *crashLane) compareState(c *crashThread, state string) {
	l.t.Helper()
	switch {
	case state == "blocked" && l.blocked.yes:
		l.blocked = known(true)
	case state == "open" && l.blocked.no && c.open.yes, state == "ended" && l.blocked.no && c.open.no:
		l.blocked, c.open = known(false), known(state == "open")
	default:
		l.t.Errorf("%q is %s; blocked %+v, open %+v", c.subject, state, l.blocked, c.open)
	}
}

// compareTexts compares the messages of a conversation, each by its tag.
func (l *crashLane) compareTexts(c *crashThread, seen conversation) {
	l.t.Helper()
	count := map[string]int{}
	for _, m := range seen.Messages {
		tag := crashTag.FindStringSubmatch(m.Text)
		if tag == nil || c.texts[tag[1]] == nil {
			l.t.Errorf("%q holds a message that was never sent: %q", c.subject, m.Text)
			continue
		}
		count[tag[1]]++
		c.texts[tag[1]].id = m.ID
	}
	for tag, m := range c.texts {
		if n := count[tag]; n > 1 || !m.there.allows(n == 1) {
			l.t.Errorf("%q: message %s is there %d times, the model allows %+v", c.subject, tag, n, m.there)
		}
		m.there = known(count[tag] > 0)
	}
}

// String tells a conversation of the model.
func (c *crashThread) String() string {
	if c == nil {
		return "none"
	}
	return c.subject
}

// awaitReplies waits until every reply that is there arrived at its operator and is told to be sent. One
// that a block may have stopped is told as failed instead (D15).
func (c *crash) awaitReplies() (arrived, stopped int) {
	c.t.Helper()
	waiting := c.replies()
	await(c.t, "end of every reply that was acknowledged", func() bool {
		for thread, replies := range waiting {
			told := deliveries(c.live.as(c.t, thread.lane.patient.token), thread.id)
			for tag, m := range replies {
				switch state := told[m.id]; {
				case (state == "sent" || state == "delivered") && c.sink.arrived(tag):
					arrived++
				case state == "failed" && m.stopped:
					stopped++
				default:
					return false
				}
				delete(replies, tag)
			}
			delete(waiting, thread)
		}
		return true
	})
	return arrived, stopped
}

// replies lists the replies that are there, by conversation and tag.
func (c *crash) replies() map[*crashThread]map[string]*crashText {
	all := map[*crashThread]map[string]*crashText{}
	for _, l := range c.lanes {
		for _, thread := range l.threads {
			for tag, m := range thread.texts {
				if m.reply && m.there.yes {
					if all[thread] == nil {
						all[thread] = map[string]*crashText{}
					}
					all[thread][tag] = m
				}
			}
		}
	}
	return all
}

// deliveries reads what a patient is told of his replies, by their ids.
func deliveries(a api, thread string) map[string]string {
	a.t.Helper()
	states := map[string]string{}
	for _, m := range a.open(thread).Messages {
		if m.Delivery != nil {
			states[m.ID] = m.Delivery.State
		}
	}
	return states
}

// foreignReplies lists the tags that arrived although nothing of the kind is there. What a professional writes
// by the API arrives too, at his own mailbox (D30).
func (c *crash) foreignReplies(t *testing.T) {
	t.Helper()
	there := c.ids()
	c.sink.mu.Lock()
	defer c.sink.mu.Unlock()
	for tag := range c.sink.words {
		if there[tag] == "" {
			t.Errorf("message %s arrived and is not in the conversation", tag)
		}
	}
}
