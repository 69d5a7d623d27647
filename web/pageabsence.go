package web

import (
	"net/http"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// What the page of an absence says is wrong, with what to do (I219).
const (
	faultFrom        = "Écrivez la date comme 2026-12-31, ou laissez le champ vide pour commencer maintenant."
	faultNoEnd       = "Indiquez le dernier jour."
	faultUntil       = "Écrivez la date comme 2026-12-31."
	faultEndPast     = "Ce jour est passé."
	faultEndBefore   = "Le dernier jour vient avant le premier."
	faultEndLate     = "Pas plus d’un an."
	faultAbsenceText = "Écrivez un texte de 500 caractères au plus."
	faultCover       = "L’annuaire ne connaît pas cette adresse, ou c’est la vôtre. Recopiez l’adresse MSSanté de la personne qui vous remplace."
	faultAdmit       = "Seule une personne que l’annuaire connaît peut recevoir l’accès\u00a0: donnez l’adresse de sa boîte personnelle."
)

// absencePage shows the absence of a mailbox, with a form to declare one or to change it.
func absencePage(a *App, v visit) (view, error) { return a.absenceView(v, nil) }

// absenceView is the page with a form as it was typed; nil is none.
func (a *App) absenceView(v visit, typed *page.AbsenceForm) (view, error) {
	m, err := a.mandateOf(v, true)
	if err != nil {
		return view{}, err
	}
	found, err := a.deps.Conversations.Absence(v.ctx, v.who.actor(), m.Mailbox.Address)
	if err != nil {
		return view{}, err
	}
	p := page.Absence{Mailbox: m, Absence: found, Begun: !found.From.After(a.deps.Now()), Form: a.absenceAsDeclared(found), Notice: page.Notice(v.query("fait"))}
	if typed != nil {
		p.Form = *typed
	}
	return show(p)
}

// absenceAsDeclared is the form of an absence that was declared, empty for none.
func (a *App) absenceAsDeclared(found conversations.Absence) page.AbsenceForm {
	if !found.Declared() {
		return page.AbsenceForm{}
	}
	f := page.AbsenceForm{
		From: found.From.In(a.zone).Format(time.DateOnly), Until: page.LastDay(found.Until.In(a.zone)),
		Text: found.Text, Admit: found.Admit,
	}
	if !found.Box.IsZero() {
		f.Cover = found.Box.Wire()
	}
	return f
}

// absenceOf is the absence of a mailbox to whom may declare one; to anybody else there is none (I119).
func (a *App) absenceOf(v visit, m conversations.Address) (conversations.Absence, error) {
	found, err := a.deps.Conversations.Absence(v.ctx, v.who.actor(), m)
	if k := conversations.KindOf(err); k == conversations.KindNotFound || k == conversations.KindNotHabilitated {
		return conversations.Absence{}, nil
	}
	return found, err
}

// absenceForm declares an absence.
func absenceForm(a *App, v visit) (view, error) {
	m, err := a.mandateOf(v, true)
	if err != nil {
		return view{}, err
	}
	f := page.AbsenceForm{
		From: v.form.value(page.FieldFrom), Until: v.form.value(fieldUntil), Text: v.form.text(),
		Cover: strings.TrimSpace(v.form.value(page.FieldCover)), Admit: v.form.value(page.FieldAdmit) != "",
	}
	in := conversations.AbsenceInput{Text: f.Text, Admit: f.Admit}
	a.readPeriod(&f, &in)
	if f.Cover != "" {
		if in.Cover, err = rules.ParseAddress(f.Cover); err != nil {
			f.Add(page.FieldCover, faultCover)
		}
	}
	if len(f.Faults) > 0 {
		return a.absenceAgain(v, f)
	}
	_, err = a.deps.Conversations.DeclareAbsence(v.ctx, v.who.actor(), m.Mailbox.Address, in)
	switch absenceFault(err) {
	case "":
		if err != nil {
			return view{}, err
		}
		return goTo(mailboxesPath + "/" + string(v.id) + "/absence?fait=" + string(page.NoticeAbsent))
	case "cover":
		fault := faultCover
		if f.Admit {
			fault += " " + faultAdmit
		}
		f.Add(page.FieldCover, fault)
	case "until":
		f.Add(fieldUntil, faultEndPast) // since it was judged here
	default:
		f.Add(fieldText, faultAbsenceText)
	}
	return a.absenceAgain(v, f)
}

// readPeriod reads the first and the last day of an absence.
func (a *App) readPeriod(f *page.AbsenceForm, in *conversations.AbsenceInput) {
	var fault string
	if in.From, fault = a.firstDay(f.From); fault != "" {
		f.Add(page.FieldFrom, fault)
	}
	if in.Until, fault = a.endOfAbsence(f.Until, in.From); fault != "" {
		f.Add(fieldUntil, fault)
	}
}

// endOfAbsence reads the last day of an absence that begins at from, now when that is zero: it ends at the midnight in
// Paris that follows. It may be the first day too.
func (a *App) endOfAbsence(day string, from time.Time) (until time.Time, fault string) {
	now := a.deps.Now()
	last, err := time.ParseInLocation(time.DateOnly, day, a.zone)
	if from.IsZero() {
		from = now
	}
	switch until = last.AddDate(0, 0, 1); {
	case day == "":
		fault = faultNoEnd
	case err != nil:
		fault = faultUntil
	case !until.After(now):
		fault = faultEndPast
	case !until.After(from):
		fault = faultEndBefore
	case until.Sub(from) > rules.MaxAbsence:
		fault = faultEndLate
	}
	return until, fault
}

// firstDay reads the first day of a period as the instant at which it begins in Paris; none is the zero time.
func (a *App) firstDay(day string) (from time.Time, fault string) {
	if day == "" {
		return time.Time{}, ""
	}
	from, err := time.ParseInLocation(time.DateOnly, day, a.zone)
	if err != nil {
		return time.Time{}, faultFrom
	}
	return from, ""
}

func (a *App) absenceAgain(v visit, f page.AbsenceForm) (view, error) {
	out, err := a.absenceView(v, &f)
	out.status = http.StatusUnprocessableEntity
	return out, err
}

// endAbsenceForm ends an absence, or cancels one to come.
func endAbsenceForm(a *App, v visit) (view, error) {
	m, err := a.mandateOf(v, true)
	if err != nil {
		return view{}, err
	}
	found, err := a.deps.Conversations.Absence(v.ctx, v.who.actor(), m.Mailbox.Address)
	if err != nil {
		return view{}, err
	}
	done := page.NoticeBack
	if found.From.After(a.deps.Now()) {
		done = page.NoticeNotAbsent
	}
	if err := a.deps.Conversations.EndAbsence(v.ctx, v.who.actor(), m.Mailbox.Address); err != nil {
		return view{}, err
	}
	return goTo(mailboxesPath + "/" + string(v.id) + "/absence?fait=" + string(done))
}
