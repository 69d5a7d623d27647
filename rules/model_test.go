package rules_test

import (
	"slices"
	"time"

	"mesbridge/rules"
)

// model decides as D34 and table 9.1 are written: from the whole history, every time, with nothing
// kept in between. It shares no code with the rules, and knows no voices, horizons or grants.
type model struct {
	history []happened
	blocks  map[rules.MailboxID]time.Time // until; zero: for good
	patient rules.Patient                 // without blocks
	who     rules.Correspondents
	tagged  []rules.ConversationID // conversations of the visit
}

// happened is one message of a professional, or one end.
type happened struct {
	isEnd   bool
	by      rules.MailboxID      // author, or who ended
	thread  rules.ConversationID // empty: nowhere; of an end: all
	key     rules.MessageKey
	replyTo []rules.MailboxID
	with    []rules.MailboxID
	fin     bool // header
	marker  bool // subject: a message that never governs, followed by an end
	how     rules.EndHow
	at      time.Time
	isReply bool                             // of the patient, to replyTo
	windows map[rules.MailboxID]rules.Window // of a message
	asked   []rules.MailboxID                // Reply-To of a message, as it was written
	episode *happenedEpisode                 // an event of the visit
	plans   time.Time                        // by plans an end of everything at this instant (D7)
	keeps   bool                             // by takes a planned end back
	of, n   int                              // of an end that an episode made: its discharge; its place in time
}

// happenedEpisode is an event of the one visit of the model.
type happenedEpisode struct {
	closes bool
	even   bool
	grace  time.Duration
}

// covered reports whether the message at i was silenced: by a later end of its author, or of one of
// its reply mailboxes, of everything or of its conversation (D6, D34). It also returns the last one.
func (m *model) covered(i int) (last int, silent bool) {
	msg := m.history[i]
	for j := i + 1; j < len(m.history); j++ {
		e := m.history[j]
		mine := e.by == msg.by || slices.Contains(msg.replyTo, e.by)
		if e.isEnd && mine && (e.thread == "" || e.thread == msg.thread) {
			last, silent = j, true
		}
	}
	return last, silent
}

// messages lists the places in the history of a conversation's messages, the newest first, without
// those whose subject is the marker.
func (m *model) messages(t rules.ConversationID) (places []int) {
	for i := len(m.history) - 1; i >= 0; i-- {
		if h := m.history[i]; !h.isEnd && !h.marker && h.thread == t {
			places = append(places, i)
		}
	}
	return places
}

func (m *model) blocked(id rules.MailboxID, now time.Time) bool {
	for b, until := range m.blocks {
		if !until.IsZero() && !now.Before(until) {
			continue
		}
		samePerson := m.who[b].Person != "" && m.who[b].Person == m.who[id].Person
		if b == id || samePerson {
			return true
		}
	}
	return false
}

func (m *model) refused(id rules.MailboxID) bool {
	return slices.ContainsFunc(m.patient.Refusals, func(r rules.MessagesRefusal) bool {
		return r.Scope == rules.Everyone || r.Scope == rules.WholeStructure && r.Value == string(m.who[id].Structure)
	})
}

// right is what the patient may do in a conversation.
func (m *model) right(t rules.ConversationID, now time.Time) (state rules.ReplyState, to, all []rules.MailboxID, by rules.MailboxID) {
	places := m.messages(t)
	governing, lastEnd := -1, -1
	for _, i := range places {
		end, silent := m.covered(i)
		if !silent {
			governing = i
			break
		}
		lastEnd = max(lastEnd, end)
	}
	asked := governing
	if asked < 0 && len(places) > 0 {
		asked = places[0]
	}
	var concerned []rules.MailboxID
	gone := false
	if asked >= 0 {
		h := m.history[asked]
		concerned = append([]rules.MailboxID{h.by}, h.replyTo...)
		gone = slices.ContainsFunc(h.replyTo, func(id rules.MailboxID) bool { return m.who[id].Gone })
	}
	switch {
	case m.patient.Account != rules.Active, m.patient.Died(), gone, slices.ContainsFunc(concerned, m.refused):
		return rules.Frozen, nil, nil, ""
	case slices.ContainsFunc(concerned, func(id rules.MailboxID) bool { return m.blocked(id, now) }):
		return rules.Blocked, nil, nil, ""
	case governing < 0 && len(places) == 0: // a marker alone
		return rules.NoReply, nil, nil, ""
	case governing < 0:
		return rules.Ended, nil, nil, m.history[lastEnd].by
	case m.history[governing].fin:
		return rules.NoReply, nil, nil, ""
	}
	h := m.history[governing]
	for _, id := range h.with {
		if slices.Contains(h.replyTo, id) || slices.Contains(all, id) || m.who[id].Gone || m.blocked(id, now) || m.refused(id) || m.left(id, t, governing) {
			continue
		}
		all = append(all, id)
	}
	return rules.Open, h.replyTo, all, ""
}

// left reports whether a professional in copy of the message at i has ended: everything, without
// writing to the patient since; everything, after the message and after his last word in the
// conversation; or the conversation, after his last word in it. A word is a message without FIN.
func (m *model) left(id rules.MailboxID, t rules.ConversationID, i int) bool {
	lastWord, lastHere, endAll, endHere := -1, -1, -1, -1
	for j, h := range m.history {
		switch {
		case h.by != id:
		case h.isEnd && h.thread == "":
			endAll = j
		case h.isEnd && h.thread == t:
			endHere = j
		case !h.isEnd && !h.fin && !h.marker:
			lastWord = j
			if h.thread == t {
				lastHere = j
			}
		}
	}
	return endAll > lastWord || endAll > max(lastHere, i) || endHere > lastHere
}

// contactable is the right column of table 9.1.
func (m *model) contactable(id rules.MailboxID, now time.Time) bool {
	granted := false
	for _, h := range m.history {
		switch {
		case h.isEnd && h.by == id && h.thread == "":
			granted = false
		case !h.isEnd && !h.fin && !h.marker && slices.Contains(h.replyTo, id):
			granted = true
		}
	}
	return granted && m.patient.Account == rules.Active && !m.patient.Died() && !m.who[id].Gone && !m.blocked(id, now) && !m.refused(id)
}

// seenBy is how a professional sees a conversation (D4, D34).
func (m *model) seenBy(id rules.MailboxID, t rules.ConversationID, now time.Time) rules.ThreadState {
	receives := m.patient.Account == rules.Active || m.patient.Account == rules.NotActivated
	if !receives || m.patient.Died() || m.blocked(id, now) || m.refused(id) {
		return rules.ThreadUnreachable
	}
	for _, i := range m.messages(t) {
		h := m.history[i]
		if h.by != id && !slices.Contains(h.replyTo, id) {
			continue
		}
		ended := slices.ContainsFunc(m.history[i+1:], func(e happened) bool {
			return e.isEnd && e.by == id && (e.thread == "" || e.thread == t)
		})
		switch {
		case ended:
			return rules.ThreadEnded
		case h.fin:
			return rules.ThreadNoReply
		}
		return rules.ThreadOpen
	}
	return rules.ThreadNoReply
}
