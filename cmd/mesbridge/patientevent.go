package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/conversations"
	"mesbridge/rules"
)

type patientEventCommand struct {
	askFlags
	Event   string     `arg:"" enum:"death,death-corrected,ins-change,ins-merge,guardianship,guardianship-end" help:"death, death-corrected, ins-change, ins-merge, guardianship or guardianship-end."`
	Patient string     `type:"path" required:"" placeholder:"FILE" help:"File with the matricule INS, - for standard input; of ins-change and ins-merge a second line holds the matricule from now on."`
	Until   *time.Time `placeholder:"TIME" help:"First instant at which a measure of protection no longer holds, such as 2028-05-12T00:00:00Z; none: until it is ended."`
	Confirm string     `placeholder:"CODE" help:"What the command printed when it was run without: then the event is carried out."`
}

// Run tells what the event would do, or, confirmed, carries it out. The bridge has to run. No matricule is an
// argument, and none is printed.
func (c patientEventCommand) Run(ctx context.Context, s streams) error {
	r := app.EventRequest{Event: rules.LifeEvent(c.Event), Seen: c.Confirm}
	matricules := 1
	if r.Event == rules.INSChanged || r.Event == rules.INSMerged {
		matricules = 2
	}
	a, ins, err := c.about(c.Patient, matricules)
	if err != nil {
		return err
	}
	if r.INS = ins[0]; matricules == 2 {
		r.New = ins[1]
	}
	if c.Until != nil {
		r.Until = *c.Until
	}
	answer, err := a.event(ctx, r)
	if err != nil {
		return err
	}
	return tellEvent(s.out, c.Event, a.agent, answer)
}

// tellEvent writes what an event does or did.
func tellEvent(out io.Writer, event, agent string, a app.EventAnswer) error {
	p := a.Preview
	switch {
	case a.Code != "":
		return fmt.Errorf("%s is refused: %s (%s): %s", event, a.Code, a.Rule, refusedEvent(conversations.Kind(a.Code), a.Rule, a.Reason))
	case !p.Changes:
		fmt.Fprintf(out, "%s: nothing changes, all is so already\n", event)
	case a.Done:
		fmt.Fprintf(out, "%s: done, traced for %s\n", event, agent)
	default:
		fmt.Fprintf(out, "%s: %s\n", event, outcome(p))
		fmt.Fprintf(out, "account: %s\n", p.State)
		if p.Other != "" {
			fmt.Fprintf(out, "account of the second matricule: %s\n", p.Other)
		}
		fmt.Fprintf(out, "told to the patient: %s\n", notice(p.Row.Notice))
		fmt.Fprintf(out, "nothing has changed yet; to carry it out, run the same command with --confirm %s\n", p.Seen)
	}
	return nil
}

// outcome says in words what an event leads to.
func outcome(p conversations.LifePreview) string {
	switch p.Row.Outcome {
	case rules.ConversationsFrozen:
		return "nothing is received or sent any more; all stays readable; senders hear that the mailbox cannot be reached"
	case rules.ConversationsFreed:
		return "the mailbox receives and sends as before"
	case rules.OneMailbox:
		if p.KeepNew {
			return "the mailbox of the second matricule goes on as it is; the first matricule leads to it"
		}
		return "the mailbox of the first matricule goes on with all it holds and writes as the second one; both lead to it"
	case rules.RepresentationAllowed:
		return "the measure is noted; messages go on; a person in charge of the protection may be given access"
	case rules.RepresentationOver:
		return "the measure is noted as ended"
	case rules.RepresentationEnds, rules.Warned:
	}
	return string(p.Row.Outcome)
}

func notice(n rules.Notice) string {
	if n == rules.NoticeHistory {
		return "a line in the history"
	}
	return "nothing"
}

// refusedEvent says what to do about a refusal.
func refusedEvent(k conversations.Kind, rule, reason string) string {
	switch {
	case k == conversations.KindWrongPatient:
		return "both mailboxes hold something, or one is closed, suspended or a dead person's: they are not put together. " +
			"Have the identity checked; then the holder saves what counts, erases one of the two, and the event is brought in again"
	case k == conversations.KindPatientOpposed:
		return "the person opposed under one of the matricules: only the person can take that back"
	case k == conversations.KindMailboxUnknown:
		return "nobody of that matricule has a mailbox here"
	case k == conversations.KindINSInvalid:
		return "not a matricule INS: 15 characters, key included"
	case k == conversations.KindInvalidRequest && rule == "OP17":
		return "ins-change is from a NIA (7 or 8) to a NIR; for any other change of number use ins-merge"
	case k == conversations.KindInvalidRequest && rule == "D28":
		return "a measure of protection is an adult's, and ends in the future"
	}
	return reason
}
