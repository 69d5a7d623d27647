package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// told is what a teller sent and how often it asked, and what it is to meet.
type told struct {
	mu     sync.Mutex
	events []string
	asked  int
	away   bool
}

func (o *told) send(text string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away {
		return errors.New("nobody reads")
	}
	o.events = append(o.events, text)
	return nil
}

// holds counts the questions whether the stream still may.
func (o *told) holds() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	return nil
}

// leave makes the browser go away.
func (o *told) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = true
}

// heard is what was sent so far, and how often the teller asked.
func (o *told) heard() (events []string, asked int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.events), o.asked
}

// A stream tells of changes, at most one in a second, and beats in between; it asks each time whether it may.
func TestStream_tellsOfChangesAndBeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		changes := make(chan struct{}, 1)
		out := &told{}
		one := &stream{end: make(chan struct{}), stop: make(chan struct{})}
		go teller{stream: one, changes: changes, holds: out.holds}.run(out.send)
		changes <- struct{}{}
		synctest.Wait()
		changes <- struct{}{} // within the second: it waits
		synctest.Wait()
		if got, _ := out.heard(); strings.Join(got, "") != eventStart+eventReload {
			t.Fatalf("sent %q", got)
		}
		<-time.After(eventPace) // of the clock of the bubble
		synctest.Wait()
		if got, asked := out.heard(); strings.Join(got, "") != eventStart+eventReload+eventReload || asked != 2 {
			t.Errorf("sent %q, asked %d times", got, asked)
		}
		<-time.After(heartbeat)
		synctest.Wait()
		if got, asked := out.heard(); got[len(got)-1] != eventBeat || asked != 3 {
			t.Errorf("no heartbeat in %q, asked %d times", got, asked)
		}
		close(one.end)
		synctest.Wait()
		if got, _ := out.heard(); got[len(got)-1] != eventEnd {
			t.Errorf("the newer stream did not end it: %q", got)
		}
	})
}

// A stream ends with the session, with a browser that has gone, and when the session cannot be looked up.
func TestStream_ends(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		holds error
		gone  bool
		last  string
	}{
		"session over": {holds: ErrUnauthenticated, last: eventEnd},
		"not known":    {holds: errors.New("redis is away"), last: eventStart},
		"browser gone": {gone: true, last: eventStart},
	} {
		synctest.Test(t, func(t *testing.T) {
			out := &told{}
			one := &stream{end: make(chan struct{}), stop: make(chan struct{})}
			go func() {
				teller{stream: one, changes: make(chan struct{}), holds: func() error { return end.holds }}.run(out.send)
			}()
			synctest.Wait()
			if end.gone {
				out.leave()
			}
			<-time.After(heartbeat)
			synctest.Wait() // the bubble fails when the goroutine stays
			if got, _ := out.heard(); got[len(got)-1] != end.last {
				t.Errorf("%s: last %q, want %q", name, got, end.last)
			}
		})
	}
}

// One person keeps the newest streams; a process that stops ends all and begins none.
func TestStreams_limits(t *testing.T) {
	t.Parallel()
	var s streams
	var all []*stream
	for range streamsOfOne + 1 {
		one, ok := s.open("jeanne")
		if !ok {
			t.Fatal("a stream was refused")
		}
		all = append(all, one)
	}
	other, _ := s.open("paul")
	select {
	case <-all[0].end:
	default:
		t.Error("the oldest stream goes on")
	}
	s.close(all[0]) // as its goroutine does; it counts once
	s.close(all[1])
	if s.count != streamsOfOne {
		t.Errorf("%d streams, want %d", s.count, streamsOfOne)
	}
	s.shut()
	s.shut()
	for _, one := range []*stream{all[2], other} {
		select {
		case <-one.stop:
		default:
			t.Error("a stream outlives the server")
		}
	}
	if _, ok := s.open("paul"); ok {
		t.Error("a stream begins after the end")
	}
	full := streams{count: maxStreams}
	if _, ok := full.open("paul"); ok {
		t.Error("no limit of streams")
	}
}

// The stream is told at once that the page is old, carries no content, and is nobody's without a session.
func TestEvents_carryNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(patientKey, "/evenements?vu=old").wants(http.StatusOK, "")
	if kind := got.header.Get("Content-Type"); kind != "text/event-stream" || got.header.Get("Content-Encoding") != "" {
		t.Errorf("type %q", kind)
	}
	if string(got.body) != eventStart+eventReload {
		t.Errorf("sent %q", got.body)
	}
	mark := w.app.listMark(w.core.lines())
	if got := w.visit(patientKey, "/evenements?vu="+mark); string(got.body) != eventStart {
		t.Errorf("to a fresh page %q", got.body)
	}
	w.visit(patientKey, "/messages").has(`data-vu="` + mark + `"`)
	w.visit("", "/evenements").wants(http.StatusUnauthorized, "")
	w.visit("", "/messages/liste").wants(http.StatusUnauthorized, "")
	w.visit(proKey, "/evenements").wants(http.StatusForbidden, "")
	if w.app.streams.count != 0 {
		t.Errorf("%d streams are left", w.app.streams.count)
	}
}

// Pages and assets are packed, documents, events and the API are not.
func TestCompressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]string{
		"/messages": "br", w.app.pages.Assets()[0].Path: "br", "/messages/a1open/pieces/" + string(pieceID): "", "/evenements": "",
	} {
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.AddCookie(&http.Cookie{Name: "mes", Value: patientKey})
		r.Header.Set("Accept-Encoding", "gzip, br")
		got := w.do(r)
		if have := got.header.Get("Content-Encoding"); have != want {
			t.Errorf("%s: packed as %q, want %q", path, have, want)
		}
	}
}
