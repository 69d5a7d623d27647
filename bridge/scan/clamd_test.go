package scan_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mesbridge/bridge/scan"
)

// eicar is the test file that every scanner knows, in two halves so that no scanner takes this source for
// it.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}` + `$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// clamd starts a real clamd with one signature of its own and returns its socket.
func clamd(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	database := filepath.Join(dir, "db")
	signature := fmt.Sprintf("Test.Eicar:0:*:%x\n", eicar)
	config := fmt.Sprintf("DatabaseDirectory %s\nLocalSocket %s\nForeground yes\nStreamMaxLength 30M\nMaxScanSize 100M\nMaxFileSize 30M\nTemporaryDirectory %s\n",
		database, socket, dir)
	if os.Getuid() == 0 {
		config += "User root\n"
	}
	if err := errors.Join(
		os.Mkdir(database, 0o700),
		os.WriteFile(filepath.Join(database, "test.ndb"), []byte(signature), 0o600),
		os.WriteFile(filepath.Join(dir, "clamd.conf"), []byte(config), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "clamd", "--config-file", filepath.Join(dir, "clamd.conf"))
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); errors.Is(err, exec.ErrNotFound) {
		t.Fatal("clamd is missing: run `make test`, which installs it, or `apt-get install clamav-daemon`")
	} else if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); <-ended })
	s := scan.New(socket, time.Second, time.Now)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for s.Ping(t.Context()) != nil {
		select {
		case <-tick.C:
		case <-ended:
			t.Fatalf("clamd ended: %s", log.String())
		case <-deadline.C:
			t.Fatalf("clamd does not answer: %s", log.String())
		}
	}
	return socket
}

// message is a mail with an attachment, whatever its first field is.
func message(first, encoding, content string) string {
	return first + "From: a@b.fr\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\ntexte\r\n" +
		"--x\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: " +
		encoding + "\r\n\r\n" + content + "\r\n--x--\r\n"
}

// TestClamd covers O168 with a real clamd: attachments are found in any encoding, whatever field a message
// begins with; clean content is clean; and by either socket.
func TestClamd(t *testing.T) {
	t.Parallel()
	socket := clamd(t)
	s := scan.New(socket, 0, time.Now)
	encoded := base64.StdEncoding.EncodeToString([]byte(eicar))
	for name, tt := range map[string]struct {
		content string
		file    bool
		found   bool
	}{
		"file":                  {eicar, true, true},
		"clean file":            {"%PDF-1.4\n", true, false},
		"empty file":            {"", true, false},
		"base64":                {message("", "base64", encoded), false, true},
		"another first field":   {message("X-MSS-NIL: DEV\r\n", "base64", encoded), false, true},
		"no field it knows":     {strings.Replace(message("X-MSS-NIL: DEV\r\n", "base64", encoded), "From: a@b.fr\r\nMIME-Version: 1.0\r\n", "", 1), false, true},
		"quoted-printable":      {message("", "quoted-printable", strings.ReplaceAll(eicar, "$", "=24")), false, true},
		"inside a message":      {message("", "7bit", eicar), false, true},
		"attached message":      {strings.ReplaceAll(message("", "7bit", message("", "base64", encoded)), "application/octet-stream", "message/rfc822"), false, true},
		"clean mail":            {message("", "base64", "JVBERi0xLjQK"), false, false},
		"clean mail of 25 MB":   {message("", "7bit", strings.Repeat(strings.Repeat("a", 74)+"\r\n", 340_000)), false, false},
		"at the end of 20 MB":   {message("", "7bit", strings.Repeat(strings.Repeat("a", 74)+"\r\n", 270_000)+eicar), false, true},
		"nothing but a newline": {"\r\n", false, false},
	} {
		found, err := check(t, s, tt.content, tt.file)
		if err != nil || (found != "") != tt.found {
			t.Errorf("%s: found %q, %v", name, found, err)
		}
		if tt.found && !strings.HasPrefix(found, "Test.Eicar") {
			t.Errorf("%s: the name is %q", name, found)
		}
	}
}

// check scans content, as a file or as a message in pieces.
func check(t *testing.T, s *scan.Scanner, content string, file bool) (string, error) {
	t.Helper()
	if file {
		return s.Check(t.Context(), strings.NewReader(content))
	}
	stream := s.Begin(t.Context())
	defer stream.Close()
	for rest := content; rest != ""; {
		n := min(len(rest), 64<<10)
		if _, err := io.WriteString(stream, rest[:n]); err != nil {
			t.Errorf("a message fails with its scanner: %v", err)
		}
		rest = rest[n:]
	}
	return stream.Verdict()
}

// TestClamd_faults: whatever is wrong with the scanner, the message is not called clean, and nobody waits
// longer than the timeout.
func TestClamd_faults(t *testing.T) {
	t.Parallel()
	const timeout = 300 * time.Millisecond
	answer := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = io.CopyN(io.Discard, c, 10)
			_, _ = io.WriteString(c, text)
		}
	}
	for name, serve := range map[string]func(net.Conn){
		"silent":             func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"cut at once":        func(net.Conn) {},
		"cut in the message": func(c net.Conn) { _, _ = io.CopyN(io.Discard, c, 50) },
		"reads nothing":      func(net.Conn) { <-t.Context().Done() },
		"garbage":            answer("\xff\xfe\x00\x01"),
		"size limit":         answer("INSTREAM size limit exceeded. ERROR\x00"),
		"error":              answer("stream: Can't allocate memory ERROR\x00"),
		"no NUL":             answer("stream: OK"),
		"other file":         answer("other: OK\x00"),
		"OK and more":        answer("stream: OK\x00stream: OK\x00"),
		"endless":            func(c net.Conn) { _, _ = io.Copy(c, endless{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go func() {
				for {
					c, err := ln.Accept()
					if err != nil {
						return
					}
					go func() { serve(c); c.Close() }()
				}
			}()
			began := time.Now()
			s := scan.New(ln.Addr().String(), timeout, time.Now)
			found, err := check(t, s, message("", "7bit", strings.Repeat("x", 8<<20)), false)
			if err == nil {
				t.Errorf("found %q", found)
			}
			if took := time.Since(began); took > 20*timeout {
				t.Errorf("it took %v", took)
			}
		})
	}
	for name, address := range map[string]string{"no socket": filepath.Join(t.TempDir(), "none"), "nobody listens": "127.0.0.1:1"} {
		if _, err := check(t, scan.New(address, timeout, time.Now), "x", false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestClamd_names: the name of what was found is fit for a trace.
func TestClamd_names(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"Eicar-Test": "Eicar-Test", "": "unnamed", "a\nb c\x1b": "a?b?c?", strings.Repeat("x", 500): strings.Repeat("x", 100),
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = io.CopyN(io.Discard, c, 15) // the command, a chunk of one octet, the end: 10 + 5 + 4
			_, _ = io.CopyN(io.Discard, c, 4)
			_, _ = io.WriteString(c, "stream: "+sent+" FOUND\x00")
		}()
		found, err := check(t, scan.New(ln.Addr().String(), 5*time.Second, time.Now), "x", true)
		ln.Close()
		if err != nil || found != want {
			t.Errorf("%q became %q, %v", sent, found, err)
		}
	}
}

// endless reads without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
