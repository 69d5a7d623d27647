package web

import (
	"net/http"
	"strings"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// notificationPage shows where a patient is told that a message waits, and whether.
func notificationPage(a *App, v visit) (view, error) {
	n, _, err := a.deps.Conversations.Notification(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	return show(page.Notification{Notification: n, Notice: page.Notice(v.query("fait"))})
}

// notificationForm notes it.
func notificationForm(a *App, v visit) (view, error) {
	n := conversations.Notification{Address: strings.TrimSpace(v.form.value(page.FieldEmail)), Off: v.form.value(page.FieldTold) == "non"}
	p := page.Notification{Notification: n}
	if n.Address == "" && !n.Off {
		p.Fault = "Indiquez votre adresse e-mail, ou choisissez de ne pas être averti."
		return view{status: http.StatusUnprocessableEntity, page: p}, nil
	}
	err := a.deps.Conversations.SetNotification(v.ctx, v.who.actor(), v.patient, n)
	if err != nil && conversations.KindOf(err) == conversations.KindInvalidRequest {
		p.Fault = "Indiquez une adresse e-mail ordinaire, par exemple nom@exemple.fr. Une adresse de messagerie de santé n’est pas possible ici."
		return view{status: http.StatusUnprocessableEntity, page: p}, nil
	}
	if err != nil {
		return view{}, err
	}
	return goTo("/notifications?fait=" + string(page.NoticeNotification))
}
