package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// openThread writes a first message to a patient.
func openThread(a *App, r request) (answer, error) {
	w := written{}
	if err := jsonbody.Decode(r.body, w.firstFields()); err != nil {
		return answer{}, err
	}
	if w.mailbox == "" {
		return answer{}, invalid("mailbox", "Say from which mailbox.")
	}
	m, err := ownMailbox(r.who, w.mailbox)
	if err != nil {
		return answer{}, err
	}
	w.Mailbox = m
	ins, err := patientINS(w.ins, a.cfg.CheckINSKey)
	if err != nil {
		return answer{}, err
	}
	w.INS, w.Operation = ins, r.operation
	if err := checkSubject(w.Subject); err != nil {
		return answer{}, err
	}
	if w.Visit, err = a.taggedVisit(r.who, m, w.visit); err != nil {
		return answer{}, err
	}
	if err := w.checkContent(a.cfg.MaxMessageBytes); err != nil {
		return answer{}, err
	}
	if err := w.checkFirst(); err != nil {
		return answer{}, err
	}
	t, err := a.deps.Conversations.OpenThread(r.ctx, r.who.actor(), w.ThreadInput)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return answer{status: http.StatusCreated, location: apiBase + "/conversations/" + string(t.ID), body: deskThreadOf(t)}, nil
}

// checkSubject refuses a subject that is empty, longer than mail programs show, or holds control
// characters, which could end the header field. The marker [FIN] is refused as well: an end has its own
// call (D6).
func checkSubject(s string) error {
	ends, _ := rules.ReadSubject(s)
	switch {
	case strings.TrimSpace(s) == "":
		return invalid("subject", "A first message needs a subject.")
	case utf8.RuneCountInString(s) > maxSubject:
		return invalid("subject", fmt.Sprintf("At most %d characters.", maxSubject))
	case strings.ContainsFunc(s, unicode.IsControl):
		return invalid("subject", "No control characters.")
	case ends:
		return invalid("subject", "To end an exchange, call exchanges/{id}/end.")
	}
	return nil
}

// write adds a message to a conversation, for the first of the caller's mailboxes that takes part in it.
func write(a *App, r request) (answer, error) {
	w := written{}
	if err := jsonbody.Decode(r.body, w.contentFields()); err != nil {
		return answer{}, err
	}
	if err := w.checkContent(a.cfg.MaxMessageBytes); err != nil {
		return answer{}, err
	}
	w.Operation = r.operation
	m, err := a.writeAs(r.ctx, r.who, r.id, w.ThreadInput)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return created(messageOf(m))
}

// writeAs tries the caller's mailboxes in turn: the core answers not-found, and has done nothing, for one
// that the conversation does not name.
func (a *App) writeAs(ctx context.Context, who Principal, id conversations.ID, in conversations.ThreadInput) (conversations.Message, error) {
	for _, m := range who.Mailboxes {
		in.Mailbox = m
		written, err := a.deps.Conversations.Write(ctx, who.actor(), id, in)
		if err == nil || conversations.KindOf(err) != conversations.KindNotFound {
			return written, err
		}
	}
	return conversations.Message{}, notFound()
}
