package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Pace of the readers (docs/performance.md, G9).
const (
	pageRate    = 500 // requests/s, however long the answers take
	pageClients = 50  // connections
)

// openLoop asks for the same page at a steady pace for a while, and returns how long each answer took
// from the instant at which it was due to be asked for: an answer that is late makes those behind it
// late too.
func openLoop(ctx context.Context, client *http.Client, ask *http.Request, window time.Duration) ([]time.Duration, error) {
	due := make(chan time.Time, pageRate*int(window/time.Second+1))
	errs := make([]error, pageClients)
	took := make([][]time.Duration, pageClients)
	var readers sync.WaitGroup
	for i := range pageClients {
		readers.Go(func() {
			for at := range due {
				if err := read(client, ask.Clone(ctx)); err != nil {
					errs[i] = err
					continue
				}
				took[i] = append(took[i], time.Since(at))
			}
		})
	}
	pace(ctx, due, window)
	readers.Wait()
	var all []time.Duration
	for _, t := range took {
		all = append(all, t...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("%w: %w", errFailed, err)
	}
	return all, ctx.Err()
}

// pace gives out the instants at which requests are due, and closes due at the end.
func pace(ctx context.Context, due chan<- time.Time, window time.Duration) {
	defer close(due)
	const gap = time.Second / pageRate
	ticker := time.NewTicker(gap)
	defer ticker.Stop()
	begin := time.Now()
	for next := begin; next.Before(begin.Add(window)); {
		for !next.After(time.Now()) { // several, when this goroutine was late itself
			due <- next
			next = next.Add(gap)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// read reads a whole answer.
func read(client *http.Client, ask *http.Request) error {
	res, err := client.Do(ask)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return err
}
