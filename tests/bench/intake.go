package main

import (
	"context"
	"fmt"
	"time"
)

// takeMail measures every cell at every peer, in turn, and finds what the bridge accepted.
func (l *lab) takeMail(ctx context.Context, r *report) error {
	for _, c := range l.cells {
		if !l.wants(c.String()) {
			continue
		}
		for range l.repeatsOf(c) {
			for _, p := range l.peers {
				if err := l.probe.take(); err != nil {
					return err
				}
				if err := l.takeOnce(ctx, c, p, r.intake.at(c.String(), p.name)); err != nil {
					return fmt.Errorf("%s, %s: %w", c, p.name, err)
				}
			}
		}
		if err := l.bridge.verify(ctx); err != nil {
			return fmt.Errorf("after %s: %w", c, err)
		}
		l.note("%s: %s", c, r.intake.summary(c.String(), l.peers))
	}
	return nil
}

// takeOnce makes one repeat at one peer.
func (l *lab) takeOnce(ctx context.Context, c cell, p *peer, f *figures) error {
	next := l.bridge.toOthers
	if p.name == nameBridge {
		next = l.bridge.toCrowd
	}
	job := load{
		address: p.address, tls: p.tls, letters: l.lettersFor(c.size, c.sessions),
		perConn: c.perConn, next: next,
	}
	job.warm, job.window = l.times(c)
	before, err := processorTime(p.pids...)
	if err != nil {
		return err
	}
	got, err := job.run(ctx)
	if err != nil {
		return err
	}
	if err := p.settled(ctx, l.settle); err != nil {
		return err
	}
	after, err := processorTime(p.pids...)
	if err != nil {
		return err
	}
	f.add(got, after-before)
	return nil
}

// add notes a repeat: what came after the warm-up, and the processor time for everything.
func (f *figures) add(got result, used time.Duration) {
	f.rate = append(f.rate, float64(len(got.replies))/got.took.Seconds())
	f.p50 = append(f.p50, milliseconds(quantile(got.replies, .5)))
	f.p99 = append(f.p99, milliseconds(quantile(got.replies, .99)))
	f.cpu = append(f.cpu, used.Seconds()*1000/float64(max(got.accepted, 1)))
	f.resumed = append(f.resumed, float64(got.resumed)/float64(max(got.opened, 1)))
}
