package web

import (
	"errors"
	"net/http"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// absenceFault names what is wrong with an absence by the rule that refused it (DeclareAbsence).
func absenceFault(err error) (member string) {
	var core *conversations.Error
	switch {
	case !errors.As(err, &core) || core.Kind != conversations.KindInvalidRequest:
		return ""
	case core.Rule == "R71", core.Rule == "I120":
		return "cover"
	case core.Rule == "I119":
		return "until"
	}
	return "text"
}

// getAbsence tells the absence of a mailbox, to who may declare it: {absence: … | null}.
func getAbsence(a *App, r request) (answer, error) {
	m, err := a.boxOfPath(r, true)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Absence(r.ctx, r.who.actor(), m)
	if err != nil {
		return answer{}, err
	}
	return ok(absenceOf(found))
}

// declareAbsence declares an absence: {from?, until, text?, cover?, admit?}.
func declareAbsence(a *App, r request) (answer, error) {
	m, err := a.boxOfPath(r, true)
	if err != nil {
		return answer{}, err
	}
	var in conversations.AbsenceInput
	var from, until, cover string
	err = jsonbody.Decode(r.body, jsonbody.Fields{
		"from": jsonbody.Into(&from), "until": jsonbody.Into(&until), "text": jsonbody.Into(&in.Text), "cover": jsonbody.Into(&cover),
		"admit": jsonbody.Into(&in.Admit),
	})
	if err != nil {
		return answer{}, err
	}
	if in.From, err = instant("from", from); err != nil {
		return answer{}, err
	}
	if in.Until, err = instant("until", until); err != nil {
		return answer{}, err
	}
	if cover != "" {
		if in.Cover, err = rules.ParseAddress(cover); err != nil {
			return answer{}, invalid("cover", "This is no address of a mailbox.")
		}
	}
	declared, err := a.deps.Conversations.DeclareAbsence(r.ctx, r.who.actor(), m, in)
	if member := absenceFault(err); member != "" {
		return answer{}, invalid(member, absenceDetail(member))
	}
	if err != nil {
		return answer{}, err
	}
	return ok(absenceOf(declared))
}

func absenceDetail(member string) string {
	switch member {
	case "cover":
		return "A mailbox that the directory knows, of another; to be admitted, one that a person holds."
	case "until":
		return "An absence ends after it begins, in the future, and within 366 days."
	}
	return "At most 500 characters of plain text."
}

// instant reads an optional instant of RFC 3339.
func instant(member, wish string) (time.Time, error) {
	if wish == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, wish)
	if err != nil {
		return time.Time{}, invalid(member, "An instant of RFC 3339, with its offset.")
	}
	return at, nil
}

// endAbsence ends the absence of a mailbox.
func endAbsence(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	m, err := a.boxOfPath(r, true)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, a.deps.Conversations.EndAbsence(r.ctx, r.who.actor(), m)
}

// absenceShape is an absence as the mailbox's own people see it. The address of who stands in is theirs to see.
type absenceShape struct {
	From  *string    `json:"from"`
	Until *string    `json:"until"`
	Text  string     `json:"text"`
	Cover *coverName `json:"cover"`
	Admit bool       `json:"admit"`
	By    string     `json:"by"`
}

type coverName struct {
	Name    string `json:"name"`
	Mailbox string `json:"mailbox"`
}

type absenceState struct {
	Absence *absenceShape `json:"absence"`
}

func absenceOf(b conversations.Absence) absenceState {
	if !b.Declared() {
		return absenceState{}
	}
	s := absenceShape{From: stamp(b.From), Until: stamp(b.Until), Text: b.Text, Admit: b.Admit, By: b.By.Name}
	if !b.Box.IsZero() {
		s.Cover = &coverName{Name: b.Cover, Mailbox: b.Box.Wire()}
	}
	return absenceState{Absence: &s}
}

// awayShape is an absence as the patient is told of it: names, and no address (R71).
type awayShape struct {
	Name  string  `json:"name"`
	Until *string `json:"until"`
	Text  string  `json:"text"`
	Cover *string `json:"cover"`
}

func awayOf(all []conversations.AbsenceNotice) []awayShape {
	list := make([]awayShape, len(all))
	for i, n := range all {
		list[i] = awayShape{Name: n.Who, Until: stamp(n.Until), Text: n.Text, Cover: optional(n.Cover)}
	}
	return list
}
