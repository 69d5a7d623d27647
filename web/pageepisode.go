package web

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// What the form of a close says is wrong, with what to do (I219).
const (
	faultWhen        = "Choisissez quand clore."
	faultDays        = "Indiquez un nombre de jours entre 1 et 365."
	faultContact     = "Écrivez 300 caractères au plus."
	faultLastMessage = "Écrivez un message de 10\u202f000 caractères au plus."
)

// board lists the episodes of the establishment that a mailbox belongs to; nil when it belongs to none.
func (a *App) board(v visit, m conversations.Address) (*page.Board, error) {
	finess := a.deps.Conversations.Facility(m)
	if finess == "" {
		return nil, nil //nolint:nilnil // no board is an answer
	}
	b := &page.Board{FINESS: finess, Box: a.mailboxKey(m), State: v.query("etat"), Further: v.query("depuis") != ""}
	f, known := episodeFilter(b.State)
	if !known || b.State == "" {
		b.State, f = string(rules.EpisodeOpen), conversations.EpisodeFilter{State: rules.EpisodeOpen}
	}
	f.Cursor, f.Limit = v.query("depuis"), defaultLimit
	found, err := a.listed(v, finess, b.State, f)
	if err != nil {
		return nil, err
	}
	for _, e := range found.Items {
		b.Items = append(b.Items, a.episodeRow(e))
	}
	b.Next = found.Next
	return b, nil
}

// listed reads one list of a board. The API's list of closed episodes has those whose end is only announced, or
// waits for an answer; that of the page has not: they have lists of their own.
func (a *App) listed(v visit, finess, list string, f conversations.EpisodeFilter) (conversations.EpisodePage, error) {
	if list == page.ListClosing {
		return a.deps.Conversations.Closings(v.ctx, v.who.Mailboxes, finess, f.Cursor, f.Limit)
	}
	f.Ended = list == page.ListClosed
	return a.deps.Conversations.Episodes(v.ctx, v.who.Mailboxes, finess, f)
}

// ownEpisode finds an episode among those of the establishments that the visitor's mailboxes belong to, and
// the mailbox by which it is his.
func (a *App) ownEpisode(v visit) (conversations.EpisodeLine, conversations.Address, error) {
	asked := map[string]bool{}
	for _, m := range v.who.Mailboxes {
		finess := a.deps.Conversations.Facility(m)
		if finess == "" || asked[finess] {
			continue
		}
		asked[finess] = true
		e, err := a.deps.Conversations.EpisodeByID(v.ctx, v.who.Mailboxes, finess, rules.VisitID(v.id))
		if err == nil || conversations.KindOf(err) != conversations.KindEpisodeUnknown {
			return e, m, err
		}
	}
	return conversations.EpisodeLine{}, conversations.Address{}, notFound()
}

// showEpisode is the page of an episode, with a close as it was typed when it is shown again; nil is none.
func (a *App) showEpisode(v visit, e conversations.EpisodeLine, m conversations.Address, typed *page.ClosingForm) (view, error) {
	p := page.Episode{
		EpisodeRow: a.episodeRow(e), Box: a.mailboxKey(m), Operation: rand.Text(), Notice: page.Notice(v.query("fait")),
	}
	if typed != nil {
		p.Form = *typed
		return view{status: http.StatusUnprocessableEntity, page: p}, nil
	}
	p.Form = p.OfferClosing()
	return show(p)
}

func (a *App) episodeRow(e conversations.EpisodeLine) page.EpisodeRow {
	return page.EpisodeRow{EpisodeLine: e, Now: a.deps.Now()}
}

// episodePage shows one episode with what a close would end.
func episodePage(a *App, v visit) (view, error) {
	e, m, err := a.ownEpisode(v)
	if err != nil {
		return view{}, toProfessional(err)
	}
	return a.showEpisode(v, e, m, nil)
}

// closeEpisodeForm closes an episode. Who closes it at once although the patient waits is told so.
func closeEpisodeForm(a *App, v visit) (view, error) {
	e, m, err := a.ownEpisode(v)
	if err != nil {
		return view{}, toProfessional(err)
	}
	f, in := readClosing(v)
	if len(f.Faults) > 0 {
		return a.showEpisode(v, e, m, &f)
	}
	in.Keep = e.Plan.Hidden // nobody empties a field that he could not see
	done := page.NoticeClosed
	if f.When == page.CloseNow && a.episodeRow(e).Awaited() {
		done = page.NoticeClosedAwaited
	}
	return a.tellEpisode(v, e, in, done)
}

// readClosing reads the form of a close, with what is wrong with it.
func readClosing(v visit) (page.ClosingForm, conversations.EpisodeInput) {
	f := page.ClosingForm{
		When: v.form.value(page.FieldWhen), Days: strings.TrimSpace(v.form.value(page.FieldDays)), Message: v.form.text(),
		Contact: strings.Join(strings.Fields(v.form.value(page.FieldContact)), " "),
	}
	in := conversations.EpisodeInput{To: rules.EpisodeClosed, LastMessage: f.Message, Contact: f.Contact}
	switch days, err := strconv.Atoi(f.Days); {
	case f.When == page.CloseNow:
	case f.When != page.CloseLater:
		f.Add(page.FieldWhen, faultWhen)
	case err != nil || days < 1 || days > maxGraceDays:
		f.Add(page.FieldDays, faultDays)
	default:
		in.Grace = time.Duration(days) * 24 * time.Hour
	}
	if utf8.RuneCountInString(f.Contact) > maxContact {
		f.Add(page.FieldContact, faultContact)
	}
	if utf8.RuneCountInString(f.Message) > maxLastMessage {
		f.Add(page.FieldLast, faultLastMessage)
	}
	return f, in
}

// cancelEpisodeForm cancels the close of an episode. Nothing tells the patient of it (D24): whoever cancels hears
// whether he was told of the end.
func cancelEpisodeForm(a *App, v visit) (view, error) {
	e, _, err := a.ownEpisode(v)
	if err != nil {
		return view{}, toProfessional(err)
	}
	done := page.NoticeCancelled
	if slices.ContainsFunc(e.Threads, func(t conversations.EpisodeThread) bool { return t.Told }) {
		done = page.NoticeCancelledTold
	}
	return a.tellEpisode(v, e, conversations.EpisodeInput{To: rules.EpisodeOpen}, done)
}

// tellEpisode declares what a form says of an episode, once for each form.
func (a *App) tellEpisode(v visit, e conversations.EpisodeLine, in conversations.EpisodeInput, done page.Notice) (view, error) {
	in.Visit, in.Source, in.EventID = e.Visit, rules.ByHand, "page/"+v.form.value(fieldOperation)
	if _, err := a.deps.Conversations.ChangeEpisode(v.ctx, v.who.actor(), v.who.Mailboxes, in); err != nil {
		return view{}, toProfessional(err)
	}
	return goTo("/clinique/venues/" + string(e.ID) + "?fait=" + string(done))
}
