package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"testing"
)

func TestLetter_isWellFormedAndOfItsSize(t *testing.T) {
	t.Parallel()
	for _, size := range []int{small, medium, large} {
		l := newLetter(toPatients("ch.test", "patient.test"), size, 0)
		l.write(42, 7, "279035121518989")
		content, ended := bytes.CutSuffix(l.content, []byte("\r\n.\r\n"))
		if !ended || len(content)+2 != size {
			t.Errorf("a letter of %d has %d octets, ended %t", size, len(content)+2, ended)
		}
		if bytes.ContainsAny(l.content, "\x01\x02\x03\x04") || bytes.ContainsAny(l.envelope, "\x01\x02\x03\x04") {
			t.Errorf("a letter of %d holds marks", size)
		}
		want := fmt.Sprintf("MAIL FROM:<medecin-007@ch.test> SIZE=%d\r\nRCPT TO:<279035121518989@patient.test>\r\nDATA\r\n", size)
		if string(l.envelope) != want {
			t.Errorf("envelope %q, want %q", l.envelope, want)
		}
		for line := range bytes.Lines(content) {
			if len(line) > 1000 || line[0] == '.' {
				t.Fatalf("line %q of a letter of %d", line, size)
			}
		}
		m, err := mail.ReadMessage(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if m.Header.Get("To") != "<279035121518989@patient.test>" || m.Header.Get("Message-Id") != "<0000000042@mesure.mssante.fr>" {
			t.Errorf("header %v", m.Header)
		}
	}
}

// The next letter is made in the place of the last: nothing of that may stay.
func TestLetter_nextReplacesTheLast(t *testing.T) {
	t.Parallel()
	way := toPatients("ch.test", "patient.test")
	used, fresh := newLetter(way, small, 2), newLetter(way, small, 2)
	used.write(1_111_111_111, 111, "111111111111111", 1, 2)
	used.write(5, 6, "288999935107791", 3, 4)
	fresh.write(5, 6, "288999935107791", 3, 4)
	if !bytes.Equal(used.content, fresh.content) || !bytes.Equal(used.envelope, fresh.envelope) {
		t.Error("a letter that was used before differs from a new one")
	}
	if !strings.Contains(string(used.content), "References: <0000000003@mesure.mssante.fr> <0000000004@mesure.mssante.fr>\r\n") {
		t.Error("the references are not those that were given")
	}
}
