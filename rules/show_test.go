package rules_test

import (
	"fmt"
	"strings"

	"mesbridge/rules"
)

// show tells both columns of table 9.1: of each conversation whether the patient may answer and to
// whom, of each mailbox whether a new message may be opened to it.
func (w *world) show(args) ([]string, error) {
	var lines []string
	for _, t := range w.threads {
		lines = append(lines, fmt.Sprintf("%s: %s", t, right(w.right(t))))
	}
	for _, m := range w.boxes {
		answer := "not contactable"
		if rules.CanContact(w.state.Patient, w.who.Of(m), w.view().Exchanges[m], w.now) {
			answer = "contactable"
		}
		lines = append(lines, fmt.Sprintf("%s: %s", m, answer))
	}
	return lines, nil
}

// seen A tells what the professional sees: the exchange, and each conversation.
func (w *world) seen(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("by whom?")
	}
	m := w.who.Of(rules.MailboxID(a.words[0]))
	e := w.view().Exchanges[m.Mailbox]
	lines := []string{fmt.Sprintf("exchange: %s", rules.ExchangeSeenBy(m, w.state.Patient, e, w.now))}
	if !e.Plan.At.IsZero() {
		lines[0] += ", ends at " + e.Plan.At.Format("15:04")
	}
	if e.Awaiting && e.Ended() {
		lines[0] += ", and the patient waits for an answer"
	}
	for _, t := range w.threads {
		lines = append(lines, fmt.Sprintf("%s: %s", t, rules.SeenBy(m, w.state.Patient, w.view().Conversations[t], w.view().Exchanges, w.now)))
	}
	return lines, nil
}

// reach [A] tells what RCPT is answered: to the mailbox, or to a null sender.
func (w *world) reach(a args) ([]string, error) {
	var sender rules.Correspondent
	if len(a.words) > 0 {
		sender = w.who.Of(rules.MailboxID(a.words[0]))
	}
	if r := rules.Reach(w.state.Patient, sender, w.now); r.Refused() {
		return []string{refusal(r)}, nil
	}
	return []string{"taken"}, nil
}

func refusal(r rules.Refusal) string { return fmt.Sprintf("refused: %s (%s)", r.Code, r.Rule) }

func right(r rules.Right) string {
	switch r.State {
	case rules.Open:
		s := "open, REPLY to " + names(r.To)
		if !r.Until.IsZero() {
			s += ", until " + r.Until.Format("2 Jan 15:04")
		}
		if len(r.ToAll) > 0 {
			s += ", REPLY_TO_ALL adds " + names(r.ToAll)
		}
		return s
	case rules.Ended:
		return fmt.Sprintf("ended by %s, %s: %s (%s)", r.By, r.How, r.Code, r.Rule)
	case rules.NoReply, rules.Blocked, rules.Frozen:
		return fmt.Sprintf("%s: %s (%s)", r.State, r.Code, r.Rule)
	}
	return fmt.Sprintf("state %q, which is none", r.State)
}

// remarks tells the notes and the effects of a verdict; Project, which every change has, is left out.
func remarks(v rules.Verdict) string {
	s := ""
	for _, n := range []struct {
		note rules.Notes
		name string
	}{
		{rules.Started, "new"},
		{rules.Ending, "ends the exchange"},
		{rules.NearMiss, "near miss"},
		{rules.Reactivated, "reactivates"},
		{rules.Crossed, "crossed the end"},
		{rules.Unmatched, "no table knows whether a refusal concerns the sender"},
		{rules.Acknowledged, "in spite of a recorded refusal"},
		{rules.ReplyToIgnored, "a reply mailbox outside is ignored"},
	} {
		if v.Notes.Has(n.note) {
			s += ", " + n.name
		}
	}
	for _, e := range []struct {
		effect rules.Effects
		name   string
	}{{rules.Notify, "the patient is notified"}, {rules.Report, "a receipt is due"}} {
		if v.Effects.Has(e.effect) {
			s += ", " + e.name
		}
	}
	return s
}

func names(ids []rules.MailboxID) string {
	var s []string
	for _, id := range ids {
		s = append(s, string(id))
	}
	return strings.Join(s, " and ")
}
