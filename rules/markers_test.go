package rules_test

import (
	"strings"
	"testing"

	"mesbridge/rules"
)

// TestReadSubject: section 14 of mes-messaging.md, R80, D5. The subjects are decoded: the encoded
// forms of the section are decoded by the border.
func TestReadSubject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		subject    string
		ends, near bool
	}{
		{"[FIN]", true, false},
		{" [FIN]", true, false}, // OP3b, D5: ASCII white space is trimmed
		{"[FIN]\r\n\t ", true, false},
		{"[fin]", false, true},
		{"[Fin]", false, true},
		{"FIN", false, true},
		{"Re: [FIN]", false, true},
		{"RE : [FIN]", false, true},
		{"Re: Re: [FIN]", false, true},
		{"Fwd: [FIN]", false, true},
		{"FW: [FIN]", false, true},
		{"TR : [FIN]", false, true},
		{"[FIN].", false, true},
		{"[ FIN ]", false, true},
		{"(FIN)", false, true},
		{"\u00a0[FIN]", false, true}, // a no-break space is not ASCII
		{"[FIN]\u202f", false, true},
		{"XDM/1.0/DDM+[FIN]", false, true},
		{"[FIN] merci", false, false},
		{"[FIN", false, true},
		{"[ＦＩＮ]", false, false}, // full-width letters
		{"[FІN]", false, false}, // a Cyrillic letter
		{"", false, false},
		{"   ", false, false},
		{"Fin de traitement", false, false},
		{"FINI", false, false},
		{"REFIN", false, true}, // nobody means a word by it
		{strings.Repeat("[", 12) + "FIN" + strings.Repeat("]", 12), false, false},
		{strings.Repeat(" ", 40) + "[fin]", false, true},
	} {
		if ends, near := rules.ReadSubject(c.subject); ends != c.ends || near != c.near {
			t.Errorf("%q: ends %v, near %v; want %v, %v", c.subject, ends, near, c.ends, c.near)
		}
	}
}

// TestReadEndHeaders: section 14, R81, R82.
func TestReadEndHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values    []string
		fin, near bool
	}{
		{nil, false, false},
		{[]string{"FIN"}, true, false},
		{[]string{" FIN\t"}, true, false},
		{[]string{"fin"}, false, true},
		{[]string{"Fin"}, false, true},
		{[]string{"FIN FIN"}, false, true},
		{[]string{`"FIN"`}, false, true},
		{[]string{"FIN;x"}, false, true},
		{[]string{"[FIN]"}, false, true},
		{[]string{""}, false, true},
		{[]string{"x", "FIN"}, true, false},
		{[]string{"FIN", "x"}, true, false},
		{[]string{"fin", "Fin"}, false, true},
	} {
		if fin, near := rules.ReadEndHeaders(c.values); fin != c.fin || near != c.near {
			t.Errorf("%q: fin %v, near %v; want %v, %v", c.values, fin, near, c.fin, c.near)
		}
	}
}

// FuzzReadSubject: a subject ends or nearly ends, never both; white space around it changes nothing;
// the subject of a reply never ends, never has the prefix twice, and is one line (D10, OP11).
func FuzzReadSubject(f *testing.F) {
	for _, s := range []string{"[FIN]", "Re: [FIN]", " [fin] ", "XDM/1.0/DDM+x", "re :  x", "a\r\nBcc: b", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ends, near := rules.ReadSubject(s)
		if ends && near {
			t.Errorf("%q ends, and nearly does", s)
		}
		if e, n := rules.ReadSubject("\t " + s + "\r\n"); e != ends || n != near {
			t.Errorf("%q: white space around it changes the answer", s)
		}
		if ends != (strings.Trim(s, " \t\r\n\v\f") == "[FIN]") {
			t.Errorf("%q: %v", s, ends)
		}
		reply := rules.ReplySubject(s)
		if e, _ := rules.ReadSubject(reply); e {
			t.Errorf("the reply to %q ends the exchange: %q", s, reply)
		}
		if again := rules.ReplySubject(reply); again != reply {
			t.Errorf("the reply to %q is %q, and to that %q", s, reply, again)
		}
		if strings.ContainsAny(reply, "\r\n\x00") || !strings.HasPrefix(reply, "Re:") {
			t.Errorf("the reply to %q is %q", s, reply)
		}
		if shown := rules.ShownSubject(s); len(shown) > len(s) || strings.HasPrefix(shown, "XDM/1.0/DDM+XDM") != strings.HasPrefix(strings.TrimSpace(s), "XDM/1.0/DDM+XDM/1.0/DDM+XDM") {
			t.Errorf("%q is shown as %q", s, shown)
		}
	})
}
