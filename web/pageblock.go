package web

import (
	"net/http"
	"time"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// blockPage asks for confirmation, and for an end of the block if one is wished (D12).
func blockPage(a *App, v visit) (view, error) {
	c, err := contactOfVisit(a, v)
	if err != nil {
		return view{}, err
	}
	from, err := a.comesFrom(v, v.query(fieldThread))
	if err != nil {
		return view{}, err
	}
	return show(page.Block{Contact: c, Thread: from})
}

// comesFrom is the conversation from which the visitor came to block, when it is one of the patient's: the way back to it.
func (a *App) comesFrom(v visit, named string) (conversations.ID, error) {
	id, err := outsideID(named)
	if err != nil { // none, or nothing that was an id
		return "", nil //nolint:nilerr // the page does without
	}
	_, err = a.deps.Conversations.Line(v.ctx, v.patient, id)
	switch {
	case err == nil:
		return id, nil
	case conversations.KindOf(err) == conversations.KindNotFound:
		return "", nil
	}
	return "", err
}

// blockTold sends the visitor on to what he has just done to a professional.
func blockTold(n page.Notice, contact, from conversations.ID) (view, error) {
	to := "/contacts?fait=" + string(n) + "&contact=" + string(contact)
	if from != "" {
		to += "&" + fieldThread + "=" + string(from)
	}
	return goTo(to)
}

// blockForm blocks a professional.
func blockForm(a *App, v visit) (view, error) {
	c, err := contactOfVisit(a, v)
	if err != nil {
		return view{}, err
	}
	from, err := a.comesFrom(v, v.form.value(fieldThread))
	if err != nil {
		return view{}, err
	}
	until, fault := a.lastDay(v.form.value(fieldUntil))
	if fault != "" {
		return view{
			status: http.StatusUnprocessableEntity,
			page:   page.Block{Contact: c, Until: v.form.value(fieldUntil), Fault: fault, Thread: from},
		}, nil
	}
	if _, err := a.deps.Conversations.Block(v.ctx, v.who.actor(), v.patient, v.id, until); err != nil {
		return view{}, err
	}
	return blockTold(page.NoticeBlocked, v.id, from)
}

// lastDay reads the last day of what a visitor limits, as a day in Paris: it ends at the midnight that
// follows. No day is no end.
func (a *App) lastDay(day string) (until time.Time, fault string) {
	if day == "" {
		return time.Time{}, ""
	}
	last, err := time.ParseInLocation(time.DateOnly, day, a.zone)
	if err != nil {
		return time.Time{}, "Écrivez la date comme 2026-12-31, ou laissez le champ vide."
	}
	until = last.AddDate(0, 0, 1)
	if !until.After(a.deps.Now()) {
		return time.Time{}, "Cette date est passée. Choisissez aujourd’hui ou un jour à venir, ou laissez le champ vide."
	}
	return until, ""
}

// unblockForm lifts a block.
func unblockForm(a *App, v visit) (view, error) {
	from, err := a.comesFrom(v, v.form.value(fieldThread))
	if err != nil {
		return view{}, err
	}
	if _, err := a.deps.Conversations.Unblock(v.ctx, v.who.actor(), v.patient, v.id); err != nil {
		return view{}, err
	}
	return blockTold(page.NoticeUnblocked, v.id, from)
}
