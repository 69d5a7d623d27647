package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// refusedAct says what to do about a refusal.
func refusedAct(a app.ActAnswer) string {
	switch conversations.Kind(a.Code) { //nolint:exhaustive // the rest tells itself
	case conversations.KindINSInvalid:
		return "not a matricule INS: 15 characters, key included"
	case conversations.KindMailboxUnknown:
		return "nobody of that matricule has a mailbox here; enrol each person first"
	case conversations.KindAlreadyLinked:
		return "a login is bound to that account, or the login to another one; see mesbridge patient unlink"
	case conversations.KindPatientOpposed:
		return "the person opposed, died, or the account is suspended"
	case conversations.KindInvalidRequest:
		if a.Fault != "" {
			return "look again at " + a.Fault
		}
		return "parents and guardians represent a known minor, a protector an adult with --scope; the representative is of age, and there are two at most"
	case conversations.KindNotFound:
		return "there is no such code of this agent"
	}
	return a.Reason
}

type patientEnrolCommand struct {
	askFlags
	Identity string `type:"path" required:"" placeholder:"FILE" help:"File with the identity as the label has it, - for standard input: lines ins, familyName, givenNames, birthDate (1979-03-28), sex (F or M), birthPlace, document (identity-card, passport, residence-permit, birth-certificate or family-book)."`
	Checked  bool   `help:"Your word that the matricule is qualified and that you checked identity on the document, face to face."`
}

// Run enrols a patient and prints the code to hand over.
func (c patientEnrolCommand) Run(ctx context.Context, s streams) error {
	a, err := c.asker()
	if err != nil {
		return err
	}
	if !c.Checked {
		return usageError{errors.New("--checked: only whom you have before you is enrolled, on a qualified matricule and a document")}
	}
	who, err := readIdentity(c.Identity)
	if err != nil {
		return usageError{fmt.Errorf("--identity: %w", err)}
	}
	answer, err := a.act(ctx, who)
	if err != nil {
		return err
	}
	for _, t := range answer.Unlike {
		fmt.Fprintf(s.out, "look again: the matricule tells another %s\n", t)
	}
	fmt.Fprintf(s.out, "code: %s\n", answer.Handed)
	fmt.Fprintf(s.out, "hand it over on paper; it is worth nothing after %s, and is shown this once\n", answer.Expires.Format(time.RFC3339))
	return nil
}

// readIdentity reads the file of an enrolment: lines of a name, a colon and a value. An error holds nothing of the file.
func readIdentity(path string) (r app.ActRequest, err error) {
	text, err := readPrivate(path)
	if err != nil {
		return r, err
	}
	r.Act = app.ActEnrol
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		switch value = strings.Trim(strings.TrimSpace(value), `"`); strings.TrimSpace(name) {
		case "ins":
			r.INS = strings.ReplaceAll(value, " ", "")
		case "familyName":
			r.Traits.Family = value
		case "givenNames":
			r.Traits.Given = value
		case "birthDate":
			r.Traits.Birth = value
		case "sex":
			r.Traits.Sex = rules.Sex(value)
		case "birthPlace":
			r.Traits.Place = value
		case "document":
			r.Document = conversations.DocumentKind(value)
		case "":
		default:
			return r, errors.New("write one line each: ins, familyName, givenNames, birthDate, sex, birthPlace, document")
		}
	}
	return r, nil
}

type patientCodesCommand struct{ askFlags }

// Run lists the codes that an agent handed over, without names.
func (c patientCodesCommand) Run(ctx context.Context, s streams) error {
	a, err := c.asker()
	if err != nil {
		return err
	}
	answer, err := a.act(ctx, app.ActRequest{Act: app.ActCodes})
	if err != nil {
		return err
	}
	for _, line := range answer.Codes {
		fmt.Fprintf(s.out, "%s  %-8s  handed over %s, until %s\n", line.ID, line.State, line.At.Format(time.RFC3339), line.Expires.Format(time.RFC3339))
	}
	fmt.Fprintf(s.out, "%d codes of %s\n", len(answer.Codes), a.agent)
	return nil
}

type patientRevokeCommand struct {
	askFlags
	ID string `arg:"" help:"Id of the code, as mesbridge patient codes lists it."`
}

// Run takes a code back.
func (c patientRevokeCommand) Run(ctx context.Context, s streams) error {
	a, err := c.asker()
	if err != nil {
		return err
	}
	_, err = a.act(ctx, app.ActRequest{Act: app.ActRevoke, ID: conversations.ID(c.ID)})
	return tellAct(s.out, "revoke", a.agent, true, err)
}

type patientUnlinkCommand struct {
	askFlags
	Patient string `type:"path" required:"" placeholder:"FILE" help:"File with the matricule INS, - for standard input."`
}

// Run unlinks the login of a patient.
func (c patientUnlinkCommand) Run(ctx context.Context, s streams) error {
	a, matricules, err := c.about(c.Patient, 1)
	if err != nil {
		return err
	}
	answer, err := a.act(ctx, app.ActRequest{Act: app.ActUnlink, INS: matricules[0]})
	return tellAct(s.out, "unlink", a.agent, answer.Changed, err)
}

type patientRepresentCommand struct {
	askFlags
	Patient string     `type:"path" required:"" placeholder:"FILE" help:"File with two matricules, one on each line, - for standard input: the patient's, then that of who acts for him."`
	Kind    string     `required:"" enum:"parent,guardian,protector" help:"parent, guardian (of a minor, named by a judge) or protector (in charge of a protected adult)."`
	Scope   string     `enum:",read,messages,everything" default:"" help:"Of a protector, as the judgment says: read, messages or everything."`
	Until   *time.Time `placeholder:"TIME" help:"First instant without the right, as the judgment says, such as 2028-05-12T00:00:00Z."`
}

// Run declares who acts for a patient by law.
func (c patientRepresentCommand) Run(ctx context.Context, s streams) error {
	a, matricules, err := c.about(c.Patient, 2)
	if err != nil {
		return err
	}
	r := app.ActRequest{
		Act: app.ActRepresent, INS: matricules[0], Person: matricules[1], Kind: rules.DelegationKind(c.Kind), Scope: rules.DelegationScope(c.Scope),
	}
	if c.Until != nil {
		r.Until = *c.Until
	}
	_, err = a.act(ctx, r)
	return tellAct(s.out, "represent", a.agent, true, err)
}

type patientDismissCommand struct {
	askFlags
	Patient string `type:"path" required:"" placeholder:"FILE" help:"File with two matricules, one on each line, - for standard input: the patient's, then that of who acts for him."`
}

// Run ends whatever lets somebody act for a patient.
func (c patientDismissCommand) Run(ctx context.Context, s streams) error {
	a, matricules, err := c.about(c.Patient, 2)
	if err != nil {
		return err
	}
	answer, err := a.act(ctx, app.ActRequest{Act: app.ActDismiss, INS: matricules[0], Person: matricules[1]})
	return tellAct(s.out, "dismiss", a.agent, answer.Changed, err)
}

type patientBindCommand struct {
	askFlags
	From string `type:"path" required:"" placeholder:"FILE" help:"What the pairing service hands over, - for standard input: on each line the subject of the login, the matricule INS and the name of the person, parted by spaces."`
}

// Run binds logins on the word of a pairing service. Lines that fail are told by their number; running it again does
// what is left.
func (c patientBindCommand) Run(ctx context.Context, s streams) error {
	a, err := c.asker()
	if err != nil {
		return err
	}
	text, err := readPrivate(c.From)
	if err != nil {
		return usageError{fmt.Errorf("--from: %w", err)}
	}
	done, failed := 0, 0
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) < 3 {
			return usageError{fmt.Errorf("--from: line %d: write subject, matricule and name", n)}
		}
		_, err := a.act(ctx, app.ActRequest{Act: app.ActBind, Subject: fields[0], INS: fields[1], Name: strings.Join(fields[2:], " ")})
		if err != nil {
			failed++
			fmt.Fprintf(s.err, "line %d: %v\n", n, err)
			continue
		}
		done++
	}
	fmt.Fprintf(s.out, "%d logins are bound, traced for %s\n", done, a.agent)
	if failed > 0 {
		return fmt.Errorf("%d lines were not carried out; mend them, and run it again", failed)
	}
	return lines.Err()
}

// tellAct writes what came of an act.
func tellAct(out io.Writer, act, agent string, changed bool, err error) error {
	switch {
	case err != nil:
		return err
	case changed:
		fmt.Fprintf(out, "%s: done, traced for %s\n", act, agent)
	default:
		fmt.Fprintf(out, "%s: nothing changes, all is so already\n", act)
	}
	return nil
}
