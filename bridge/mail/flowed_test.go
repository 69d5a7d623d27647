package mail

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestFlow_join covers RFC 3676 sections 4.1 to 4.6.
func TestFlow_join(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ params, in, want string }{
		{"format=flowed", "un \ndeux \ntrois\nquatre", "un deux trois\nquatre"},
		{"format=Flowed; delsp=Yes", "anticonsti \ntutionnel", "anticonstitutionnel"},
		{"format=flowed; delsp=no", "a \nb", "a b"},
		{"format=flowed", "a  \nb", "a  b"},
		{"format=flowed", " De la part\n  deux\n >pas une citation", "De la part\n deux\n>pas une citation"},
		{"format=flowed", ">> un \n>> deux\n> trois \nquatre", ">> un deux\n> trois \nquatre"}, // depth changes: section 4.5
		{"format=flowed", ">un \n> deux", "> un deux"},
		{"format=flowed", "fin \n-- \nDr Martin \nCardiologie", "fin \n-- \nDr Martin Cardiologie"},
		{"format=flowed", "a \n\nb", "a \nb"},
		{"format=flowed", "a\n\nb", "a\n\nb"},
		{"format=fixed", "un \ndeux", "un \ndeux"},
		{"charset=utf-8", "un \n> deux", "un \n> deux"},
	} {
		_, p := parseStructured("text/plain; " + c.params)
		if got := readFlow(p).join(c.in); got != c.want {
			t.Errorf("%s %q:\ngot  %q\nwant %q", c.params, c.in, got, c.want)
		}
	}
}

// TestView_flowedText_isJoined: the text that is shown has the paragraphs that were written.
func TestView_flowedText_isJoined(t *testing.T) {
	t.Parallel()
	v := view(t, wire("From: <a@v.fr>\nContent-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\nBon \njour\n\n> cité  \n> encore\n"))
	if want := "Bonjour\n\n> cité encore"; v.Text != want {
		t.Errorf("text %q, want %q", v.Text, want)
	}
}

// FuzzFlow checks that joining lines loses, adds and reorders no letter.
func FuzzFlow(f *testing.F) {
	f.Add("un \n> deux \n>> trois\n-- \nfin", true)
	f.Add(" >x\n \n\n>", false)
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == ' ' || r == '\n' || r == '>' {
				return -1
			}
			return r
		}, s)
	}
	f.Fuzz(func(t *testing.T, text string, delSp bool) {
		text = strings.ToValidUTF8(text, "\uFFFD") // as toUTF8 gives it
		got := flow{flowed: true, delSp: delSp}.join(text)
		if letters(got) != letters(text) {
			t.Fatalf("%q became %q", text, got)
		}
		if len(got) > 2*len(text)+1 || !utf8.ValidString(got) {
			t.Fatalf("%d octets became %d", len(text), len(got))
		}
		if same := (flow{}).join(text); same != text {
			t.Fatalf("fixed text %q became %q", text, same)
		}
	})
}
