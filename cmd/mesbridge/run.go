package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Exit codes of the outside contract.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // wrong usage or configuration
)

// usageError is a fault of the command line or of the settings.
type usageError struct{ error }

// Unwrap gives the cause.
func (e usageError) Unwrap() error { return e.error }

// commands is the command line. Commands of later versions are not offered.
type commands struct {
	Demo        demoCommand        `cmd:"" help:"Start everything on this machine with fictitious people and certificates."`
	Serve       serveCommand       `cmd:"" help:"Start the bridge with a configuration file."`
	CheckConfig checkConfigCommand `cmd:"" name:"check-config" help:"Check a configuration file; tells every fault."`
	Config      struct {
		Example configExampleCommand `cmd:"" help:"Print a complete commented configuration file."`
	} `cmd:"" help:"About the configuration file."`
	Clients clientsCommand `cmd:"" help:"Register the software that may use the API."`
	Users   usersCommand   `cmd:"" help:"Keep the lists of users whom structures' own identity providers let in."`
	Trust   struct {
		Verify trustVerifyCommand `cmd:"" help:"Check the signature and content of a white list; tells each check."`
		Accept trustAcceptCommand `cmd:"" help:"Let the bridge take one list that is older, or far shorter, than the one in service."`
	} `cmd:"" help:"About the white list of the trust space."`
	Directory struct {
		Import directoryImportCommand `cmd:"" help:"Check an extraction of mailboxes and count what it holds."`
	} `cmd:"" help:"About the directory of mailboxes."`
	Audit struct {
		Verify auditVerifyCommand `cmd:"" help:"Check the sealed journal; tells what was altered or is missing, and where."`
		Export auditExportCommand `cmd:"" help:"Hand out traces by mailbox, patient, message or period."`
	} `cmd:"" help:"About the journal of every act."`
	Patient struct {
		Event     patientEventCommand     `cmd:"" help:"Bring in a life event of a patient: death, another matricule, guardianship."`
		Enrol     patientEnrolCommand     `cmd:"" help:"Enrol a patient face to face; prints the code to hand over."`
		Codes     patientCodesCommand     `cmd:"" help:"List the codes that an agent handed over."`
		Revoke    patientRevokeCommand    `cmd:"" help:"Take a code back."`
		Bind      patientBindCommand      `cmd:"" help:"Bind logins to patients on the word of a pairing service."`
		Unlink    patientUnlinkCommand    `cmd:"" help:"Unlink the login of a patient, who may then be enrolled anew."`
		Represent patientRepresentCommand `cmd:"" help:"Declare who acts for a patient by law."`
		Dismiss   patientDismissCommand   `cmd:"" help:"End whatever lets somebody act for a patient."`
	} `cmd:"" help:"About one patient."`
	Rebuild rebuildCommand `cmd:"" help:"Make the state in redis again from the journal; the bridge must not run."`
	Version versionCommand `cmd:"" help:"Print the version."`
	Help    helpCommand    `cmd:"" help:"Explain a command."`
}

// streams are where a command writes.
type streams struct{ out, err io.Writer }

// run carries out one command line and returns the exit code. Errors are written to stderr, one line
// each. It returns when the command is done, or, for one that serves, in order after ctx has ended.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli commands
	helped := false
	parser, err := kong.New(
		&cli,
		kong.Name("mesbridge"),
		kong.Description("Patient-messaging bridge of Mon espace santé."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }), // only --help ends a run that way
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams{stdout, stderr}),
		kong.Vars{"scopes": scopesHelp()},
	)
	if err != nil {
		return report(stderr, fmt.Errorf("read command line: %w", err))
	}
	command, err := parser.Parse(expandHelp(args))
	switch {
	case helped:
		return exitDone
	case err != nil:
		return report(stderr, usageError{fmt.Errorf("%w; see mesbridge help", err)})
	}
	return report(stderr, command.Run())
}

// expandHelp turns "help CMD" into "CMD --help", and nothing at all into "--help".
func expandHelp(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(append([]string{}, args[1:]...), "--help")
	}
	return args
}

// report writes err, each of its lines with our name before it, and returns the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "mesbridge: %s\n", strings.TrimRight(line, "\n"))
	}
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailed
}

// helpCommand only gives "help" its line in the list of commands; expandHelp does its work.
type helpCommand struct {
	Command []string `arg:"" optional:"" name:"cmd" help:"Command to explain."`
}
