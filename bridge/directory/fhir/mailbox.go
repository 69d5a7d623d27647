package fhir

import (
	"strings"

	"mesbridge/rules"
)

// maxBoxes bounds the mailboxes of one resource; the largest hospitals have some hundreds.
const maxBoxes = 5000

// boxesOf lists the mailboxes of a resource: contacts with the extension that says so, never an ordinary e-mail
// address (O132, I100), and those of the obsolete form (O133). One on the red list is left out: it must not be shown
// (O125).
func boxesOf(r *resource) []box {
	var list []box
	take := func(address string, meta extension) {
		a, err := rules.ParseAddress(strings.TrimSpace(address))
		if err != nil || len(list) == maxBoxes || meta.is("listeRouge", true) || meta.is("publication", false) {
			return
		}
		kind, ok := kindOf(r.Type, meta)
		if !ok {
			return
		}
		b := box{Address: a.Wire(), Kind: kind, ZeroPaper: meta.is("digitization", true) || meta.is("dematerialisation", true)}
		for _, name := range []string{"service", "description"} {
			if s, ok := meta.sub(name); ok && b.Service == "" {
				b.Service = short(s.Text)
			}
		}
		list = append(list, b)
	}
	for _, t := range r.Telecom {
		var meta extension
		ours := false
		for _, e := range t.Extension {
			ours = ours || e.named("fr-core-contact-point-email-type") && e.code() == "MSSANTE"
			if e.named("as-ext-mailbox-mss-metadata") {
				meta = e
			}
		}
		if ours && t.System == "email" {
			take(t.Value, meta)
		}
	}
	for _, e := range r.Extension {
		if value, ok := e.sub("value"); ok && e.named("MailboxMSS") {
			take(value.Text, e)
		}
	}
	return list
}

// kindOf is the kind that the metadata name (O134), or that of the bearer when they name none (I103). An unknown kind
// is none of a professional: a citizen's mailbox is never published (O121).
func kindOf(bearer string, meta extension) (rules.MailboxKind, bool) {
	t, ok := meta.sub("type")
	if !ok {
		if bearer == organization {
			return rules.Organisational, true
		}
		return rules.Personal, true
	}
	switch k := rules.MailboxKind(strings.ToUpper(t.code())); k {
	case rules.Personal, rules.Organisational, rules.Application, rules.Practice:
		return k, true
	}
	return "", false
}
