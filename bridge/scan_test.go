package bridge_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge"
	"mesbridge/bridge/scan"
)

// fakeClamd answers every message with the same words; what it says is that of a real clamd, which the tests
// of package scan start.
func fakeClamd(t *testing.T, says string) *scan.Scanner {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if says == "" {
					return
				}
				for end := ""; end != "\x00\x00\x00\x00"; { // the empty chunk; no message here holds four NULs
					b := make([]byte, 4096)
					n, err := c.Read(b)
					if err != nil {
						return
					}
					end = (end + string(b[:n]))[max(0, len(end)+n-4):]
				}
				_, _ = io.WriteString(c, says)
			}()
		}
	}()
	return scan.New(ln.Addr().String(), 5*time.Second, time.Now)
}

// TestData_scan covers O168, D35 and table 15.1: infected mail is refused at the end of DATA, nothing is
// taken while nobody knows, and the connection goes on.
func TestData_scan(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ says, want, trace string }{
		"clean":    {"stream: OK\x00", "250 2.0.0", "event=antivirus outcome=success"},
		"infected": {"stream: Test.Eicar FOUND\x00", "550 5.7.1 Message refused: the content scan found a virus", "event=antivirus outcome=refused rule=O168"},
		"error":    {"INSTREAM size limit exceeded. ERROR\x00", "451 4.3.0 Temporary failure", "event=antivirus outcome=failed"},
		"cut":      {"", "451 4.3.0 Temporary failure", "event=antivirus outcome=failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOn(t, func(d *bridge.Deps) { d.Scanner = fakeClamd(t, tt.says) })
			c := b.secure(t, b.operator)
			for _, to := range []string{alice, "postmaster"} {
				c.envelope(doctor, to)
				c.want(c.send(message("corps du message\r\n")), tt.want)
			}
			messages, _ := b.inbox.taken()
			if taken := strings.HasPrefix(tt.want, "250"); taken != (len(messages) == 1) || taken != (len(b.filed(t)) == 1) {
				t.Errorf("%d in the inbox, %d filed", len(messages), len(b.filed(t)))
			}
			if strings.Count(b.log.String(), tt.trace) != 2 {
				t.Errorf("the verdict is not traced in %s", b.log.String())
			}
		})
	}
}
