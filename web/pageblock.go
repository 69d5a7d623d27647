package web

import (
	"net/http"
	"time"

	"mesbridge/web/page"
)

// blockPage asks for confirmation, and for an end of the block if one is wished (D12).
func blockPage(a *App, v visit) (view, error) {
	c, err := contactOfVisit(a, v)
	if err != nil {
		return view{}, err
	}
	return show(page.Block{Contact: c})
}

// blockForm blocks a professional.
func blockForm(a *App, v visit) (view, error) {
	c, err := contactOfVisit(a, v)
	if err != nil {
		return view{}, err
	}
	until, fault := a.lastDay(v.form.value(fieldUntil))
	if fault != "" {
		return view{
			status: http.StatusUnprocessableEntity,
			page:   page.Block{Contact: c, Until: v.form.value(fieldUntil), Fault: fault},
		}, nil
	}
	if _, err := a.deps.Conversations.Block(v.ctx, v.who.actor(), v.patient, v.id, until); err != nil {
		return view{}, err
	}
	return goTo("/contacts?fait=" + string(page.NoticeBlocked) + "&contact=" + string(v.id))
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
	if _, err := a.deps.Conversations.Unblock(v.ctx, v.who.actor(), v.patient, v.id); err != nil {
		return view{}, err
	}
	return goTo("/contacts?fait=" + string(page.NoticeUnblocked))
}
