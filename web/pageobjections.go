package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// objectionsPath is the page of the patient's objections.
const objectionsPath = "/oppositions"

// objectionsPage lists the patient's objections and offers new ones (D14 b, c).
func objectionsPage(a *App, v visit) (view, error) { return a.objectionsView(v, "") }

func (a *App) objectionsView(v visit, fault rules.ObjectionKind) (view, error) {
	found, err := a.deps.Conversations.Objections(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	scopes, err := a.deps.Conversations.Scopes(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	return show(page.Objections{
		Items: found, Scopes: scopes, Notice: page.Notice(v.query("fait")), Fault: fault,
		Just: rules.ObjectionID(v.query("opposition")), Lifted: rules.ObjectionKind(v.query(fieldKind)),
	})
}

// objectForm declares an objection. Its scope is "everyone", or a scope and its value. What stands already is not declared
// again: one of the two would go on when the other is lifted. Its id follows from what it says, so that a button pressed
// twice at once declares one.
func objectForm(a *App, v visit) (view, error) {
	scope, value, _ := strings.Cut(v.form.value(fieldScope), ":")
	o := rules.Objection{Kind: rules.ObjectionKind(v.form.value(fieldKind)), Scope: rules.RefusalScope(scope), Value: value}
	o.ID = rules.ObjectionID(a.short("objection", string(v.patient), string(o.Kind), scope, value))
	if checkObjection(o) != nil {
		out, err := a.objectionsView(v, o.Kind)
		out.status = http.StatusUnprocessableEntity
		return out, err
	}
	found, err := a.deps.Conversations.Objections(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	if slices.ContainsFunc(found, func(d conversations.Objection) bool {
		return d.Kind == o.Kind && d.Scope == o.Scope && d.Value == o.Value
	}) {
		return goTo(objectionsPath + "?fait=" + string(page.NoticeObjectedAlready))
	}
	if _, err := a.deps.Conversations.Object(v.ctx, v.who.actor(), v.patient, o); err != nil {
		return view{}, err
	}
	return goTo(objectionsPath + "?fait=" + string(page.NoticeObjected) + "&opposition=" + string(o.ID))
}

// withdrawForm lifts an objection. The form says of which kind it is, so that the page can tell what of it still stands.
func withdrawForm(a *App, v visit) (view, error) {
	if err := a.deps.Conversations.Withdraw(v.ctx, v.who.actor(), v.patient, rules.ObjectionID(v.id)); err != nil {
		return view{}, err
	}
	return goTo(objectionsPath + "?fait=" + string(page.NoticeWithdrawn) + "&" + fieldKind + "=" + url.QueryEscape(v.form.value(fieldKind)))
}
