package directory

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mesbridge/rules"
)

// Entry is one mailbox to write.
type Entry struct {
	Kind           rules.MailboxKind
	Address        rules.Address
	Person         string // national identifier of the holder, 8 and the RPPS number; PER and CAB
	Title          string // exercise title code, such as DR
	GivenName      string
	FamilyName     string
	Category       string // C civil, M military, E student (I42)
	ProfessionCode string // TRE_G15, such as 10 for a physician
	Profession     string // its label
	Skill          string // label of the speciality
	Structure      string // national identifier: 1 and the FINESS, or 3 and the SIRET (O31)
	StructureName  string
	Service        string // service of an ORG or APP mailbox
}

// ErrField means that a field of an entry holds a separator or a line end, which the format cannot
// express. It never quotes the field.
var ErrField = errors.New("a field holds a separator or a line end")

// WriteFile writes entries to a file in the format of the extraction. The file appears whole or not
// at all.
func WriteFile(path string, entries []Entry) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".directory-*")
	if err != nil {
		return fmt.Errorf("write directory: %w", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already when all went well
	if err := errors.Join(Write(f, entries), f.Close()); err != nil {
		return fmt.Errorf("write directory: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write directory: %w", err)
	}
	return nil
}

// Write writes entries in the format of the extraction, 31 columns each.
func Write(w io.Writer, entries []Entry) error {
	columns := header()
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(strings.Join(columns, "|") + "\n"); err != nil {
		return err
	}
	row := make([]string, len(columns))
	for _, e := range entries {
		fields := e.fields()
		for i, c := range columns {
			row[i] = fields[c]
			if strings.ContainsAny(row[i], "|\r\n") {
				return ErrField
			}
		}
		if _, err := out.WriteString(strings.Join(row, "|") + "\n"); err != nil {
			return err
		}
	}
	return out.Flush()
}

// fields gives the value of each column that the entry fills.
func (e Entry) fields() map[string]string {
	f := map[string]string{
		columnKind:           string(e.Kind),
		columnAddress:        e.Address.Wire(),
		columnPerson:         e.Person,
		columnStructure:      e.Structure,
		columnService:        e.Service,
		columnTitle:          e.Title,
		columnFamilyName:     e.FamilyName,
		columnGivenName:      e.GivenName,
		columnCategory:       e.Category,
		columnProfessionCode: e.ProfessionCode,
		columnProfession:     e.Profession,
		columnSkill:          e.Skill,
		columnStructureName:  e.StructureName,
	}
	if len(e.Structure) == 10 || len(e.Structure) == 15 {
		f[columnStructureType], f[columnStructure] = e.Structure[:1], e.Structure[1:]
	}
	return f
}
