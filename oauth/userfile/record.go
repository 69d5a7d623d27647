package userfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Record is one user of a structure. Everything in it is personal.
type Record struct {
	Subject    string // what the provider calls him
	ID         string // national identifier, or the structure's own with its prefix (I109)
	Name       string
	Profession string    // code of TRE_G15; empty: he has no exercise (D27)
	Role       string    // function in words
	Until      time.Time // first instant without the right; zero: no end
}

// Valid reports whether the record counts at now.
func (r Record) Valid(now time.Time) bool { return r.Until.IsZero() || now.Before(r.Until) }

// Columns of the file.
const (
	columnSubject    = "sujet"
	columnID         = "identifiant"
	columnName       = "nom"
	columnProfession = "profession"
	columnRole       = "role"
	columnUntil      = "fin"
)

// Limits of a file. The largest hospitals have some forty thousand people.
const (
	maxFile  = 32 << 20 // octets
	maxUsers = 200_000
	maxField = 200 // octets
)

// errEmpty is for a file without a header.
var errEmpty = errors.New("line 1: the header is missing; write sujet;identifiant;nom;profession;role;fin")

// Read reads a whole list; zone is where days begin. The error joins every fault, one line each.
func Read(r io.Reader, zone *time.Location) ([]Record, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read users: %w", err)
	case len(text) > maxFile:
		return nil, errors.New("the file is too long")
	case !utf8.Valid(text):
		return nil, errors.New("the file is not UTF-8; save it as « CSV UTF-8 »")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	first, _, _ := bytes.Cut(text, []byte("\n"))
	lines := csv.NewReader(bytes.NewReader(text))
	lines.FieldsPerRecord, lines.TrimLeadingSpace = 0, true
	if lines.Comma = ','; bytes.ContainsRune(first, ';') {
		lines.Comma = ';'
	}
	head, err := lines.Read()
	if errors.Is(err, io.EOF) {
		return nil, errEmpty
	} else if err != nil {
		return nil, lineFault(err)
	}
	places, err := placesOf(head)
	if err != nil {
		return nil, err
	}
	return readRows(lines, places, zone)
}

// readRows reads what follows the header.
func readRows(lines *csv.Reader, places map[string]int, zone *time.Location) ([]Record, error) {
	var all []Record
	var faults []error
	seen := map[string]bool{}
	for {
		row, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, errors.Join(append(faults, lineFault(err))...)
		}
		line, _ := lines.FieldPos(0)
		record, err := recordOf(row, places, zone)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("line %d: %w", line, err))
		case seen[record.Subject]:
			faults = append(faults, fmt.Errorf("line %d: the sujet stands on another line too", line))
		case len(all) == maxUsers:
			return nil, fmt.Errorf("line %d: the list has more than %d users", line, maxUsers)
		}
		seen[record.Subject], all = true, append(all, record)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return all, nil
}

// lineFault tells where a file cannot be read, without what stands there.
func lineFault(err error) error {
	if at := new(csv.ParseError); errors.As(err, &at) {
		return fmt.Errorf("line %d: the number of columns or the quotation marks are wrong", at.Line)
	}
	return errors.New("the file cannot be read")
}

// placesOf finds the columns by name, whatever their order, case and accents; others are left alone.
func placesOf(head []string) (map[string]int, error) {
	places := map[string]int{}
	for i, name := range head {
		places[strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "ô", "o")] = i
	}
	for _, name := range []string{columnSubject, columnID, columnName} {
		if _, ok := places[name]; !ok {
			return nil, fmt.Errorf("line 1: the column %s is missing", name)
		}
	}
	return places, nil
}

func recordOf(row []string, places map[string]int, zone *time.Location) (Record, error) {
	field := func(name string) string {
		if at, ok := places[name]; ok {
			return strings.TrimSpace(row[at])
		}
		return ""
	}
	r := Record{
		Subject: field(columnSubject), ID: field(columnID), Name: field(columnName), Profession: field(columnProfession), Role: field(columnRole),
	}
	var err error
	if r.Until, err = lastDay(field(columnUntil), zone); err != nil {
		return r, err
	}
	return r, r.check()
}

// check tells what is wrong with a record, and does not quote it.
func (r Record) check() error {
	switch {
	case r.Subject == "" || r.ID == "" || r.Name == "":
		return errors.New("sujet, identifiant and nom are needed")
	case slices.ContainsFunc([]string{r.Subject, r.ID, r.Name, r.Profession, r.Role}, func(s string) bool {
		return len(s) > maxField || strings.ContainsFunc(s, unicode.IsControl)
	}):
		return errors.New("a field is too long or holds control characters")
	case strings.ContainsFunc(r.ID, notIdentifier):
		return errors.New("identifiant: write a national identifier: 8 and the RPPS number, or 3, the FINESS, / and your own number (I109)")
	case strings.ContainsFunc(r.Profession, func(c rune) bool { return c < '0' || c > '9' }):
		return errors.New("profession: write a code of TRE_G15, such as 10, or nothing")
	}
	return nil
}

func notIdentifier(c rune) bool {
	return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("/._-", c)
}

// lastDay reads the last day with the right, and gives the first instant without it.
func lastDay(text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, "02/01/2006"} {
		if day, err := time.ParseInLocation(form, text, zone); err == nil {
			return day.AddDate(0, 0, 1), nil
		}
	}
	return time.Time{}, errors.New("fin: write a day such as 31/12/2026, or nothing")
}
