package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// endsPath is where a professional ends several exchanges together (D7).
const endsPath = "/pro/fins"

const faultReasonLong = "Écrivez un motif de 500 caractères au plus."

// endsPage shows exactly what the end of the chosen exchanges would silence (D6), before anything is planned.
func endsPage(a *App, v visit) (view, error) {
	p, err := a.endsOf(v)
	if err != nil {
		return view{}, err
	}
	return show(p)
}

// chosenExchanges reads the exchanges that a form names, each once. One that is not the visitor's makes all of them
// not found.
func (a *App) chosenExchanges(v visit) ([]conversations.ExchangeLine, error) {
	var lines []conversations.ExchangeLine
	var seen []conversations.ID
	for _, text := range v.form.values[page.FieldExchanges] {
		id, err := outsideID(text)
		if err != nil {
			return nil, err
		}
		if slices.Contains(seen, id) {
			continue
		}
		if seen = append(seen, id); len(seen) > maxEnds {
			return nil, badForm(nil)
		}
		e, err := a.deps.Conversations.Exchange(v.ctx, v.who.Mailboxes, id)
		if err != nil {
			return nil, toProfessional(err)
		}
		lines = append(lines, e)
	}
	return lines, nil
}

// endsOf previews the end of the exchanges that a form names.
func (a *App) endsOf(v visit) (page.Ends, error) {
	p := page.Ends{Place: a.ownPlace(v), Now: a.deps.Now(), At: a.deps.Now().Add(rules.UndoFor), Reason: strings.TrimSpace(v.form.value(page.FieldReason))}
	lines, err := a.chosenExchanges(v)
	if err != nil {
		return p, err
	}
	for _, e := range lines {
		if e.State != rules.ThreadOpen || !e.Planned.At.IsZero() {
			p.Skipped = append(p.Skipped, e)
			continue
		}
		silenced, err := a.deps.Conversations.Silenced(v.ctx, v.who.Mailboxes, e.ID)
		if err != nil {
			return p, toProfessional(err)
		}
		p.Items = append(p.Items, page.EndOf{ExchangeLine: e, Silenced: silenced})
	}
	return p, nil
}

// ownPlace is the list that a form came from, of a mailbox of the visitor's.
func (a *App) ownPlace(v visit) page.Place {
	return page.Place{Mailbox: a.ownKey(v), List: listFrom(v)}
}

// ownKey is the key of the mailbox that a form came from; empty for one that is not the visitor's.
func (a *App) ownKey(v visit) string {
	for _, m := range v.who.Mailboxes {
		if key := a.mailboxKey(m); key == v.form.value(page.FieldMailbox) {
			return key
		}
	}
	return ""
}

// endsForm plans the end of the exchanges, all at one instant. Those that were planned when one of them fails stay
// planned, and are shown at the desk; the same form again plans the others.
func endsForm(a *App, v visit) (view, error) {
	reason := strings.TrimSpace(v.form.value(page.FieldReason))
	if utf8.RuneCountInString(reason) > maxReason {
		p, err := a.endsOf(v)
		p.Error = faultReasonLong
		return view{status: http.StatusUnprocessableEntity, page: p}, err
	}
	lines, err := a.chosenExchanges(v)
	if err != nil {
		return view{}, err
	}
	at, many := a.deps.Now().Add(rules.UndoFor), 0
	for _, e := range lines {
		if e.State != rules.ThreadOpen {
			continue
		}
		many++
		if _, err := a.deps.Conversations.PlanEnd(v.ctx, v.who.actor(), v.who.Mailboxes, e.ID, at, reason); err != nil {
			return view{}, toProfessional(err)
		}
	}
	return goTo(a.ownPlace(v).After(inNumber(many, page.NoticePlanned, page.NoticePlannedAll)))
}

// keepAllForm takes the planned ends that a form names back.
func keepAllForm(a *App, v visit) (view, error) {
	lines, err := a.chosenExchanges(v)
	if err != nil {
		return view{}, err
	}
	for _, e := range lines {
		if _, err := a.deps.Conversations.KeepExchange(v.ctx, v.who.actor(), v.who.Mailboxes, e.ID); err != nil {
			return view{}, toProfessional(err)
		}
	}
	return goTo(a.ownPlace(v).After(inNumber(len(lines), page.NoticeKept, page.NoticeKeptAll)))
}

// inNumber is the notice of so many exchanges.
func inNumber(n int, one, several page.Notice) page.Notice {
	if n > 1 {
		return several
	}
	return one
}

// keepForm takes one planned end back. It tells when the end had come before.
func keepForm(a *App, v visit) (view, error) {
	e, err := a.deps.Conversations.KeepExchange(v.ctx, v.who.actor(), v.who.Mailboxes, v.id)
	if err != nil {
		return view{}, toProfessional(err)
	}
	notice := page.NoticeKept
	if e.State == rules.ThreadEnded {
		notice = page.NoticeTooLate
	}
	return goTo(a.placeOf(v, e.Mailbox).After(notice))
}

// deskPiece sends one document of a conversation to a professional whose mailbox sent or received it (D34).
func deskPiece(a *App, v visit) (view, error) {
	d, err := a.deps.Conversations.AttachmentFor(detached(v.ctx), v.who.actor(), v.who.Mailboxes, v.id, v.piece)
	if err != nil {
		return view{}, toProfessional(err)
	}
	return view{download: &d}, nil
}
