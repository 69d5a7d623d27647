package web

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// fakeDirectory knows a physician who wants no paper, and many others of one name.
type fakeDirectory struct{}

const crowdOfOneName = 45

func (fakeDirectory) all() []conversations.Mailbox {
	list := []conversations.Mailbox{{
		Address: must("anne.legoff@medecin.mssante.fr"), Kind: rules.Personal, Name: "Dr Anne LE GOFF", Person: "810009999999",
		Profession: "10", ProfessionName: "Médecin", Speciality: "Pédiatrie", Structure: "1210000001", StructureName: "CH de l’Étang",
		Place: "21000 DIJON", ZeroPaper: true,
	}, {
		Address: must("claire.martin@cabinet.mssante.fr"), Kind: rules.Personal, Name: "Dr Claire Martin", Person: "899700218896", StructureName: "CH de Ville",
	}}
	for i := range crowdOfOneName {
		list = append(list, conversations.Mailbox{Address: must("durand" + strconv.Itoa(100+i) + "@ch.mssante.fr"), Kind: rules.Organisational, Name: "DURAND " + strconv.Itoa(100+i)})
	}
	return list
}

func (d fakeDirectory) Mailbox(a conversations.Address) conversations.Mailbox {
	for _, m := range d.all() {
		if m.Address.Canonical() == a.Canonical() {
			return m
		}
	}
	return conversations.Mailbox{Address: a}
}

func (d fakeDirectory) Search(q conversations.MailboxQuery, cursor string, limit int) ([]conversations.Mailbox, string, error) {
	from := 0
	if cursor != "" {
		var err error
		if from, err = strconv.Atoi(cursor); err != nil {
			return nil, "", errors.New("no cursor")
		}
	}
	found := slices.DeleteFunc(d.all(), func(m conversations.Mailbox) bool {
		return !strings.Contains(strings.ToLower(m.Name), strings.ToLower(q.Name)) || !strings.Contains(m.Place, q.Place) || !strings.Contains(m.ProfessionName, q.Profession) || !strings.Contains(m.Speciality, q.Speciality)
	})
	found = found[min(from, len(found)):]
	if len(found) > limit {
		return found[:limit], strconv.Itoa(from + limit), nil
	}
	return found, "", nil
}
