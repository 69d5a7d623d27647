package page

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Fate tells what a close by hand would do to a conversation; nothing when none is offered any more.
func (p Episode) Fate(t conversations.EpisodeThread) string {
	switch {
	case atStake(t):
		return "Le patient attend une réponse. Une clôture immédiate la termine quand même" + nbsp + "; avec un délai, elle reste à traiter."
	case t.Waiting:
		return "À traiter avant clôture" + nbsp + ": le patient attend une réponse."
	case !p.Closable():
		return ""
	case !t.Ends:
		return "Une clôture n’y change rien."
	}
	return "Une clôture la termine."
}

// atStake reports whether a close by hand would end a conversation in which the patient waits for an answer.
func atStake(t conversations.EpisodeThread) bool { return t.Ends && t.Asked }

// Awaited reports whether a close could leave the patient without an answer.
func (r EpisodeRow) Awaited() bool { return slices.ContainsFunc(r.Threads, atStake) }

// When a close comes, as the form says it.
const (
	FieldWhen    = "quand"
	FieldDays    = "delai" // whole days from now, when the patient is told of a date
	FieldLast    = "dernier"
	FieldContact = "suite"

	CloseLater = "date"
	CloseNow   = "maintenant"
)

// defaultDays stands in the form of a close that nothing announced yet.
const defaultDays = "7"

// ClosingForm is a close as it was typed, or as it is offered.
type ClosingForm struct {
	When    string // CloseLater or CloseNow; empty: neither is chosen
	Days    string
	Message string
	Contact string
	Faults
}

// OfferClosing is the form of a close before anything was typed. Where a patient waits, nothing is chosen for whoever
// closes.
func (r EpisodeRow) OfferClosing() ClosingForm {
	f := ClosingForm{When: CloseLater, Days: defaultDays, Message: r.Plan.LastMessage, Contact: r.Plan.Contact}
	if r.Awaited() {
		f.When = ""
	}
	if r.Pending() {
		f.Days = strconv.Itoa(r.daysLeft())
	}
	return f
}

// daysLeft is how many days a pending end is still to come, begun ones counted whole.
func (r EpisodeRow) daysLeft() int { return int(math.Ceil(r.ClosesAt.Sub(r.Now).Hours() / 24)) }

// Closable reports whether a close would change something.
func (p Episode) Closable() bool {
	return p.Open() || slices.ContainsFunc(p.Threads, func(t conversations.EpisodeThread) bool { return t.Ends })
}

// Answerable reports whether the patient waits in a conversation that the visitor may answer in.
func (Episode) Answerable(t conversations.EpisodeThread) bool {
	return len(t.With) > 0 && t.Asked && t.State != string(rules.ThreadUnreachable)
}

// Reachable lists the conversations in which the visitor may tell the patient that an announced close was
// cancelled.
func (p Episode) Reachable() (list []conversations.EpisodeThread) {
	for _, t := range p.Threads {
		if p.Notice == NoticeCancelledTold && len(t.With) > 0 && t.State == string(rules.ThreadOpen) {
			list = append(list, t)
		}
	}
	return list
}

// ClosingNotice is the message that tells a patient of an announced end: the first refused instant, and whom
// to contact next (D24). With no instant he cannot reply already, and none is told.
func ClosingNotice(zone *time.Location) func(from string, until time.Time, contact string) string {
	return func(from string, until time.Time, contact string) string {
		text := "Votre prise en charge par " + from + " se termine."
		if !until.IsZero() {
			text += " Vous pouvez répondre dans cette conversation jusqu’au " + lastInstant(until.In(zone)) + "."
		}
		if contact == "" {
			contact = "téléphone du cabinet ou du service"
		}
		return text + "\n\n" + nextContact(contact)
	}
}

// LastWords is the message that goes with an end that nothing announced: what the establishment wrote, and whom
// to contact next (D24); empty when there is neither.
func LastWords(text, contact string) string {
	switch {
	case contact == "":
		return text
	case text == "":
		text = "Votre prise en charge est terminée."
	}
	return text + "\n\n" + nextContact(contact)
}

// lastInstant tells the first refused instant in plain text, as [calendar.until] does.
func lastInstant(l time.Time) string {
	if isMidnight(l) {
		return day(l.AddDate(0, 0, -1)) + " inclus"
	}
	return day(l) + " à " + clock(l) + " (heure de Paris)"
}

// nextContact tells the patient whom to contact after an end.
func nextContact(contact string) string {
	return "Ensuite, pour joindre ce professionnel" + nbsp + ": " + strings.TrimSuffix(contact, ".") + "."
}
