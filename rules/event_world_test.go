package rules_test

import (
	"fmt"
	"strings"
	"time"

	"mesbridge/rules"
)

// events prints the table of D33.
func (w *world) events(args) (lines []string, err error) {
	for _, r := range rules.LifeEvents() {
		lines = append(lines, fmt.Sprintf("%s: %s; notice: %s; decided by: %s", r.Event, r.Outcome, r.Notice, r.Decides))
	}
	return lines, nil
}

// event death [by=agent] [for=24h]
func (w *world) event(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("which event?")
	}
	f := rules.LifeFacts{Patient: w.state.Patient, Next: w.seq + 1, Event: rules.LifeEvent(a.words[0]), By: rules.ByAgent}
	if by, ok := a.named["by"]; ok {
		f.By = rules.Decider(by)
	}
	if text, ok := a.named["for"]; ok {
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("for: %w", err)
		}
		f.Until = w.now.Add(d)
	}
	return w.commit(rules.Live(f, w.now), "noted: "+a.words[0]), nil
}

// child 48h
func (w *world) child(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("for how long?")
	}
	d, err := time.ParseDuration(a.words[0])
	if err != nil {
		return nil, err
	}
	v := rules.NoteMinority(w.state.Patient, w.now.Add(d), w.seq+1, w.now)
	done := "a minor"
	if v.Effects.Has(rules.ComeOfAge) {
		done += " until " + v.Due.Format("2 Jan 15:04")
	}
	return w.commit(v, done), nil
}

// represented tells who may be represented now, and why.
func (w *world) represented(args) ([]string, error) {
	switch p := w.state.Patient; {
	case p.Minor(w.now):
		return []string{"represented as a minor"}, nil
	case p.Guarded.Holds(w.now):
		return []string{"a person in charge of the protection may act"}, nil
	}
	return []string{"nobody acts but the holder"}, nil
}

// listed A then|now tells whether the patient is warned of a professional whom the directory knew when he
// wrote, and whom it knows now or not.
func (w *world) listed(a args) ([]string, error) {
	if len(a.words) != 2 {
		return nil, fmt.Errorf("who, and since when?")
	}
	c := w.who.Of(rules.MailboxID(a.words[0]))
	if a.words[1] == "now" {
		c.Kind = rules.Personal
	}
	if rules.Inactive(true, c) {
		return []string{"the patient is warned"}, nil
	}
	return []string{"no warning"}, nil
}

// join ins-change old=789019999912378 old-state=active [old-holds] new=… [new-state=active] [new-holds] [same]
// [old-died] [new-blocks]
func (w *world) join(a args) ([]string, error) {
	if len(a.words) == 0 {
		return nil, fmt.Errorf("which event?")
	}
	side := func(name string) rules.MatriculeSide {
		s := rules.MatriculeSide{INS: rules.INS(a.named[name]), Holds: a.has(name + "-holds")}
		s.Patient.Account = rules.AccountState(a.named[name+"-state"])
		if a.has(name + "-died") {
			s.Patient.Deaths = []rules.VisitID{rules.DeathTold}
		}
		if a.has(name + "-blocks") {
			s.Patient.Blocks = []rules.PersonBlock{{Mailbox: "A"}}
		}
		return s
	}
	j, r := rules.Join(rules.JoinFacts{
		Event: rules.LifeEvent(a.words[0]), Old: side("old"), New: side("new"), Same: a.has("same"),
	})
	switch {
	case r.Refused():
		return []string{refusal(r)}, nil
	case a.has("same"):
		return []string{"one mailbox already; it writes as the new matricule"}, nil
	case j.KeepNew:
		return []string{"the mailbox of the new matricule goes on; the old matricule leads to it"}, nil
	}
	return []string{strings.TrimSpace("the mailbox of the old matricule goes on and writes as the new one; both lead to it")}, nil
}
