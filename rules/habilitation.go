package rules

import (
	"slices"
	"time"
)

// Habilitation is what decides who acts for a professional mailbox, and who keeps the list of those who may
// (I119, I120). Administering a mailbox gives no right to read it (D27).
type Habilitation struct {
	Kind        MailboxKind
	Holder      PersonID      // of a personal or practice mailbox, as the directory has it
	Exercise    Exercise      // of the holder, as the directory has it
	Responsible []PersonID    // who keep the list of users
	Users       []MailboxUser // of an organisational or practice mailbox
}

// MailboxUser is a person on the list of a mailbox.
type MailboxUser struct {
	Person PersonID
	Since  time.Time // when he was put on the list
	From   time.Time // first instant with the right, of a cover; zero: at once
	Until  time.Time // first instant without the right; zero: no end
}

// MayUse tells whether a person may read and write for the mailbox at now: its holder for a personal one, its
// holder and whom he listed for a practice's, whom the responsible person listed for an organisational one.
// Nobody acts in person for an application's (I119, I120, D27).
func (h Habilitation) MayUse(p PersonID, now time.Time) Refusal {
	switch {
	case h.keepsList() && h.lists(p, now):
		return Refusal{}
	case h.holds(p):
		return h.Exercise.MayHold()
	}
	return Refusal{NotHabilitated, "I120"}
}

// holds reports whether a person acts for the mailbox as its holder.
func (h Habilitation) holds(p PersonID) bool {
	return p != "" && p == h.Holder && (h.Kind == Personal || h.Kind == Practice)
}

// MayAdminister tells whether a person keeps the list of users. For anybody else there is no such list.
func (h Habilitation) MayAdminister(p PersonID) Refusal {
	if h.keepsList() && p != "" && slices.Contains(h.Responsible, p) {
		return Refusal{}
	}
	return Refusal{NotFound, "I119"}
}

// AdmitUser tells whether by may put a person on the list at now. Whoever is responsible without an exercise of
// his own administers, and never gives himself the right to read (I119); exercises says whether the
// directory knows one of the person listed.
func AdmitUser(h Habilitation, by PersonID, user MailboxUser, exercises bool, now time.Time) Refusal {
	if r := h.MayAdminister(by); r.Refused() {
		return r
	}
	switch {
	case user.Person == "" || !user.Until.IsZero() && (!user.Until.After(now) || !user.Until.After(user.From)):
		return Refusal{EmptyMessage, "I119"}
	case user.Person == by && !exercises:
		return Refusal{NotHabilitated, "I119"}
	}
	return Refusal{}
}

// keepsList reports whether mailboxes of the kind have users beside their holder: a personal mailbox is its
// holder's alone, an application's is acted for by the application (I119, I120).
func (h Habilitation) keepsList() bool { return h.Kind == Organisational || h.Kind == Practice }

// lists reports whether a person stands on the list at now.
func (h Habilitation) lists(p PersonID, now time.Time) bool {
	return slices.ContainsFunc(h.Users, func(u MailboxUser) bool { return p != "" && u.Person == p && u.within(now) })
}

// within reports whether a user has the right at now.
func (u MailboxUser) within(now time.Time) bool {
	return !now.Before(u.From) && (u.Until.IsZero() || now.Before(u.Until))
}
