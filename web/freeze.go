package web

import (
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// whyFrozen tells what froze a conversation, when it was the patient's own will: his account (D16), or objections in the
// place of which he can write again (D15). Who may not object for the patient is not told of objections.
func (a *App) whyFrozen(v visit, t conversations.Thread) (page.Freeze, error) {
	if t.State != string(rules.Frozen) || t.Reply.Code != rules.PatientOpposed {
		return page.Freeze{}, nil
	}
	account, err := a.deps.Conversations.Account(v.ctx, v.patient)
	switch {
	case err != nil:
		return page.Freeze{}, err
	case account.State == rules.MessagingClosed:
		return page.Freeze{Closed: account.Since}, nil
	case !v.may(rules.MayBlock):
		return page.Freeze{}, nil
	}
	all, err := a.deps.Conversations.Objections(v.ctx, v.patient)
	binds := func(o conversations.Objection) bool {
		here := func(name string) bool { return slices.Contains(t.With, name) }
		return o.Kind == rules.AgainstMessages && (o.Scope == rules.Everyone || slices.ContainsFunc(o.Binds, here))
	}
	return page.Freeze{Objections: slices.DeleteFunc(all, func(o conversations.Objection) bool { return !binds(o) })}, err
}
