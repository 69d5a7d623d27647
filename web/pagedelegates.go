package web

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// Names of form fields of the pages about who acts for whom.
const (
	fieldProfile = "profil"
	fieldCode    = page.FieldCode
	fieldName    = page.FieldName
	fieldTitle   = "qualite"
)

// delegatesPage lists who acts for the patient, and invites (R128, R133).
func delegatesPage(a *App, v visit) (view, error) {
	return a.delegatesView(v, page.InviteForm{}, http.StatusOK)
}

func (a *App) delegatesView(v visit, f page.InviteForm, status int) (view, error) {
	found, err := a.deps.Conversations.Delegates(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	p := page.Delegates{Items: found, Notice: page.Notice(v.query("fait")), Just: conversations.ID(v.query("acces")), Form: f}
	if v.acting != nil {
		p.Legal = v.acting.Delegation.Kind == rules.Parent || v.acting.Delegation.Kind == rules.Guardian
		p.Own, p.Patient, p.GiveUp = conversations.ID(v.acting.Delegation.ID), v.acting.Name, a.giveUpPath(v.acting.Patient)
	}
	return view{status: status, page: p}, nil
}

// giveUpPath is the page on which the visitor ends what he himself may do for a patient.
func (a *App) giveUpPath(p conversations.PatientID) string {
	return profilesPath + "/" + a.profileID(p) + "/fin"
}

// inviteForm invites somebody. The code stands on the page that follows.
func inviteForm(a *App, v visit) (view, error) {
	f := page.InviteForm{Name: strings.Join(strings.Fields(v.form.value(fieldName)), " "), Until: v.form.value(fieldUntil)}
	kind := rules.DelegationKind(v.form.value(fieldTitle))
	if kind == "" {
		kind = rules.Caregiver
	}
	f.Parent = kind == rules.Parent
	if f.Name == "" || utf8.RuneCountInString(f.Name) > conversations.MaxDelegateName {
		f.Add(fieldName, "Écrivez le nom de la personne, en 80 caractères au plus.")
	}
	until, fault := a.lastDay(f.Until)
	if fault != "" {
		f.Add(fieldUntil, fault)
	}
	if len(f.Faults) > 0 {
		return a.delegatesView(v, f, http.StatusUnprocessableEntity)
	}
	_, err := a.deps.Conversations.Invite(v.ctx, v.who.actor(), v.patient, conversations.InvitationInput{Kind: kind, Name: f.Name, Until: until})
	if err != nil && conversations.KindOf(err) == conversations.KindInvalidRequest {
		f.Add(page.FieldInvite, "Il n’y a plus de place\u00a0: trois aidants et deux représentants légaux au plus. Mettez d’abord fin à un accès ou à une invitation.")
		return a.delegatesView(v, f, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return view{}, err
	}
	return goTo("/aidants?fait=" + string(page.NoticeInvited))
}

// endDelegateForm ends an access or withdraws an invitation, at once (R135). The visitor's own it leaves to the page that
// warns him: he could not take its end back here, for this page would be closed to him.
func endDelegateForm(a *App, v visit) (view, error) {
	if v.acting != nil && conversations.ID(v.acting.Delegation.ID) == v.id {
		return goTo(a.giveUpPath(v.acting.Patient))
	}
	if err := a.deps.Conversations.EndDelegate(v.ctx, v.who.actor(), v.patient, v.id); err != nil {
		return view{}, err
	}
	return goTo("/aidants?fait=" + string(page.NoticeDelegateEnded) + "&acces=" + string(v.id))
}

// restoreDelegateForm takes back an end that was a mistake.
func restoreDelegateForm(a *App, v visit) (view, error) {
	err := a.deps.Conversations.RestoreDelegate(v.ctx, v.who.actor(), v.patient, v.id)
	switch k := conversations.KindOf(err); {
	case err == nil:
		return goTo("/aidants?fait=" + string(page.NoticeDelegateRestored) + "&acces=" + string(v.id))
	case k == conversations.KindNotGranted, k == conversations.KindInvalidRequest:
		return view{status: http.StatusForbidden, page: page.Trouble{
			Heading: "L’accès n’a pas pu être rétabli", What: "Le délai de dix minutes est passé, ou la place a été donnée à quelqu’un d’autre.",
			Next: []page.Step{{Text: "Inviter de nouveau cette personne", Href: "/aidants"}},
		}}, nil
	}
	return view{}, err
}

// profilesPage lists for whom the visitor may act, and takes the code of an invitation.
func profilesPage(a *App, v visit) (view, error) { return a.profilesView(v, "", http.StatusOK) }

func (a *App) profilesView(v visit, fault string, status int) (view, error) {
	found, err := a.deps.Conversations.Profiles(v.ctx, v.who.Patient)
	if err != nil && !ownAlone(err) {
		return view{}, err
	}
	p := page.Profiles{Own: v.who.Name, Notice: page.Notice(v.query("fait")), Fault: fault, Code: v.form.value(fieldCode)}
	for _, one := range found {
		p.Items = append(p.Items, page.ProfileLine{Key: a.profileID(one.Patient), Profile: one, Chosen: v.chosen == a.profileID(one.Patient)})
	}
	return view{status: status, page: p}, nil
}

// chooseForm chooses for whom the visitor acts from now on; no profile is his own.
func chooseForm(a *App, v visit) (view, error) {
	id := v.form.value(fieldProfile)
	if id != "" {
		if _, err := a.profileNamed(v.ctx, v.who.Patient, id); err != nil {
			return view{}, err
		}
	}
	return view{redirect: "/messages", cookie: a.choose(v.who, id)}, nil
}

// codeForm shows what a code invites to.
func codeForm(a *App, v visit) (view, error) {
	code := v.form.value(fieldCode)
	i, err := a.deps.Conversations.Invitation(v.ctx, v.who.Patient, code)
	if err != nil {
		return a.codeAgain(v, err)
	}
	return show(page.Invitation{Invitation: i, Code: code})
}

// wholeCode reports whether a text has as many letters and digits as a code: fewer or more are a slip, which tells nothing
// of the codes that are.
func wholeCode(text string) bool {
	n := 0
	for _, c := range text {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			n++
		}
	}
	return n == 16
}

// codeAgain shows the form of the code again, with what is wrong.
func (a *App) codeAgain(v visit, err error) (view, error) {
	switch conversations.KindOf(err) { //nolint:exhaustive // the rest is not about the code
	case conversations.KindNotFound:
		if !wholeCode(v.form.value(fieldCode)) {
			return a.profilesView(v, "Ce code est incomplet ou trop long\u00a0: il compte seize lettres et chiffres.", http.StatusUnprocessableEntity)
		}
		return a.profilesView(v, "Ce code n’est pas valable\u00a0: vérifiez-le. Il a peut-être expiré, été retiré ou déjà servi.", http.StatusNotFound)
	case conversations.KindNotGranted:
		return a.profilesView(v, "Vous ne pouvez pas utiliser cette invitation\u00a0: on n’est pas son propre aidant, et il faut être majeur.", http.StatusForbidden)
	case conversations.KindInvalidRequest:
		return a.profilesView(v, "Vous agissez déjà pour cette personne, ou pour cinq autres\u00a0: c’est le plus possible.", http.StatusUnprocessableEntity)
	case conversations.KindRateLimited:
		return a.profilesView(v, "Vous avez essayé trop de codes. Réessayez dans une heure.", http.StatusTooManyRequests)
	}
	return view{}, err
}

// acceptForm accepts an invitation.
func acceptForm(a *App, v visit) (view, error) {
	if _, err := a.deps.Conversations.AcceptInvitation(v.ctx, v.who.Patient, v.form.value(fieldCode)); err != nil {
		return a.codeAgain(v, err)
	}
	return goTo(profilesPath + "?fait=" + string(page.NoticeAccepted))
}

// declineForm declines an invitation.
func declineForm(a *App, v visit) (view, error) {
	if err := a.deps.Conversations.RefuseInvitation(v.ctx, v.who.Patient, v.form.value(fieldCode)); err != nil {
		return a.codeAgain(v, err)
	}
	return goTo(profilesPath + "?fait=" + string(page.NoticeDeclined))
}

// giveUpPage asks for confirmation: only the other side can give an access back.
func giveUpPage(a *App, v visit) (view, error) {
	p, err := a.profileNamed(v.ctx, v.who.Patient, string(v.id))
	if err != nil {
		return view{}, err
	}
	return show(page.GiveUp{Profile: p, Key: string(v.id)})
}

// giveUpForm ends what the visitor may do for somebody.
func giveUpForm(a *App, v visit) (view, error) {
	p, err := a.profileNamed(v.ctx, v.who.Patient, string(v.id))
	if err != nil {
		return view{}, err
	}
	if err := a.deps.Conversations.GiveUp(v.ctx, p.Actor, v.who.Patient, p.Patient); err != nil {
		return view{}, err
	}
	out := view{redirect: profilesPath + "?fait=" + string(page.NoticeGivenUp)}
	if v.chosen == string(v.id) {
		out.cookie = a.choose(v.who, "")
	}
	return out, nil
}
