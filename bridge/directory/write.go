package directory

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	Category       string // C civil, M military, E student (I42, I116)
	ProfessionCode string // TRE_G15, such as 10 for a physician
	Profession     string // its label
	Skill          string // label of the speciality
	Function       string // TRE_R21, such as FON-48 for an intern (I117); the flat extraction has no place for it
	Structure      string // national identifier: 1 and the FINESS, or 3 and the SIRET (O31)
	StructureName  string
	Service        string // service of an ORG or APP mailbox
	Town           string // postal code and town of the structure, as on an envelope
	PostalCode     string
	District       string // its département
	ZeroPaper      bool   // the holder wants no paper any more (O122)
}

// mailbox is the entry as the table keeps it, its texts made fit to be shown.
func (e Entry) mailbox(n namer) mailbox {
	text := func(s string) string { return plain([]byte(strings.ToValidUTF8(s, ""))) }
	m := mailbox{
		address: e.Address.Canonical(), kind: e.Kind, person: text(e.Person), zeroPaper: e.ZeroPaper,
		site: site{structure: text(e.Structure), name: text(e.StructureName), place: text(cmp.Or(e.Town, e.PostalCode)), district: text(e.District)},
		trade: trade{
			profession: text(e.ProfessionCode), label: text(e.Profession), category: text(e.Category), function: text(e.Function),
		},
	}
	if e.Kind == rules.Personal {
		m.trade.speciality = text(cmp.Or(e.Skill, e.Profession))
		m.name, m.sortName = n.shown(text(e.Title), text(e.GivenName), text(e.FamilyName))
		return m
	}
	m.name = text(cmp.Or(e.Service, e.StructureName))
	m.sortName = m.name
	return m
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

// Write writes entries in the format of the extraction, 31 columns each, and a further one for functions when an
// entry has one.
func Write(w io.Writer, entries []Entry) error {
	columns := header()
	if slices.ContainsFunc(entries, func(e Entry) bool { return e.Function != "" }) {
		columns = append(columns, columnFunction)
	}
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
		columnFunction:       e.Function,
		columnTown:           e.Town,
		columnPostalCode:     e.PostalCode,
		columnDistrict:       e.District,
		columnZeroPaper:      "N",
	}
	if e.ZeroPaper {
		f[columnZeroPaper] = "O"
	}
	if len(e.Structure) == 10 || len(e.Structure) == 15 {
		f[columnStructureType], f[columnStructure] = e.Structure[:1], e.Structure[1:]
	}
	return f
}
