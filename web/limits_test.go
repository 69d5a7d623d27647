package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
)

// serve runs the border on a free port until the test ends.
func (w *world) serve() string {
	w.t.Helper()
	l, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- w.app.Listen(l) }()
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := w.app.Shutdown(ctx); err != nil {
			w.t.Error(err)
		}
		if err := <-stopped; err != nil {
			w.t.Error(err)
		}
	})
	return l.Addr().String()
}

// talk opens a connection that the test closes.
func talk(t *testing.T, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// next reads one response.
func next(t *testing.T, r *bufio.Reader) (int, string) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// A body that no handler read is not the next request: fasthttp by itself would take it for one.
func TestBody_unreadIsNotTheNextRequest(t *testing.T) {
	t.Parallel()
	addr := newWorld(t).serve()
	conn, r := talk(t, addr)
	inner := "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" + strings.Repeat("x", 200_000)
	_, err := fmt.Fprintf(conn, "POST /api/v1/inbox HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%sGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", len(inner), inner)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := next(t, r); status != http.StatusUnauthorized || !strings.Contains(body, "unauthenticated") {
		t.Fatalf("first: %d %s", status, body)
	}
	if status, body := next(t, r); status != http.StatusOK || body != "ok\n" {
		t.Fatalf("second: %d %s", status, body)
	}
}

// D19, docs/contract.md: over the limit of its route a body is answered 413, and the connection lives.
func TestBody_limitOfEachRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // replies of at most 1 MiB
	addr := w.serve()
	reply := withEncoding(1 << 20)
	for _, c := range []struct {
		path     string
		size     int64
		chunked  bool
		want     int
		contains string
	}{
		{repliesPath, reply + 1, false, 413, "too-large"},
		{repliesPath, reply + 1, true, 413, "too-large"},
		{repliesPath, reply * 3, false, 413, "too-large"},
		{repliesPath, reply, false, 400, "invalid-request"}, // read whole, and no JSON
		{repliesPath, reply, true, 400, "invalid-request"},
		{"/api/v1/inbox/a1open/opened", maxSmallBody + 1, false, 413, "too-large"},
		{"/api/v1/inbox/a1open/opened", maxSmallBody, false, 400, "invalid-request"},
	} {
		conn, r := talk(t, addr)
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n", c.path, patientToken)
		body := strings.Repeat("x", int(c.size))
		if c.chunked {
			head += "Transfer-Encoding: chunked\r\n\r\n"
			body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", c.size, body)
		} else {
			head += fmt.Sprintf("Content-Length: %d\r\n\r\n", c.size)
		}
		if _, err := io.WriteString(conn, head+body+"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if status, got := next(t, r); status != c.want || !strings.Contains(got, c.contains) {
			t.Errorf("%s, %d octets, chunked %v: %d %.200s", c.path, c.size, c.chunked, status, got)
		}
		if status, got := next(t, r); status != http.StatusOK || got != "ok\n" {
			t.Errorf("%s: after it %d %.100s", c.path, status, got)
		}
	}
}

// D19: the limit is that of the whole message as mail carries it, base64 included.
func TestContent_limitCountsTheEncoding(t *testing.T) {
	t.Parallel()
	w := written{ThreadInput: conversations.ThreadInput{
		Text: "Bonjour", Attachments: []conversations.Attachment{{Name: "a.bin", Content: make([]byte, 57*10)}},
	}}
	if err := w.checkContent(787); err != nil {
		t.Error(err)
	}
	var p *problem
	if err := w.checkContent(786); !errors.As(err, &p) || p.status != http.StatusRequestEntityTooLarge || p.code != codeTooLarge {
		t.Errorf("one octet less: %v", err)
	}
}

// A body that goes on for ever ends the connection after the answer.
func TestBody_endlessIsCut(t *testing.T) {
	t.Parallel()
	addr := newWorld(t).serve()
	conn, r := talk(t, addr)
	if _, err := io.WriteString(conn, "POST /api/v1/inbox HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	chunk := []byte(fmt.Sprintf("%x\r\n%s\r\n", 1<<20, bytes.Repeat([]byte("x"), 1<<20)))
	go func() {
		for range 2 * maxDrain >> 20 {
			if _, err := conn.Write(chunk); err != nil {
				return // the server closed, as it should
			}
		}
	}()
	if status, _ := next(t, r); status != http.StatusUnauthorized {
		t.Errorf("status %d", status)
	}
	if _, err := r.ReadByte(); err == nil {
		t.Error("the connection goes on")
	}
}

// A download that fails after it began never looks whole.
func TestDownload_cutIsSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.files[pieceID], w.core.cut = bytes.Repeat([]byte("x"), 1<<20), 500_000
	addr := w.serve()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/api/v1/inbox/attachments/a1open.2.0", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+patientToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || n >= 1<<20 {
		t.Errorf("read %d octets, %v", n, err)
	}
}

// Header fields have a limit too.
func TestHeader_tooLarge(t *testing.T) {
	t.Parallel()
	addr := newWorld(t).serve()
	conn, r := talk(t, addr)
	if _, err := fmt.Fprintf(conn, "GET /api/v1/inbox HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 2*headerBytes)); err != nil {
		t.Fatal(err)
	}
	if status, body := next(t, r); status != http.StatusRequestHeaderFieldsTooLarge || strings.Contains(body, "xxx") {
		t.Errorf("status %d %.200s", status, body)
	}
}
