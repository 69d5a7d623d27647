package web

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// What the pages of a team say is wrong, with what to do (I219).
const (
	faultNote     = "Écrivez une note, en 1 000 caractères au plus."
	faultNotes    = "Cette conversation a déjà 50 notes, ou la note est trop longue. Raccourcissez-la, ou supprimez une note devenue inutile."
	faultReceiver = "Choisissez à qui confier la conversation."
	faultCare     = " s’occupe maintenant de cette conversation. Relisez-la, puis envoyez de nouveau si vous voulez écrire malgré tout."
	faultNewer    = "Un nouveau message est arrivé dans cette conversation. Relisez-la, puis envoyez de nouveau si besoin."
)

// teams notes that the visitor has a conversation open, unless nobody looks, and tells what his colleagues know.
func (a *App) teams(v visit) ([]conversations.Team, error) {
	if !v.unseen {
		if err := a.deps.Conversations.Attend(v.ctx, v.who.actor(), v.who.Mailboxes, v.id); err != nil {
			return nil, err
		}
	}
	return a.deps.Conversations.Team(v.ctx, v.who.actor(), v.who.Mailboxes, v.id)
}

// shownTeams are teams with the keys that stand for their mailboxes.
func (a *App) shownTeams(found []conversations.Team) []page.Team {
	list := make([]page.Team, len(found))
	for i, t := range found {
		list[i] = page.Team{Team: t, Key: a.mailboxKey(t.Mailbox)}
	}
	return list
}

// careOfOther is the care that a colleague has, zero for none.
func careOfOther(teams []conversations.Team) conversations.Care {
	for _, t := range teams {
		if t.Care.Taken() && !t.Care.Mine {
			return t.Care
		}
	}
	return conversations.Care{}
}

// seen stands in a form for what its page showed: which colleague takes care, and the newest message.
func (a *App) seen(t conversations.Thread, teams []conversations.Team) string {
	other, newest := careOfOther(teams), ""
	if len(t.Messages) > 0 {
		newest = string(t.Messages[0].ID)
	}
	return a.short("care seen", other.By, other.At.UTC().String()) + "." + a.short("message seen", newest)
}

// tellFirst is what a member of a team must be told before he writes, because it happened after his page was shown: a
// colleague takes care now, or somebody wrote. Empty: nothing. Once he was told, he may write all the same.
func (a *App) tellFirst(v visit) (string, error) {
	found, err := a.deps.Conversations.Team(v.ctx, v.who.actor(), v.who.Mailboxes, v.id)
	if err != nil || len(found) == 0 {
		return "", err
	}
	t, err := a.deps.Conversations.ThreadFor(v.ctx, v.who.Mailboxes, v.id)
	if err != nil {
		return "", err
	}
	care, message, _ := strings.Cut(v.form.value(page.FieldSeen), ".")
	nowCare, nowMessage, _ := strings.Cut(a.seen(t, found), ".")
	switch other := careOfOther(found); {
	case other.Taken() && care != nowCare:
		return other.By + faultCare, nil
	case message != "" && message != nowMessage:
		return faultNewer, nil
	}
	return "", nil
}

// boxOfForm finds the visitor's mailbox that a form names.
func (a *App) boxOfForm(v visit) (conversations.Address, error) {
	at := slices.IndexFunc(v.who.Mailboxes, func(m conversations.Address) bool { return a.mailboxKey(m) == v.form.value(page.FieldMailbox) })
	if at < 0 {
		return conversations.Address{}, notFound()
	}
	return v.who.Mailboxes[at], nil
}

// atTeam goes back to the conversation, whose page begins with what was just done.
func atTeam(v visit, n page.Notice) (view, error) { return goToThread(v, v.id, n) }

// takeCareForm lets the visitor take care of a conversation, unless a colleague was first: the page says who.
func takeCareForm(a *App, v visit) (view, error) {
	m, err := a.boxOfForm(v)
	if err != nil {
		return view{}, err
	}
	c, err := a.deps.Conversations.TakeCare(v.ctx, v.who.actor(), m, v.id)
	switch {
	case err != nil:
		return view{}, toProfessional(err)
	case !c.Mine:
		return atTeam(v, page.NoticeCareOther)
	}
	return atTeam(v, page.NoticeCareTaken)
}

// releaseCareForm ends the visitor's care of a conversation.
func releaseCareForm(a *App, v visit) (view, error) {
	m, err := a.boxOfForm(v)
	if err != nil {
		return view{}, err
	}
	if _, err := a.deps.Conversations.ReleaseCare(v.ctx, v.who.actor(), m, v.id); err != nil {
		return view{}, toProfessional(err)
	}
	return atTeam(v, page.NoticeCareReleased)
}

// teamForm is a form of a team with what faults it.
type teamForm struct{ page.TeamForm }

// refusedBy adds to the form what the core refused, when the visitor can mend it, and reports whether he can.
func (f *teamForm) refusedBy(err error) bool {
	switch conversations.KindOf(err) {
	case conversations.KindInvalidRequest:
		f.NoteFault = faultNote
	case conversations.KindTooLarge:
		f.NoteFault = faultNotes
	default:
		return false
	}
	return true
}

// handOverForm gives the care of a conversation to a colleague, with a note if one was written.
func handOverForm(a *App, v visit) (view, error) {
	m, err := a.boxOfForm(v)
	if err != nil {
		return view{}, err
	}
	f := teamForm{page.TeamForm{Mailbox: a.mailboxKey(m), Giving: true, To: v.form.value(page.FieldColleague), Note: v.form.text()}}
	if f.To == "" {
		f.ToFault = faultReceiver
		return a.teamAgain(v, f)
	}
	_, err = a.deps.Conversations.HandOver(v.ctx, v.who.actor(), m, v.id, conversations.ID(f.To), f.Note)
	switch {
	case err == nil:
		return atTeam(v, page.NoticeHandedOver)
	case f.refusedBy(err):
		return a.teamAgain(v, f)
	}
	return view{}, toProfessional(err)
}

// noteForm leaves an internal note.
func noteForm(a *App, v visit) (view, error) {
	m, err := a.boxOfForm(v)
	if err != nil {
		return view{}, err
	}
	f := teamForm{page.TeamForm{Mailbox: a.mailboxKey(m), Note: v.form.text()}}
	_, err = a.deps.Conversations.AddNote(v.ctx, v.who.actor(), m, v.id, f.Note)
	switch {
	case err == nil:
		return atTeam(v, page.NoticeNoted)
	case f.refusedBy(err):
		return a.teamAgain(v, f)
	}
	return view{}, toProfessional(err)
}

// deleteNoteForm deletes a note of the visitor's own.
func deleteNoteForm(a *App, v visit) (view, error) {
	m, err := a.boxOfForm(v)
	if err != nil {
		return view{}, err
	}
	if err := a.deps.Conversations.DeleteNote(v.ctx, v.who.actor(), m, v.id, v.piece); err != nil {
		return view{}, toProfessional(err)
	}
	return atTeam(v, page.NoticeNoteDeleted)
}

// teamAgain shows the conversation with a form of the team as it was typed.
func (a *App) teamAgain(v visit, f teamForm) (view, error) {
	out, err := a.deskThreadView(v, page.ComposeForm{Operation: rand.Text()}, f.TeamForm)
	out.status = http.StatusUnprocessableEntity
	return out, err
}
