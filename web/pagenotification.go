package web

import (
	"net/http"
	"strings"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// notificationPage shows where a patient is told that a message waits, and whether.
func notificationPage(a *App, v visit) (view, error) {
	p, n, err := a.notification(v)
	if err != nil {
		return view{}, err
	}
	p.Notice, p.Address = page.Notice(v.query("fait")), n.Address
	switch {
	case p.Present != "":
		p.Answer = page.ToldYes
	case p.Off:
		p.Answer = page.ToldNo
	}
	return show(p)
}

// notification tells where the patient is told today, and what he chose himself.
func (a *App) notification(v visit) (page.Notification, conversations.Notification, error) {
	n, told, err := a.deps.Conversations.Notification(v.ctx, v.patient)
	if err != nil {
		return page.Notification{}, n, err
	}
	p := page.Notification{Off: n.Off}
	switch {
	case told && !n.Off:
		p.Present = n.Address
	case !told && a.deps.Addresses != nil:
		if p.Present, err = a.deps.Addresses.PrivateAddress(v.ctx, v.patient); err != nil {
			return page.Notification{}, n, unavailable(err)
		}
		p.Given = p.Present != ""
	}
	return p, n, nil
}

// notificationForm notes it. An address that was given for the patient goes on to be used as long as he names no other.
func notificationForm(a *App, v visit) (view, error) {
	p, _, err := a.notification(v)
	if err != nil {
		return view{}, err
	}
	p.Address, p.Answer = strings.TrimSpace(v.form.value(page.FieldEmail)), v.form.value(page.FieldTold)
	n := conversations.Notification{Address: p.Address, Off: p.Answer == page.ToldNo}
	switch {
	case !n.Off && p.Answer != page.ToldYes:
		p.ChoiceFault = "Choisissez oui ou non."
	case !n.Off && n.Address == "" && !p.Given:
		p.Fault = "Indiquez votre adresse e-mail, ou choisissez de ne pas être averti."
	case !n.Off && n.Address == "": // nothing changes
	default:
		err = a.deps.Conversations.SetNotification(v.ctx, v.who.actor(), v.patient, n)
		if err != nil && conversations.KindOf(err) != conversations.KindInvalidRequest {
			return view{}, err
		}
		if err != nil {
			p.Fault = "Indiquez une adresse e-mail ordinaire, par exemple nom@exemple.fr. Une adresse de messagerie de santé n’est pas possible ici."
		}
	}
	if p.Fault != "" || p.ChoiceFault != "" {
		return view{status: http.StatusUnprocessableEntity, page: p}, nil
	}
	return goTo("/notifications?fait=" + string(page.NoticeNotification))
}
