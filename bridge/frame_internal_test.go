package bridge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// script is a connection on which a peer sends prepared octets in pieces and reads nothing.
type script struct {
	net.Conn
	rest  []byte
	piece int
	close func() // once
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.rest[:min(len(s.rest), s.piece)])
	s.rest = s.rest[n:]
	return n, nil
}

func (s *script) Write(b []byte) (int, error)      { return len(b), nil }
func (s *script) Close() error                     { s.close(); return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) RemoteAddr() net.Addr             { return &net.TCPAddr{} }

// heard is what a server made of a script.
type heard struct {
	messages []string
	senders  []string
	patients []string
}

func (h *heard) Mail(from string, _ *smtp.MailOptions) error {
	h.senders = append(h.senders, from)
	return nil
}
func (h *heard) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (h *heard) Reset()                               {}
func (h *heard) Logout() error                        { return nil }
func (h *heard) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err == nil {
		h.messages = append(h.messages, string(b))
	}
	return err
}

// framed reads messages as our session does.
type framed struct {
	*heard
	conn *peerConn
}

func (f framed) Data(r io.Reader) error {
	return f.heard.Data(&source{r: f.conn.message(r), left: DefaultMaxMessageBytes})
}

// Rcpt notes the patients whom a path names, with the path as our session sees it.
func (f framed) Rcpt(to string, _ *smtp.RcptOptions) error {
	if _, err := f.conn.server.served(to); err != nil {
		return err
	}
	ins, err := f.conn.server.citizen(to, f.conn.path())
	if err == nil {
		f.patients = append(f.patients, string(ins))
	}
	return err
}

// play lets go-smtp hear a script, behind our frame or alone.
func play(stream string, piece int, behindFrame bool) heard {
	var h heard
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		if p, ok := c.Conn().(*peerConn); ok {
			return framed{&h, p}, nil
		}
		return &h, nil
	}))
	s.MaxLineLength = 0
	s.ErrorLog = silent{}
	ln := &oneConn{conns: make(chan net.Conn, 1)}
	var conn net.Conn = &script{rest: []byte(stream), piece: piece, close: sync.OnceFunc(func() { close(ln.conns) })}
	if behindFrame {
		server := &Server{Config: Config{Host: "host.test", CitizenDomain: "d.fr", CheckINSKey: true}.orDefaults(), Deps: Deps{Now: time.Now, Log: slog.New(slog.DiscardHandler)}, base: context.Background()}
		p := &peerConn{Conn: conn, server: server, expires: time.Now().Add(time.Hour), release: func() {}}
		p.newFrame()
		conn = p
	}
	ln.conns <- conn
	_ = s.Serve(ln)
	return h
}

// oneConn is a listener that gives what it was given.
type oneConn struct {
	net.Listener
	conns chan net.Conn
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error { return nil }

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// bare reports whether a CR stands without LF, or a LF without CR.
func bare(s string) bool { return strings.ContainsAny(strings.ReplaceAll(s, "\r\n", ""), "\r\n") }

const (
	opening = "EHLO x.fr\r\nMAIL FROM:<a@b.fr>\r\nRCPT TO:<279035121518989@d.fr>\r\n"
	closing = "RSET\r\nMAIL FROM:<end@b.fr>\r\n"
)

// FuzzDATA compares our reader with go-smtp's. A message without bare line ends has the same octets and
// the same end, which is the first CR LF . CR LF. A message with any keeps one, and so is refused: it is
// never a message that go-smtp would have made of other octets.
func FuzzDATA(f *testing.F) {
	for _, body := range []string{
		"", ".", "..", "a", "\r\n.\r\n", "\r\n..\r\n.", ".\r", "\r", "\n", "\r\n.\n", "\n.\r\n", "\r\r\n.\r\n", ".\r\r\n.\r\n", ".\rx",
		"\r\n.\r\nMAIL FROM:<x@y.fr>\r\nRCPT TO:<279035121518989@d.fr>\r\nDATA\r\nz", "\r\n\x00.\r\n", strings.Repeat("x", 300) + "\r\n.y",
	} {
		f.Add([]byte(body), uint8(1))
		f.Add([]byte(body), uint8(200))
	}
	f.Fuzz(func(t *testing.T, body []byte, piece uint8) {
		content := string(body) + "\r\n.\r\n"
		stream := opening + "DATA\r\n" + content + closing
		theirs, ours := play(stream, int(piece)+1, false), play(stream, int(piece)+1, true)
		end := strings.Index("\r\n"+content, "\r\n.\r\n")
		sent := content[:end]
		switch {
		case bare(sent):
			if len(ours.messages) > 0 && !bare(ours.messages[0]) {
				t.Errorf("%q became %q, where every line has a right end", content, ours.messages[0])
			}
		case len(ours.messages) == 0:
			if !bytes.Contains(body, []byte{0}) && len(body) < maxLine {
				t.Errorf("%q was refused", content)
			}
		default:
			want := strings.TrimPrefix(strings.ReplaceAll("\r\n"+sent, "\r\n.", "\r\n"), "\r\n")
			if ours.messages[0] != want || theirs.messages[0] != want {
				t.Errorf("%q became %q here, %q there", content, ours.messages[0], theirs.messages[0])
			}
			if strings.HasPrefix(content[end:]+closing, ".\r\n"+closing) && (len(ours.senders) != 2 || ours.senders[1] != "end@b.fr") {
				t.Errorf("%q: what follows was read as %q", content, ours.senders)
			}
		}
	})
}

// FuzzBDAT cuts a message into chunks: whatever it holds, it is that message, and what follows the last
// chunk is commands.
func FuzzBDAT(f *testing.F) {
	for _, body := range []string{"", "a", "\r\n.\r\n", "BDAT 3 LAST\r\nabc", "DATA\r\n", "QUIT\r\nMAIL FROM:<x@y.fr>\r\n", "\x00\n\r"} {
		f.Add([]byte(body), uint16(1), uint8(0))
		f.Add([]byte(body), uint16(3), uint8(200))
	}
	f.Fuzz(func(t *testing.T, body []byte, size uint16, piece uint8) {
		var stream strings.Builder
		stream.WriteString(opening)
		rest := body
		for n := int(size) + 1; len(rest) > n; rest = rest[n:] {
			fmt.Fprintf(&stream, "BDAT %d\r\n%s", n, rest[:n])
		}
		fmt.Fprintf(&stream, "BDAT %d LAST\r\n%s%s", len(rest), rest, closing)
		ours := play(stream.String(), int(piece)+1, true)
		if len(ours.messages) == 0 && !bytes.Contains(body, []byte{0}) && len(body) < maxLine {
			t.Errorf("%q was refused", body)
		}
		if len(ours.messages) > 1 || len(ours.messages) == 1 && ours.messages[0] != string(body) {
			t.Errorf("%q became %q", body, ours.messages)
		}
		if len(ours.senders) != 2 || ours.senders[1] != "end@b.fr" {
			t.Errorf("%q: what follows was read as %q", body, ours.senders)
		}
	})
}

// FuzzCommands sends anything as commands: each line has its answer, no crash and no hang, and go-smtp never
// sees a NUL or a CR inside of one.
func FuzzCommands(f *testing.F) {
	for _, s := range []string{
		"NOOP", "MAIL FROM:<a@b.fr>", "RCPT TO:<postmaster>", "BDAT 5 LAST\r\nhello", "BDAT 99999999999999999999", "DATA\r\n.",
		"MAIL FROM:<a@b.fr> SIZE=99999999999\r\nRCPT TO:<\"a\\\"b\"@c.fr>\r\nDATA\r\nx\r\n.", "EHLO \xff", "HELP", "\x00", "a\rb", "a\nb",
	} {
		f.Add([]byte(s), uint8(7))
	}
	f.Fuzz(func(t *testing.T, commands []byte, piece uint8) {
		heard := play("EHLO x.fr\r\n"+string(commands)+"\r\n", int(piece)+1, true)
		for _, s := range heard.senders {
			if strings.ContainsAny(s, "\r\n\x00") {
				t.Errorf("%q gave the sender %q", commands, s)
			}
		}
	})
}

// FuzzForwardPath sends anything as the path of RCPT: a patient is found only where the path is his
// matricule and our domain, written plainly (R12-R20, O76, O98).
func FuzzForwardPath(f *testing.F) {
	for _, s := range []string{
		"279035121518989@d.fr", "279035121518989@D.FR", `"279035121518989"@d.fr`, "@x.fr:279035121518989@d.fr", "279035121518989+a@d.fr",
		" 279035121518989@d.fr", "279035121518989@d.fr> NOTIFY=NEVER", "279035121518989@d.fr.", "2790351215189\\89@d.fr", "a@b@d.fr", "1A",
		"27903512151898\xd9\xa9@d.fr", "postmaster", "x@d.fr18\nRCPT TO:<279035121518989@d.fr", "279035121518989@d.fr>\r\nRCPT TO:<279035121518989@d.fr",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, path []byte) {
		got := play("EHLO x.fr\r\nMAIL FROM:<a@b.fr>\r\nRCPT TO:<"+string(path)+">\r\n", 100, true)
		plain := 0
		for _, line := range strings.Split("<"+string(path)+">", "\r\n") {
			_, rest, _ := strings.Cut(line, "<")
			written, _, _ := strings.Cut(rest, ">")
			for _, ins := range got.patients {
				if strings.EqualFold(written, ins+"@d.fr") {
					plain++
				}
			}
		}
		if len(got.patients) > plain {
			t.Errorf("%q named %d patients", path, len(got.patients))
		}
	})
}

// BenchmarkDATA reads a message of 5 MB from memory, by our reader and by go-smtp's.
func BenchmarkDATA(b *testing.B) {
	stream := opening + "DATA\r\n" + strings.Repeat(strings.Repeat("x", 76)+"\r\n", 5<<20/78) + ".\r\n" + closing
	for name, behindFrame := range map[string]bool{"ours": true, "go-smtp": false} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(stream)))
			for b.Loop() {
				if h := play(stream, 16<<10, behindFrame); len(h.messages) != 1 {
					b.Fatal("no message")
				}
			}
		})
	}
}
