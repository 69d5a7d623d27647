package rules_test

import (
	"testing"

	"mesbridge/rules"
)

// TestReplySubject: D10, OP11.
func TestReplySubject(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{
		"Votre consultation":      "Re: Votre consultation",
		"Re: Votre consultation":  "Re: Votre consultation",
		"RE: Votre consultation":  "Re: Votre consultation",
		"re:Votre consultation":   "Re: Votre consultation",
		"RE : Votre consultation": "Re: Votre consultation", // French typography
		"Re\u00a0: Bonjour":       "Re: Bonjour",
		"Re: RE : re: Bonjour":    "Re: Bonjour",
		"Rendez-vous":             "Re: Rendez-vous",
		"Re Bonjour":              "Re: Re Bonjour",
		"XDM/1.0/DDM+ECHOGRAPHIE CORSE FIGATELLIX 12/10/1988": "Re: XDM/1.0/DDM+ECHOGRAPHIE CORSE FIGATELLIX 12/10/1988",
		"Re: XDM/1.0/DDM+ECHOGRAPHIE":                         "Re: XDM/1.0/DDM+ECHOGRAPHIE",
		"[FIN]":                                               "Re: [FIN]",
		"Re: [FIN]":                                           "Re: [FIN]",
		"":                                                    "Re:",
		"  ":                                                  "Re:",
		"Re:":                                                 "Re:",
		"a\r\nBcc: b":                                         "Re: a  Bcc: b",
		"  Bonjour ":                                          "Re: Bonjour",
	} {
		if got := rules.ReplySubject(stored); got != want {
			t.Errorf("%q: %q, want %q", stored, got, want)
		}
	}
}

// TestShownSubject: R43.
func TestShownSubject(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{
		"XDM/1.0/DDM+ECHOGRAPHIE":      "ECHOGRAPHIE",
		" XDM/1.0/DDM+ ECHOGRAPHIE":    "ECHOGRAPHIE",
		"Re: XDM/1.0/DDM+ECHOGRAPHIE":  "Re: ECHOGRAPHIE",
		"RE : XDM/1.0/DDM+ECHOGRAPHIE": "RE : ECHOGRAPHIE",
		"Bonjour XDM/1.0/DDM+":         "Bonjour XDM/1.0/DDM+",
		"xdm/1.0/ddm+ECHOGRAPHIE":      "xdm/1.0/ddm+ECHOGRAPHIE",
		"XDM/1.0/DDM+":                 "",
		"Bonjour":                      "Bonjour",
		"Re: Bonjour":                  "Re: Bonjour",
		"":                             "",
	} {
		if got := rules.ShownSubject(stored); got != want {
			t.Errorf("%q: %q, want %q", stored, got, want)
		}
	}
}
