package web

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
)

// Times and limits of the streams that tell the pages of a list to read it again.
const (
	heartbeat = 15 * time.Second // also how soon the end of a session is noticed
	eventPace = time.Second      // at most one event in so long: a burst of messages is one change to the reader
	// streamWait bounds one write to a browser that no longer reads.
	streamWait = 30 * time.Second
	// streamsOfOne is how many streams one person may have in one process. One more ends the oldest, whose page shows
	// a link instead: pages that were left are noticed late, and must not shut out the one that is looked at.
	streamsOfOne = 4
	maxStreams   = 4096 // of one process; each holds a connection and 20 kB
)

// What a stream says. No event has content: the page reads again what it shows, under its own rights.
const (
	eventStart  = "retry: 5000\n: bonjour\n\n" // ms after which a browser comes back
	eventBeat   = ": \n\n"
	eventReload = "event: liste\ndata: recharger\n\n"
	eventEnd    = "event: fin\ndata: fin\n\n" // the browser must not come back
)

// streams are the streams of this process. The zero value is ready; it is safe for concurrent use.
type streams struct {
	mu     sync.Mutex
	of     map[string][]*stream // of one person, oldest first
	count  int
	closed bool
}

// stream is one open stream.
type stream struct {
	person string
	end    chan struct{} // closed when a newer stream of the person takes its place
	stop   chan struct{} // closed when the process stops
}

// open begins a stream of a person; false when there are too many, or the process stops.
func (s *streams) open(person string) (*stream, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.count >= maxStreams {
		return nil, false
	}
	if s.of == nil {
		s.of = map[string][]*stream{}
	}
	if own := s.of[person]; len(own) >= streamsOfOne {
		close(own[0].end)
		s.remove(own[0])
	}
	one := &stream{person: person, end: make(chan struct{}), stop: make(chan struct{})}
	s.of[person] = append(s.of[person], one)
	s.count++
	return one, true
}

// close takes a stream that ended out.
func (s *streams) close(one *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(one)
}

// remove takes a stream out, if it is still there.
func (s *streams) remove(one *stream) {
	own := s.of[one.person]
	at := slices.Index(own, one)
	if at < 0 {
		return
	}
	s.count--
	if s.of[one.person] = slices.Delete(own, at, at+1); len(s.of[one.person]) == 0 {
		delete(s.of, one.person)
	}
}

// shut ends all streams, and lets none begin: a server waits for its connections when it stops.
func (s *streams) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	for _, own := range s.of {
		for _, one := range own {
			close(one.stop)
		}
	}
}

// eventsPage opens the stream of a patient's list. It ends with the session, and with the right of whoever acts for
// another; both are looked up again with each event and each heartbeat.
func eventsPage(a *App, v visit) (view, error) {
	watch, err := a.deps.Conversations.Watch(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	found, err := a.deps.Conversations.Inbox(v.ctx, v.patient, "", defaultLimit)
	if err != nil {
		watch.Stop()
		return view{}, err
	}
	return view{watch: &watch, stale: v.query("vu") != a.listMark(found.Items)}, nil
}

// listMark names what a list shows, so that a page tells whether it shows the newest.
func (a *App) listMark(items []conversations.ThreadLine) string {
	var parts []string
	for _, i := range items {
		parts = append(parts, string(i.ID), i.LastAt.UTC().Format(time.RFC3339Nano), i.State, i.Subject)
		for _, set := range []bool{i.Unread, i.HasAttachment, i.HasDraft} {
			if set {
				parts = append(parts, "1")
			} else {
				parts = append(parts, "0")
			}
		}
	}
	return a.short("list", parts...)
}

// sendStream answers with a stream of events.
func (a *App) sendStream(c *fiber.Ctx, v visit, out view) error {
	watch := *out.watch
	if c.Method() == http.MethodHead {
		watch.Stop()
		return c.SendStatus(http.StatusOK)
	}
	one, ok := a.streams.open(v.who.ID)
	if !ok {
		watch.Stop()
		return &problem{status: http.StatusServiceUnavailable, code: codeUnavailable}
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set("X-Accel-Buffering", "no") // a proxy would keep events back
	// Taken out of the request, which does not outlive this function.
	ctx, conn, cookie, request := detached(v.ctx), c.Context().Conn(), c.Cookies(a.cfg.SessionCookie), requestID(c)
	t := teller{stream: one, changes: watch.Changes, stale: out.stale, holds: func() error { return a.stillHolds(ctx, v, cookie) }}
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer func() {
			if recover() != nil {
				a.deps.Log.LogAttrs(ctx, slog.LevelError, "panic in a stream", slog.String("request", request), slog.String("stack", string(debug.Stack())))
			}
			a.streams.close(one)
			watch.Stop()
		}()
		t.run(func(text string) error { return writeEvent(conn, w, text) })
	})
	return nil
}

// writeEvent sends a text at once. fasthttp sets the deadline of a connection once for each answer, so it is moved here.
func writeEvent(conn net.Conn, w *bufio.Writer, text string) error {
	if err := conn.SetWriteDeadline(time.Now().Add(streamWait)); err != nil { //nolint:forbidigo // a deadline of the operating system
		return err
	}
	if _, err := w.WriteString(text); err != nil {
		return err
	}
	return w.Flush()
}

// stillHolds reports whether the session of a stream is alive and may still read: ErrUnauthenticated when not, another
// error when it cannot be told.
func (a *App) stillHolds(ctx context.Context, v visit, cookie string) error {
	ctx, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	who, _, err := a.deps.Authenticator.Unattended(ctx, cookie)
	switch {
	case err != nil:
		return err
	case who.ID != v.who.ID:
		return ErrUnauthenticated
	case v.acting == nil:
		return nil
	}
	_, err = a.profileNamed(ctx, v.who.Patient, a.profileID(v.patient))
	var gone *problem
	if errors.As(err, &gone) && gone.status == http.StatusNotFound {
		return ErrUnauthenticated
	}
	return err
}

// teller is what one stream tells.
type teller struct {
	*stream
	changes <-chan struct{}
	stale   bool         // the page shows an older list than there is
	holds   func() error // as stillHolds
}

// run tells until the stream ends, or nobody takes what it sends.
func (t teller) run(send func(string) error) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	err := send(eventStart)
	if err == nil && t.stale {
		err = send(eventReload)
	}
	for err == nil {
		select {
		case <-t.end:
			_ = send(eventEnd)
			return
		case <-t.stop: // the browser comes back, to a process that runs
			return
		case _, more := <-t.changes:
			if !more {
				return
			}
			err = cmp.Or(t.tell(send, eventReload), t.rest())
		case <-beat.C:
			err = t.tell(send, eventBeat)
		}
	}
}

// errOver ends a stream.
var errOver = errors.New("stream is over")

// tell sends an event while the session holds. When that cannot be told, the stream ends and the browser asks again.
func (t teller) tell(send func(string) error, event string) error {
	err := t.holds()
	if errors.Is(err, ErrUnauthenticated) {
		_ = send(eventEnd)
	}
	if err != nil {
		return err
	}
	return send(event)
}

// rest waits before the next event. Changes that come meanwhile are one.
func (t teller) rest() error {
	pace := time.NewTimer(eventPace)
	defer pace.Stop()
	select {
	case <-pace.C:
		return nil
	case <-t.stop:
		return errOver
	}
}
