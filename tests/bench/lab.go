package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lab is everything that runs for a measurement.
type lab struct {
	plan
	dir     string
	notes   io.Writer
	bridge  *bridge
	peers   []*peer // the bridge first
	missing string  // why there is no Postfix; empty: there is
	sink    *sink   // where Postfix delivers
	probe   *probe
	closers []func() error
	letters map[int][]*letter // by size
}

// openLab starts every peer in a directory of its own below parent. What it started is closed by close,
// also when it fails.
func openLab(ctx context.Context, p plan, parent, program string, notes io.Writer) (*lab, error) {
	l := &lab{plan: p, notes: notes, letters: map[int][]*letter{}}
	if err := enough(parent, p.disk()); err != nil {
		return l, err
	}
	var err error
	if l.dir, err = os.MkdirTemp(parent, "mesbridge-bench-"); err != nil {
		return l, err
	}
	l.onClose(func() error { return os.RemoveAll(l.dir) })
	if err := os.Chmod(l.dir, 0o755); err != nil { // Postfix's users must get through
		return l, err
	}
	if l.probe, err = openProbe(l.dir); err != nil {
		return l, err
	}
	l.onClose(l.probe.close)
	l.missing = whyNoPostfix()
	if program, err = l.build(ctx, program); err != nil {
		return l, err
	}
	return l, errors.Join(l.openBridge(ctx, program), l.openPeers(ctx))
}

// enough refuses a disk that the measurement could fill.
func enough(dir string, want uint64) error {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return err
	}
	if free := s.Bavail * uint64(s.Bsize); free < want {
		return fmt.Errorf("%s has %d GB free, %d are needed; name another directory with -dir", dir, free>>30, want>>30)
	}
	return nil
}

// build compiles what runs beside this program, and the bridge when none is given.
func (l *lab) build(ctx context.Context, program string) (string, error) {
	l.note("building")
	packages := []string{"mesbridge/tests/bench/floor"}
	if l.missing == "" {
		packages = append(packages, "mesbridge/tests/bench/milter")
	}
	if program == "" {
		packages, program = append(packages, "mesbridge/cmd/mesbridge"), l.path("bin", "mesbridge")
	}
	return program, build(ctx, l.path("bin"), packages...)
}

func (l *lab) path(names ...string) string {
	return filepath.Join(append([]string{l.dir}, names...)...)
}

func (l *lab) openBridge(ctx context.Context, program string) error {
	l.note("starting the bridge with %d patients", peopleCount)
	var err error
	if l.bridge, err = startBridge(ctx, program, l.dir); err != nil {
		return err
	}
	l.onClose(l.bridge.close)
	one, err := l.bridge.pki().newPeer(nameBridge, l.bridge.ready.SMTP, l.bridge.pid())
	l.peers = append(l.peers, one)
	return err
}

// openPeers starts the others.
func (l *lab) openPeers(ctx context.Context) error {
	if l.bridge == nil {
		return nil // it has failed already
	}
	l.note("starting the other servers")
	trust := l.bridge.pki()
	if l.missing == "" {
		if err := l.openPostfix(ctx, trust); err != nil {
			return err
		}
	}
	if err := os.Mkdir(l.path("floor"), 0o700); err != nil {
		return err
	}
	one, c, err := startFloor(l.path("bin", "floor"), l.path("floor"), trust)
	if err != nil {
		return err
	}
	l.onClose(c.stop)
	l.peers = append(l.peers, one)
	return nil
}

// openPostfix starts the filter, the server that Postfix delivers to, and Postfix.
func (l *lab) openPostfix(ctx context.Context, trust pki) error {
	filter, err := start(l.path("bin", "milter"))
	if err != nil {
		return err
	}
	l.onClose(filter.stop)
	address, err := filter.line()
	if err != nil {
		return err
	}
	if l.sink, err = openSink(l.path("sink"), l.bridge.domain(), trust); err != nil {
		return err
	}
	l.onClose(l.sink.Close)
	p, err := startPostfix(ctx, postfixSettings{
		Dir: l.path("postfix"), Milter: address, Domain: l.bridge.domain(), Sink: l.sink.port,
		CA: trust.ca, Cert: trust.server.Cert, Key: trust.server.Key,
	})
	if err != nil {
		return err
	}
	l.onClose(p.stop)
	plain, err := trust.newPeer(namePostfix, p.plain, p.pid())
	if err != nil {
		return err
	}
	policy, err := trust.newPeer(namePolicy, p.policy, p.pid(), filter.pid())
	l.peers = append(l.peers, plain, policy)
	return err
}

// intakeStep is the measurement whose rows are wanted one by one.
const intakeStep = "taking mail"

// measureAll runs every measurement.
func (l *lab) measureAll(ctx context.Context) (*report, error) {
	r := newReport(l)
	for _, step := range []struct {
		what string
		run  func(context.Context, *report) error
	}{
		{"growing", l.grow}, {"opening inboxes", l.openInboxes}, {"delivering replies", l.deliverReplies}, {intakeStep, l.takeMail},
	} {
		if step.what != intakeStep && !l.wants(step.what) {
			continue
		}
		l.note("%s", step.what)
		if err := step.run(ctx, r); err != nil {
			return nil, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return r, nil
}

// lettersFor gives letters of a size, one for each session, made once for the whole run.
func (l *lab) lettersFor(size, sessions int) []*letter {
	for len(l.letters[size]) < sessions {
		l.letters[size] = append(l.letters[size], newLetter(l.bridge.post(), size, 0))
	}
	return l.letters[size][:sessions]
}

// note tells how far the measurement is.
func (l *lab) note(format string, args ...any) {
	fmt.Fprintf(l.notes, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

func (l *lab) onClose(f func() error) { l.closers = append(l.closers, f) }

// close stops everything in the reverse order of the start.
func (l *lab) close() error {
	var errs []error
	for i := len(l.closers) - 1; i >= 0; i-- {
		errs = append(errs, l.closers[i]())
	}
	return errors.Join(errs...)
}
