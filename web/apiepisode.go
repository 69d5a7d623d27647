package web

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// Limits of what an establishment declares.
const (
	maxVisit       = 64     // characters of a visit number (PV1-19)
	maxEventID     = 200    // characters of an event's id
	maxGraceDays   = 365    // days
	maxLastMessage = 10_000 // characters
	maxContact     = 300    // characters
	maxUnit        = 60     // characters of a care unit (PV1-3)
)

// visitOfPath reads {finess} and {visit}. An establishment that is not the caller's is not found.
func visitOfPath(r request) (conversations.Visit, error) {
	v := conversations.Visit{FINESS: r.param("finess"), Number: r.param("visit")}
	if v.FINESS == "" || v.FINESS != r.who.FINESS || !isVisit(v.Number) {
		return conversations.Visit{}, notFound()
	}
	return v, nil
}

// isVisit reports whether a text can be a visit number.
func isVisit(s string) bool {
	return strings.TrimSpace(s) != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxVisit && !strings.ContainsFunc(s, unicode.IsControl)
}

// taggedVisit checks the visit that a first message names: one of the caller's own establishment, that of
// his token or of the mailbox he writes from. No visit is nil.
func (a *App) taggedVisit(who Principal, m conversations.Address, v conversations.Visit) (*conversations.Visit, error) {
	switch own := a.deps.Conversations.Facility(m); {
	case v == (conversations.Visit{}):
		return nil, nil //nolint:nilnil // no visit is an answer
	case v.FINESS == "":
		return nil, invalid("episode.finess", "Say of which establishment.")
	case !isVisit(v.Number):
		return nil, invalid("episode.visit", fmt.Sprintf("A visit number of at most %d characters.", maxVisit))
	case who.Kind == Application && v.FINESS != who.FINESS, who.Kind != Application && v.FINESS != own:
		return nil, &problem{status: notFound().status, code: codeNotFound, field: "episode.finess"}
	}
	return &v, nil
}

// declared is an event as the body has it.
type declared struct {
	conversations.EpisodeInput
	state, ins, at, source string
	graceDays              float64
}

func (d *declared) fields() jsonbody.Fields {
	return jsonbody.Fields{
		"state": jsonbody.Into(&d.state), "eventId": jsonbody.Into(&d.EventID), "at": jsonbody.Into(&d.at),
		"patient": jsonbody.Object(jsonbody.Fields{"ins": jsonbody.Into(&d.ins)}), "source": jsonbody.Into(&d.source),
		"graceDays": jsonbody.Into(&d.graceDays), "lastMessage": jsonbody.Into(&d.LastMessage), "contact": jsonbody.Into(&d.Contact),
		"unit": jsonbody.Into(&d.Unit),
	}
}

// check fills in the event from what the body says.
func (d *declared) check(checkKey bool) error {
	d.To, d.Source = rules.EpisodeState(d.state), rules.EpisodeSource(d.source)
	if d.Source == "" {
		d.Source = rules.ByHand
	}
	switch {
	case d.To != rules.EpisodeOpen && d.To != rules.EpisodeClosed:
		return invalid("state", "open or closed.")
	case strings.TrimSpace(d.EventID) == "" || utf8.RuneCountInString(d.EventID) > maxEventID:
		return invalid("eventId", fmt.Sprintf("The event's own id, of at most %d characters.", maxEventID))
	case !slices.Contains(rules.EpisodeSources(), d.Source):
		return invalid("source", fmt.Sprintf("One of %v.", rules.EpisodeSources()))
	case !(d.graceDays >= 0 && d.graceDays <= maxGraceDays):
		return invalid("graceDays", fmt.Sprintf("A number of days from 0 to %d.", maxGraceDays))
	case utf8.RuneCountInString(d.LastMessage) > maxLastMessage:
		return invalid("lastMessage", fmt.Sprintf("At most %d characters.", maxLastMessage))
	case utf8.RuneCountInString(d.Contact) > maxContact || strings.ContainsFunc(d.Contact, unicode.IsControl):
		return invalid("contact", fmt.Sprintf("At most %d characters, on one line.", maxContact))
	case utf8.RuneCountInString(d.Unit) > maxUnit || strings.ContainsFunc(d.Unit, unicode.IsControl):
		return invalid("unit", fmt.Sprintf("At most %d characters, on one line.", maxUnit))
	}
	d.LastMessage, d.Unit = strings.TrimSpace(d.LastMessage), strings.TrimSpace(d.Unit)
	d.Grace = time.Duration(math.Round(d.graceDays * float64(24*time.Hour)))
	if d.at != "" {
		at, err := time.Parse(time.RFC3339, d.at)
		if err != nil {
			return invalid("at", "An instant as RFC 3339 writes it.")
		}
		d.At = at.UTC()
	}
	if d.ins == "" {
		return nil
	}
	var err error
	d.INS, err = patientINS(d.ins, checkKey)
	return err
}

// putEpisode opens or closes an episode, or cancels its discharge (D24).
func putEpisode(a *App, r request) (answer, error) {
	v, err := visitOfPath(r)
	if err != nil {
		return answer{}, err
	}
	d := declared{}
	if err := jsonbody.Decode(r.body, d.fields()); err != nil {
		return answer{}, err
	}
	if err := d.check(a.cfg.CheckINSKey); err != nil {
		return answer{}, err
	}
	d.Visit = v
	e, err := a.deps.Conversations.ChangeEpisode(r.ctx, r.who.actor(), r.who.Mailboxes, d.EpisodeInput)
	if conversations.KindOf(err) == conversations.KindEpisodeUnknown && err != nil && d.To == rules.EpisodeOpen {
		return answer{}, invalid("patient", "A visit is opened with its patient.")
	}
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(episodeOf(e))
}

// getEpisode shows one episode with all its conversations.
func getEpisode(a *App, r request) (answer, error) {
	e, err := a.askedEpisode(r)
	if err != nil {
		return answer{}, err
	}
	return ok(episodeOf(e))
}

// previewEpisode shows what a close by hand would end now; asked tells those that an automatic one would
// leave to be treated.
func previewEpisode(a *App, r request) (answer, error) {
	e, err := a.askedEpisode(r)
	if err != nil {
		return answer{}, err
	}
	e.Threads = ending(e.Threads)
	return ok(episodeOf(e))
}

// askedEpisode reads the episode that the path names.
func (a *App) askedEpisode(r request) (conversations.EpisodeLine, error) {
	v, err := visitOfPath(r)
	if err != nil {
		return conversations.EpisodeLine{}, err
	}
	e, err := a.deps.Conversations.Episode(r.ctx, r.who.Mailboxes, v)
	if err != nil {
		return conversations.EpisodeLine{}, toProfessional(err)
	}
	return e, nil
}

// ending returns the conversations that a close by hand would end now.
func ending(all []conversations.EpisodeThread) []conversations.EpisodeThread {
	return slices.DeleteFunc(slices.Clone(all), func(t conversations.EpisodeThread) bool { return !t.Ends })
}

// episodeFilter reads ?state=: the two of the contract, and two that narrow closed ones.
func episodeFilter(state string) (f conversations.EpisodeFilter, ok bool) {
	switch state {
	case "", string(rules.EpisodeOpen), string(rules.EpisodeClosed):
		f.State = rules.EpisodeState(state)
	case "closing":
		f.State, f.Closing = rules.EpisodeClosed, true
	case "waiting":
		f.State, f.Waiting = rules.EpisodeClosed, true
	default:
		return f, false
	}
	return f, true
}

// listEpisodes lists the episodes of the caller's establishment.
func listEpisodes(a *App, r request) (answer, error) {
	finess := r.param("finess")
	if finess == "" || finess != r.who.FINESS {
		return answer{}, notFound()
	}
	f, known := episodeFilter(r.query("state"))
	if !known {
		return answer{}, invalid("state", "One of [open closed closing waiting].")
	}
	var err error
	if f.Cursor, f.Limit, err = place(r); err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Episodes(r.ctx, r.who.Mailboxes, finess, f)
	if err != nil {
		return answer{}, toProfessional(ofList(err))
	}
	return asOf(listOf(found.Items, found.Next, found.AsOf, episodeOf))
}

// episodeShape is an episode as its establishment sees it.
type episodeShape struct {
	FINESS        string               `json:"finess"`
	Visit         string               `json:"visit"`
	State         rules.EpisodeState   `json:"state"`
	Since         *string              `json:"since"`
	At            *string              `json:"at"`
	ClosesAt      *string              `json:"closesAt"`
	Source        *string              `json:"source"`
	Unit          *string              `json:"unit"`
	Conversations []episodeThreadShape `json:"conversations"`
}

// episodeThreadShape is a conversation of an episode. Subject and with are empty for one that the caller may
// not read.
type episodeThreadShape struct {
	conversationItem
	ClosesAt *string `json:"closesAt"`
	Waiting  bool    `json:"waiting"`
	Asked    bool    `json:"asked"`
	Failed   bool    `json:"undelivered"`
}

func episodeOf(e conversations.EpisodeLine) episodeShape {
	s := episodeShape{
		FINESS: e.Visit.FINESS, Visit: e.Visit.Number, State: e.State, Since: stamp(e.Since), At: stamp(e.At), ClosesAt: stamp(e.ClosesAt),
		Source: optional(string(e.Source)), Unit: optional(e.Unit), Conversations: make([]episodeThreadShape, len(e.Threads)),
	}
	for i, t := range e.Threads {
		s.Conversations[i] = episodeThreadShape{
			conversationItem: itemOf(t.ThreadLine), ClosesAt: stamp(t.ClosesAt), Waiting: t.Waiting, Asked: t.Asked, Failed: t.Failed,
		}
	}
	return s
}
