package delivery

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pool keeps the connections that wait for another message, by domain, and limits how many are made
// to one domain at once. It is safe for concurrent use.
type pool struct {
	idleFor time.Duration
	size    int

	mu     sync.Mutex
	idle   map[string][]*link // the last one used is the last
	places map[string]chan struct{}
	closed bool
}

func newPool(size int, idleFor time.Duration) *pool {
	return &pool{
		idleFor: idleFor, size: size,
		idle: make(map[string][]*link), places: make(map[string]chan struct{}),
	}
}

// enter waits for a place among the connections to a domain: until ctx ends, and no longer than wait,
// so that a slow domain does not keep the workers from the others. The number of domains is bounded by
// the white list.
func (p *pool) enter(ctx context.Context, domain string, wait time.Duration) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	p.mu.Lock()
	places := p.places[domain]
	if places == nil {
		places = make(chan struct{}, p.size)
		p.places[domain] = places
	}
	p.mu.Unlock()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// take gives an idle link to a domain to the caller alone, or nil. The one used last is the most
// likely to be still there.
func (p *pool) take(domain string) *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	links := p.idle[domain]
	if len(links) == 0 {
		return nil
	}
	l := links[len(links)-1]
	p.idle[domain] = links[:len(links)-1]
	l.expiry.Stop()
	return l
}

// put keeps a link for the next message, for a while.
func (p *pool) put(l *link) {
	p.mu.Lock()
	kept := !p.closed
	if kept {
		p.idle[l.domain] = append(p.idle[l.domain], l)
		if l.expiry == nil {
			l.expiry = time.AfterFunc(p.idleFor, func() { p.expire(l) })
		} else {
			l.expiry.Reset(p.idleFor)
		}
	}
	p.mu.Unlock()
	if !kept {
		l.quit()
	}
}

// expire ends a link that still waits. One that was taken in the same instant is left alone.
func (p *pool) expire(l *link) {
	p.mu.Lock()
	links := p.idle[l.domain]
	at := slices.Index(links, l)
	if at >= 0 {
		p.idle[l.domain] = slices.Delete(links, at, at+1)
	}
	p.mu.Unlock()
	if at >= 0 {
		l.quit()
	}
}

// close ends the links that wait, and every other one when it comes back.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	var all []*link
	for domain, links := range p.idle {
		all = append(all, links...)
		delete(p.idle, domain)
	}
	p.mu.Unlock()
	var goodbyes sync.WaitGroup
	for _, l := range all {
		l.expiry.Stop()
		goodbyes.Go(l.quit)
	}
	goodbyes.Wait()
}
