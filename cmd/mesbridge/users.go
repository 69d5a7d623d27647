package main

import (
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/oauth/userfile"
)

// usersCommand keeps the lists of the users whom structures' own providers let in (D26). The bridge may run meanwhile: it
// sees each change at once.
type usersCommand struct {
	List   usersListCommand   `cmd:"" help:"List the users of a structure."`
	Add    usersAddCommand    `cmd:"" help:"Put a user on the list."`
	Remove usersRemoveCommand `cmd:"" help:"Take a user off the list; sessions and tokens stop at their next use."`
}

// usersPlace says which list: that of a structure of the settings, or a file by itself.
type usersPlace struct {
	Config    string `required:"" xor:"place" placeholder:"FILE" help:"Configuration file of the bridge."`
	File      string `required:"" xor:"place" type:"path" placeholder:"FILE" help:"Or the list itself; add makes one that is not there."`
	Structure string `placeholder:"KEY" help:"Key of the structure in the configuration; needed when it names several."`
}

// list is the file to edit.
func (p usersPlace) list() (userfile.File, error) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return userfile.File{}, fmt.Errorf("load Paris time: %w", err)
	}
	if p.File != "" {
		return userfile.File{Path: p.File, Zone: paris}, nil
	}
	settings, err := config.Load(p.Config)
	if err != nil {
		return userfile.File{}, usageError{err}
	}
	all := settings.Structures
	i := slices.IndexFunc(all, func(s config.Structure) bool { return s.Key == p.Structure || p.Structure == "" && len(all) == 1 })
	if i < 0 {
		return userfile.File{}, usageError{errors.New("--structure: write the key of a structure of the configuration (D26)")}
	}
	return userfile.File{Path: string(all[i].Users), Zone: paris}, nil
}

type usersListCommand struct {
	usersPlace
}

// Run prints the list, which names people.
func (c usersListCommand) Run(s streams) error {
	file, err := c.list()
	if err != nil {
		return err
	}
	all, err := file.List()
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SUBJECT\tIDENTIFIER\tNAME\tPROFESSION\tROLE\tUNTIL")
	for _, u := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", u.Subject, u.ID, u.Name, dash(u.Profession), dash(u.Role), dash(lastDay(u.Until, file.Zone)))
	}
	return t.Flush()
}

// lastDay is the last day of a right; empty when it has no end.
func lastDay(until time.Time, zone *time.Location) string {
	if until.IsZero() {
		return ""
	}
	return until.In(zone).AddDate(0, 0, -1).Format(time.DateOnly)
}

type usersAddCommand struct {
	usersPlace

	Subject    string `required:"" help:"What the provider calls the person: its sub claim, or the one that the settings name."`
	ID         string `required:"" name:"id" help:"National identifier: 8 and the RPPS number, or for a person without one 3, the FINESS, / and a number of your own."`
	Name       string `required:"" help:"First name and name, as colleagues and patients read them."`
	Profession string `help:"Code of the profession (TRE_G15), such as 10; leave it out for a person without exercise, such as a secretary."`
	Role       string `help:"Function in words."`
	Until      string `placeholder:"DAY" help:"Last day of the right, such as 2026-12-31."`
}

// Run adds the user.
func (c usersAddCommand) Run(streams) error {
	file, err := c.list()
	if err != nil {
		return err
	}
	return file.Add(userfile.Record{Subject: c.Subject, ID: c.ID, Name: c.Name, Profession: c.Profession, Role: c.Role}, c.Until)
}

type usersRemoveCommand struct {
	usersPlace

	Subject string `arg:"" help:"What the provider calls the person."`
}

// Run removes the user.
func (c usersRemoveCommand) Run(s streams) error {
	file, err := c.list()
	if err != nil {
		return err
	}
	gone, err := file.Remove(c.Subject)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "mesbridge: note: %s is off the list; sessions and tokens of that person stop at their next use\n", gone.Name)
	return nil
}
