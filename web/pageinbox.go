package web

import (
	"log/slog"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// inboxPage lists the patient's conversations, below for whom else the visitor acts.
func inboxPage(a *App, v visit) (view, error) {
	p, err := a.inbox(v)
	if err != nil {
		return view{}, err
	}
	if v.acting == nil && !p.Further {
		p.Also = a.actsAlsoFor(v)
	}
	return show(p)
}

// listPage is the list that a page asks for anew by itself.
func listPage(a *App, v visit) (view, error) {
	p, err := a.inbox(v)
	if err != nil {
		return view{}, err
	}
	return show(p)
}

func (a *App) inbox(v visit) (page.Inbox, error) {
	cursor := v.query("suite")
	found, err := a.deps.Conversations.Inbox(v.ctx, v.patient, cursor, defaultLimit)
	if err != nil {
		return page.Inbox{}, err
	}
	p := page.Inbox{
		Mark: a.listMark(found.Items), Items: found.Items, Next: found.Next, Further: cursor != "", Notice: page.Notice(v.query("fait")),
		Room: page.Room(found.Storage), Closure: found.Closure,
	}
	if len(p.Items) == 0 && !p.Further && !p.Closure.Messaging {
		p.Empty, err = a.whyEmpty(v)
	}
	return p, err
}

// whyEmpty tells what somebody without a message can expect.
func (a *App) whyEmpty(v visit) (page.Empty, error) {
	if !v.may(rules.MayGovern) { // who may not choose it is not told of it
		return page.Empty{}, nil
	}
	n, _, err := a.deps.Conversations.Notification(v.ctx, v.patient)
	return page.Empty{Told: n.Address != "" && !n.Off, Asks: true}, err
}

// actsAlsoFor lists for whom the visitor acts, with what is unread there, as far as it can be told now: nobody's own list
// waits for it.
func (a *App) actsAlsoFor(v visit) []page.AlsoFor {
	profiles, err := a.deps.Conversations.Profiles(v.ctx, v.who.Patient)
	if err != nil {
		if !ownAlone(err) {
			a.deps.Log.LogAttrs(v.ctx, slog.LevelWarn, "profiles not shown above the list", slog.Any("error", err))
		}
		return nil
	}
	var all []page.AlsoFor
	for _, p := range profiles {
		one := page.AlsoFor{Name: p.Name, Key: a.profileID(p.Patient)}
		found, err := a.deps.Conversations.Inbox(p.Acting(v.ctx), p.Patient, "", defaultLimit)
		switch {
		case err == nil:
			one.Unread, one.More, one.Counted = unreadOf(found.Items), found.Next != "", true
		case !ownAlone(err):
			a.deps.Log.LogAttrs(v.ctx, slog.LevelWarn, "unread messages of a profile not counted", slog.Any("error", err))
		}
		all = append(all, one)
	}
	return all
}

func unreadOf(lines []conversations.ThreadLine) int {
	n := 0
	for _, l := range lines {
		if l.Unread {
			n++
		}
	}
	return n
}
