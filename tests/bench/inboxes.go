package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Patients of the cast whose inboxes are opened: active adults (docs/contract.md).
const (
	smallInbox = 1
	largeInbox = 2
)

// Views of an inbox.
const (
	viewAPI  = "GET /api/v1/inbox"
	viewPage = "page /messages"
)

// smallSize is how many conversations the small inbox has: one page.
const smallSize = 50

// openInboxes fills two inboxes and reads their first pages, as the API gives them and as pages.
func (l *lab) openInboxes(ctx context.Context, r *report) error {
	for _, box := range []struct{ patient, size int }{{smallInbox, smallSize}, {largeInbox, l.large}} {
		begun := time.Now()
		if err := l.fill(ctx, box.patient, box.size); err != nil {
			return err
		}
		took := time.Since(begun)
		l.note("an inbox of %d was filled in %.1f s, %.0f messages/s to one patient", box.size, took.Seconds(), float64(box.size)/took.Seconds())
		if err := l.readInbox(ctx, r, box.patient, box.size); err != nil {
			return err
		}
	}
	return nil
}

// fill sends conversations to one patient.
func (l *lab) fill(ctx context.Context, patient, size int) error {
	b := l.bridge
	job := load{
		address: l.peers[0].address, tls: l.peers[0].tls, letters: l.lettersFor(small, 10), perConn: 1000, limit: int64(size),
		next: b.toOne(b.ready.Patients[patient].INS),
	}
	if _, err := job.run(ctx); err != nil {
		return err
	}
	found, err := b.inbox(ctx, b.ready.Patients[patient].Token)
	if err == nil && found != int64(size) {
		err = fmt.Errorf("%d messages were accepted for one patient, who has %d", size, found)
	}
	if err != nil {
		return err
	}
	return l.peers[0].settled(ctx, 10*time.Second)
}

// readInbox measures the first page of a list, by the API and as HTML.
func (l *lab) readInbox(ctx context.Context, r *report, patient, size int) error {
	person, err := l.bridge.logIn(ctx, patient)
	if err != nil {
		return err
	}
	person.Transport = &http.Transport{MaxConnsPerHost: pageClients, MaxIdleConnsPerHost: pageClients}
	program := &http.Client{Transport: &http.Transport{MaxConnsPerHost: pageClients, MaxIdleConnsPerHost: pageClients}}
	for _, view := range []struct {
		name   string
		path   string
		client *http.Client
		token  string
	}{
		{viewAPI, "/api/v1/inbox", program, l.bridge.ready.Patients[patient].Token},
		{viewPage, "/messages", person, ""},
	} {
		ask, err := http.NewRequestWithContext(ctx, http.MethodGet, l.bridge.ready.HTTP+view.path, nil)
		if err != nil {
			return err
		}
		if view.token != "" {
			ask.Header.Set("Authorization", "Bearer "+view.token)
		}
		if err := l.readView(ctx, view.client, ask, r.pages.at(inboxRow(view.name, size), nameBridge)); err != nil {
			return fmt.Errorf("%s: %w", view.name, err)
		}
	}
	return nil
}

// readView makes the repeats of one view, after a warm-up.
func (l *lab) readView(ctx context.Context, client *http.Client, ask *http.Request, f *figures) error {
	if _, err := openLoop(ctx, client, ask, l.warm); err != nil {
		return err
	}
	for range l.repeats {
		took, err := openLoop(ctx, client, ask, l.window)
		if err != nil {
			return err
		}
		f.rate = append(f.rate, float64(len(took))/l.window.Seconds())
		f.p50 = append(f.p50, milliseconds(quantile(took, .5)))
		f.p99 = append(f.p99, milliseconds(quantile(took, .99)))
	}
	return nil
}

// inboxRow names a row of the table of pages.
func inboxRow(view string, size int) string {
	return fmt.Sprintf("%s, first 50 of %d conversations", view, size)
}
