package page

import (
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Names of the fields by which the directory is searched, and of those who are in copy.
const (
	FieldProfession = "profession"
	FieldSpeciality = "specialite"
	FieldPlace      = "lieu"
	FieldNext       = "suite"
	FieldCopy       = "copie"
	FieldCopyName   = "copie-nom"
	FieldCopyPlace  = "copie-lieu"
)

// Directory is the page that searches the directory of professionals (I208).
type Directory struct {
	Name, Profession, Speciality, Place string
	Asked                               bool
	Fault                               string
	Items                               []conversations.Mailbox
	Next                                string
	Further                             bool
}

func (p Directory) title() string {
	switch {
	case p.Fault != "":
		return "Annuaire\u00a0: erreur"
	case p.Asked && p.Further:
		return "Annuaire\u00a0: suite des résultats"
	case p.Asked:
		return "Annuaire\u00a0: résultats"
	}
	return "Annuaire des professionnels"
}
func (Directory) template() string { return "directory" }

// Card is the mailbox as the page shows it.
func (Directory) Card(m conversations.Mailbox) Professional { return Professional{m} }

// Copy is a professional who may be put in copy.
type Copy struct {
	Mailbox conversations.Mailbox
	Chosen  bool
}

// Card is the mailbox as the page shows it.
func (c Copy) Card() Professional { return Professional{c.Mailbox} }

// Professional is a mailbox of the directory in words.
type Professional struct{ conversations.Mailbox }

// Shown is the name, or the address of whom the directory does not know: a professional may see it.
func (p Professional) Shown() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Address.Wire()
}

// KindWords names the kind of the mailbox; ORG, APP and CAB are not a person's (O144).
func (p Professional) KindWords() string {
	return Mailbox{Mandate: conversations.Mandate{Mailbox: p.Mailbox}}.Kind()
}

// Facts are profession, speciality, structure and place, each once.
func (p Professional) Facts() string {
	all := []string{p.ProfessionName, p.Speciality, p.StructureName, p.Place}
	if p.Kind != rules.Personal {
		all = []string{p.StructureName, p.Place}
	}
	var told []string
	for _, s := range all {
		if s != "" && s != p.Name && !containsFold(told, s) {
			told = append(told, s)
		}
	}
	return strings.Join(told, ", ")
}

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}
