package web

import "mesbridge/web/page"

// connectionsPath is the page of a person's connections.
const connectionsPath = "/connexions"

// connectionsPage lists the live sessions of whoever looks, in person: those of another profile are not his to see.
func connectionsPage(a *App, v visit) (view, error) {
	found, err := a.deps.Authenticator.Sessions(v.ctx, v.who, v.cookie)
	if err != nil {
		return view{}, unavailable(err)
	}
	p := page.Connections{Notice: page.Notice(v.query("fait"))}
	for _, s := range found {
		p.Items = append(p.Items, page.Connection(s))
	}
	return show(p)
}

// endConnectionForm ends one of them. One that is over already, or never was, is none either way.
func endConnectionForm(a *App, v visit) (view, error) {
	if err := a.deps.Authenticator.EndSession(v.ctx, v.who, v.form.value(page.FieldConnection)); err != nil {
		return view{}, unavailable(err)
	}
	return goTo(connectionsPath + "?fait=" + string(page.NoticeDisconnected))
}
