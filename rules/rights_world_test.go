package rules_test

import (
	"fmt"
	"strings"
	"time"

	"mesbridge/rules"
)

// objection reads ID messages|exchange [structure=S] [profession=P].
func (w *world) objectionFacts(a args) (rules.ObjectionFacts, error) {
	f := rules.ObjectionFacts{Patient: w.state.Patient, Next: w.seq + 1}
	if len(a.words) == 0 {
		return f, fmt.Errorf("which objection?")
	}
	f.Objection = rules.Objection{ID: rules.ObjectionID(a.words[0]), Scope: rules.Everyone}
	if len(a.words) > 1 {
		f.Objection.Kind = rules.ObjectionKind(a.words[1])
	}
	for _, scope := range []rules.RefusalScope{rules.WholeStructure, rules.WholeProfession} {
		if v, ok := a.named[string(scope)]; ok {
			f.Objection.Scope, f.Objection.Value = scope, v
		}
	}
	return f, nil
}

// object o1 messages|exchange [structure=S] [profession=P]
func (w *world) object(a args) ([]string, error) {
	f, err := w.objectionFacts(a)
	o := f.Objection
	return w.commit(rules.Object(f, w.now), strings.TrimSpace(fmt.Sprintf("%s: against %s with %s %s", o.ID, o.Kind, o.Scope, o.Value))), err
}

// withdraw o1
func (w *world) withdraw(a args) ([]string, error) {
	f, err := w.objectionFacts(a)
	return w.commit(rules.Withdraw(f, w.now), string(f.Objection.ID)+" is withdrawn"), err
}

// objection A tells whether the patient objects to exchange with a mailbox, and since when.
func (w *world) objection(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("whom?")
	}
	since, objected := w.state.Patient.ObjectionTo(w.who.Of(rules.MailboxID(a.words[0])))
	if !objected {
		return []string{"no objection to exchange with " + a.words[0]}, nil
	}
	return []string{"objection-recorded on " + since.Format(time.DateOnly)}, nil
}

// record A [to-patient] [to-professionals]
func (w *world) record(a args) ([]string, error) {
	if len(a.words) == 0 {
		return nil, fmt.Errorf("by whom?")
	}
	v := rules.RecordOpposition(rules.OppositionFacts{
		Patient: w.state.Patient, Next: w.seq + 1, By: w.who.Of(rules.MailboxID(a.words[0])),
		ToPatient: a.has("to-patient"), ToProfessionals: a.has("to-professionals"),
	}, w.now)
	return w.commit(v, a.words[0]+" recorded what the patient said"), nil
}

// write A [soft] [acknowledged] asks whether A may write by the desk or the API.
func (w *world) write(a args) ([]string, error) {
	if len(a.words) == 0 {
		return nil, fmt.Errorf("who?")
	}
	r := rules.Conscience(w.state.Patient, w.who.Of(rules.MailboxID(a.words[0])), a.has("soft"), a.has("acknowledged"))
	if r.Refused() {
		return []string{refusal(r)}, nil
	}
	return []string{"may write"}, nil
}

// manage close [by=administration]
func (w *world) manage(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("which command?")
	}
	by := rules.Holder
	if b, ok := a.named["by"]; ok {
		by = rules.Party(b)
	}
	v := rules.ManageAccount(rules.AccountFacts{
		Patient: w.state.Patient, Next: w.seq + 1, Command: rules.AccountCommand(a.words[0]), By: by,
	}, w.now)
	done := "the account is " + string(v.Change.Account)
	if v.Effects.Has(rules.Shred) {
		done = "the key is destroyed, a tombstone stays"
	}
	if v.Effects.Has(rules.Retire) {
		done += ", looked at again on " + v.Due.Format(time.DateOnly)
	}
	return w.commit(v, done), nil
}

// overdue tells what the law does now.
func (w *world) overdue(args) ([]string, error) {
	if c := rules.Overdue(w.state.Patient, rules.Periods{}, w.now); c != "" {
		return []string{"the law says " + string(c)}, nil
	}
	return []string{"nothing is overdue"}, nil
}

// delete t1 [nothing-shown]
func (w *world) delete(a args) ([]string, error) {
	if len(a.words) == 0 {
		return nil, fmt.Errorf("which?")
	}
	v := rules.DeleteConversation(rules.DeletionFacts{
		Patient: w.state.Patient, Next: w.seq + 1, Conversation: w.state.Conversations[rules.ConversationID(a.words[0])],
		Shown: !a.has("nothing-shown"),
	}, w.now)
	return w.commit(v, fmt.Sprintf("%s is deleted, erased on %s", a.words[0], v.Due.Format(time.DateOnly))), nil
}

// terms v1
func (w *world) terms(a args) ([]string, error) {
	t := rules.Terms{}
	if len(a.words) == 1 {
		t = rules.Terms{Version: a.words[0], Hash: "hash of " + a.words[0]}
	}
	return w.commit(rules.AcceptTerms(w.state.Patient, t, w.seq+1, w.now), "version "+t.Version+" is accepted"), nil
}
