package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// arrivals notes when letters appear in Maildirs, by the kernel's notices of names (inotify(7)).
type arrivals struct {
	notices *os.File
	dirs    map[int32]string // by watch

	mu       sync.Mutex
	expected map[uint64]chan time.Time // by letter

	ended chan struct{}
	fault error // read it after the end
}

// watchMailboxes watches the Maildirs of mailboxes below dir, which it makes when they are not there.
func watchMailboxes(dir string, mailboxes []string) (*arrivals, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch maildirs: %w", err)
	}
	a := &arrivals{
		notices: os.NewFile(uintptr(fd), "inotify"), dirs: map[int32]string{},
		expected: map[uint64]chan time.Time{}, ended: make(chan struct{}),
	}
	for _, m := range mailboxes {
		box := filepath.Join(dir, m, "new")
		err := os.MkdirAll(box, 0o700)
		if err == nil {
			var watch int
			watch, err = unix.InotifyAddWatch(fd, box, unix.IN_MOVED_TO)
			a.dirs[int32(watch)] = box
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("watch maildir: %w", err), a.notices.Close())
		}
	}
	go a.run()
	return a, nil
}

// run takes notices until close.
func (a *arrivals) run() {
	defer close(a.ended)
	buffer := make([]byte, 64<<10)
	for {
		n, err := a.notices.Read(buffer)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		at := time.Now()
		if err == nil {
			err = a.take(buffer[:n], at)
		}
		if err != nil {
			a.fault = err
			return
		}
	}
}

// take notes the letters of some notices.
func (a *arrivals) take(notices []byte, at time.Time) error {
	for len(notices) >= unix.SizeofInotifyEvent {
		event := (*unix.InotifyEvent)(unsafe.Pointer(&notices[0])) // the kernel's own layout, whole by inotify(7)
		if event.Mask&unix.IN_Q_OVERFLOW != 0 {
			return errors.New("notices of arrivals were lost")
		}
		name := notices[unix.SizeofInotifyEvent : unix.SizeofInotifyEvent+event.Len]
		notices = notices[unix.SizeofInotifyEvent+event.Len:]
		number, err := letterNumber(filepath.Join(a.dirs[event.Wd], string(bytes.TrimRight(name, "\x00"))))
		if err != nil {
			return err
		}
		a.mu.Lock()
		if waiting := a.expected[number]; waiting != nil {
			delete(a.expected, number) // a second copy tells nothing new
			waiting <- at
		}
		a.mu.Unlock()
	}
	return nil
}

// letterNumber reads which letter a file holds.
func letterNumber(file string) (uint64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read what arrived: %w", err)
	}
	_, rest, found := bytes.Cut(text, []byte(arrivalMark))
	if !found || len(rest) < len(markNumber) {
		return 0, errors.New("something arrived that was not sent")
	}
	return strconv.ParseUint(string(rest[:len(markNumber)]), 10, 64)
}

// expect says that a letter is on its way; the channel tells when it arrived.
func (a *arrivals) expect(number uint64) <-chan time.Time {
	waiting := make(chan time.Time, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expected[number] = waiting
	return waiting
}

// await waits for an arrival that is expected.
func (a *arrivals) await(ctx context.Context, arrival <-chan time.Time) (time.Time, error) {
	select {
	case at := <-arrival:
		return at, nil
	case <-a.ended:
		return time.Time{}, errors.Join(errLost, a.fault)
	case <-ctx.Done():
		return time.Time{}, errors.Join(errLost, ctx.Err())
	}
}

// errLost means that an accepted letter did not arrive.
var errLost = errors.New("accepted and not delivered")

func (a *arrivals) close() error {
	err := a.notices.Close()
	<-a.ended
	return err
}
