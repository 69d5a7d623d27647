package userfile

import (
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"

	"mesbridge/oauth/sharedfile"
)

// Errors that whoever edits the file can cure.
var (
	ErrTaken   = errors.New("a user of that subject is on the list already; remove that one first")
	ErrUnknown = errors.New("no user of that subject is on the list; see mesbridge users list")
)

// File edits a list. Edits of several processes at once happen one after the other.
type File struct {
	Path string
	Zone *time.Location
}

// List gives the users in the order of the file; none when there is no file yet.
func (f File) List() ([]Record, error) {
	list, err := readFile(f.Path, f.Zone)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return list, err
}

// Add puts a user on the list. lastDay is the last day of the right as the file has it; empty: no end.
func (f File) Add(r Record, lastDayText string) error {
	var err error
	if r.Until, err = lastDay(lastDayText, f.Zone); err != nil {
		return err
	}
	if err = r.check(); err != nil {
		return err
	}
	return f.edit(func(list []Record) ([]Record, error) {
		if slices.ContainsFunc(list, func(u Record) bool { return u.Subject == r.Subject }) {
			return nil, ErrTaken
		}
		return append(list, r), nil
	})
}

// Remove takes a user off the list; his sessions and tokens stop at their next use.
func (f File) Remove(subject string) (Record, error) {
	var gone Record
	err := f.edit(func(list []Record) ([]Record, error) {
		i := slices.IndexFunc(list, func(u Record) bool { return u.Subject == subject })
		if i < 0 {
			return nil, ErrUnknown
		}
		gone = list[i]
		return slices.Delete(list, i, i+1), nil
	})
	return gone, err
}

// edit changes the list under a lock, and replaces the file whole.
func (f File) edit(change func([]Record) ([]Record, error)) error {
	return sharedfile.Edit(f.Path, func() error {
		list, err := f.List()
		if err != nil {
			return err
		}
		if list, err = change(list); err != nil {
			return err
		}
		return sharedfile.Replace(f.Path, func(w io.Writer) error { return f.write(w, list) })
	})
}

func (f File) write(out io.Writer, list []Record) error {
	w := csv.NewWriter(out)
	w.Comma = ';'
	rows := [][]string{{columnSubject, columnID, columnName, columnProfession, columnRole, columnUntil}}
	for _, u := range list {
		until := ""
		if !u.Until.IsZero() {
			until = u.Until.In(f.Zone).AddDate(0, 0, -1).Format(time.DateOnly)
		}
		rows = append(rows, []string{u.Subject, u.ID, u.Name, u.Profession, u.Role, until})
	}
	return w.WriteAll(rows)
}
