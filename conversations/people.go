package conversations

import (
	"strings"

	"mesbridge/rules"
)

// shownName returns the name under which a patient sees a mailbox: the directory's, whatever the mail
// said (I113); else the one of the mail, underscores as spaces (R36, OP19); else the local part. It is
// never the address (R71).
func (s *Service) shownName(l mailboxLabel) string {
	if known := s.Directory.Mailbox(l.address()).Name; known != "" {
		return known
	}
	if name := strings.Join(strings.Fields(strings.ReplaceAll(l.Name, "_", " ")), " "); name != "" && !strings.Contains(name, "@") {
		return name
	}
	return l.Local
}

// names maps every mailbox of a conversation to the name shown for it.
func (l *loaded) names(thread ID) map[rules.MailboxID]string {
	m := make(map[rules.MailboxID]string, len(l.label[thread].People))
	for _, p := range l.label[thread].People {
		m[rules.MailboxID(p.Mailbox)] = l.svc.shownName(p)
	}
	return m
}

// named returns the names of the given mailboxes, in order, without repeats.
func named(names map[rules.MailboxID]string, ids []rules.MailboxID) []string {
	list := make([]string, 0, len(ids))
	seen := map[string]bool{}
	for _, m := range ids {
		if n := names[m]; n != "" && !seen[n] {
			seen[n] = true
			list = append(list, n)
		}
	}
	return list
}

// addressOf returns the address of a mailbox of a conversation.
func (l *loaded) addressOf(thread ID, m rules.MailboxID) (Address, bool) {
	for _, p := range l.label[thread].People {
		if rules.MailboxID(p.Mailbox) == m {
			return p.address(), true
		}
	}
	return Address{}, false
}
