package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"

	"mesbridge/bridge/trust"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations"
	"mesbridge/oauth"
)

// early keeps the events of what starts before the journal, until that is open.
type early struct {
	mu      sync.Mutex
	to      func(context.Context, conversations.Event)
	waiting []conversations.Event
}

// note traces an event, now or once the journal is open.
func (t *early) note(ctx context.Context, e conversations.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to == nil {
		t.waiting = append(t.waiting, e)
		return
	}
	t.to(ctx, e)
}

// open traces what waits.
func (t *early) open(ctx context.Context, to func(context.Context, conversations.Event)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.to = to
	for _, e := range t.waiting {
		to(ctx, e)
	}
	t.waiting = nil
}

// listRefreshed counts and traces an attempt to have a newer white list (O155). One that changed nothing is
// counted alone.
func (a *App) listRefreshed(o trust.Outcome) {
	a.trustMetrics.refreshed(o)
	e := conversations.Event{Kind: conversations.TraceList, Code: string(o), Rule: "O39", Actor: conversations.ActorSystem}
	switch o {
	case trust.OutcomeUnchanged:
		return
	case trust.OutcomeRefused:
		e.Outcome = conversations.OutcomeRefused
	case trust.OutcomeFailed:
		e.Outcome = conversations.OutcomeFailed
	case trust.OutcomeNew:
	}
	a.early.note(context.Background(), e)
}

// settingsHash names the settings that a start is made with, so that the trace tells when they changed (O155).
// Secrets are files, of which the settings hold the names alone.
func settingsHash(c config.Config) string {
	text, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// endSessions ends the sessions and tokens of a patient.
func (a *App) endSessions(ctx context.Context, p conversations.PatientID) error {
	return a.OAuth.EndEverywhere(ctx, oauth.Identity{Kind: oauth.Patient, Subject: string(p)})
}

// loggedOut traces a logout in the person's own journal. The session is ended whatever comes of it.
func (a *App) loggedOut(ctx context.Context, who oauth.Identity) {
	if err := a.Conversations.Note(ctx, signatory(who), conversations.TraceLogout); err != nil {
		a.Log.WarnContext(ctx, "logout not traced", "kind", string(conversations.KindOf(err)))
	}
}

// signatory is who stands for his acts in the journal.
func signatory(who oauth.Identity) conversations.Signatory {
	s := conversations.Signatory{Kind: conversations.ActorProfessional, ID: who.Subject, Name: who.Name, Exercise: cmp.Or(who.ExerciseName, who.Exercise)}
	if who.Kind == oauth.Patient {
		s.Kind, s.Patient = conversations.ActorPatient, conversations.PatientID(who.Subject)
	}
	return s
}
