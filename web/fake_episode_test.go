package web

import (
	"context"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// The establishment of the tests: that of clinicToken, and of the professional's mailbox.
const (
	ownFINESS = "770816478"
	visitKey  = rules.VisitID("0123456789abcdef0123456789abcdef")
)

// episodeLine is a closed episode whose one conversation is to be treated, and another that ends in a week.
func episodeLine() conversations.EpisodeLine {
	line := func(id conversations.ID, subject string) conversations.ThreadLine {
		return conversations.ThreadLine{ID: id, Subject: subject, State: string(rules.ThreadOpen), With: []string{"Jeanne Dupont"}, LastAt: now}
	}
	return conversations.EpisodeLine{
		ID: visitKey, Visit: conversations.Visit{FINESS: ownFINESS, Number: "2026/05 0815"}, State: rules.EpisodeClosed, Since: now.AddDate(0, 0, -9),
		At: now, ClosesAt: now.Add(7 * 24 * time.Hour), Source: rules.ByADT,
		Threads: []conversations.EpisodeThread{
			{ThreadLine: line("a1open", "Votre opération"), Waiting: true, Asked: true, Ends: true},
			{ThreadLine: line("a1next", ""), ClosesAt: now.Add(7 * 24 * time.Hour), Ends: true},
			{ThreadLine: line("a1gone", "Déjà close")},
		},
	}
}

func (f *fakeConversations) Facility(m conversations.Address) string {
	if m.Canonical() == "claire.martin@cabinet.mssante.fr" || m.Canonical() == "app@chu.mssante.fr" {
		return ownFINESS
	}
	return ""
}

func (f *fakeConversations) ChangeEpisode(_ context.Context, _ conversations.Actor, _ []conversations.Address, in conversations.EpisodeInput) (conversations.EpisodeLine, error) {
	if err := f.called("ChangeEpisode"); err != nil {
		return conversations.EpisodeLine{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, in)
	e := f.episode
	e.State = in.To
	return e, nil
}

func (f *fakeConversations) Episode(_ context.Context, _ []conversations.Address, v conversations.Visit) (conversations.EpisodeLine, error) {
	if err := f.called("Episode"); err != nil {
		return conversations.EpisodeLine{}, err
	}
	if v != f.episode.Visit {
		return conversations.EpisodeLine{}, kind(conversations.KindEpisodeUnknown)
	}
	return f.episode, nil
}

func (f *fakeConversations) EpisodeByID(ctx context.Context, m []conversations.Address, finess string, id rules.VisitID) (conversations.EpisodeLine, error) {
	if finess != ownFINESS || id != visitKey {
		return conversations.EpisodeLine{}, kind(conversations.KindEpisodeUnknown)
	}
	return f.Episode(ctx, m, f.episode.Visit)
}

func (f *fakeConversations) Episodes(_ context.Context, _ []conversations.Address, _ string, filter conversations.EpisodeFilter) (conversations.EpisodePage, error) {
	f.filters = append(f.filters, filter)
	return conversations.EpisodePage{Items: []conversations.EpisodeLine{f.episode}, AsOf: now}, f.called("Episodes")
}

func (f *fakeConversations) Closings(context.Context, []conversations.Address, string, string, int) (conversations.EpisodePage, error) {
	return conversations.EpisodePage{Items: []conversations.EpisodeLine{f.episode}, AsOf: now}, f.called("Closings")
}

func (f *fakeConversations) Board(_ context.Context, finess string, since time.Time) (conversations.Board, error) {
	if finess != ownFINESS || !since.Equal(now.AddDate(0, 0, -90)) {
		return conversations.Board{}, kind(conversations.KindInternal)
	}
	return conversations.Board{Items: f.boarded, AsOf: now}, f.called("Board")
}

func (f *fakeConversations) Ask(context.Context, conversations.Actor, conversations.Address, rules.INS) (conversations.ContactVerdict, error) {
	return f.verdict, f.called("Ask")
}
