package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// Limits of what a professional writes.
const (
	maxSubject = 255 // characters; longer ones are cut by mail programs
	maxReason  = 500 // characters
)

// owned finds an address among the caller's mailboxes.
func owned(who Principal, address string) (conversations.Address, bool) {
	a, err := rules.ParseAddress(address)
	if err != nil {
		return conversations.Address{}, false
	}
	at := slices.IndexFunc(who.Mailboxes, func(m conversations.Address) bool { return m.Canonical() == a.Canonical() })
	if at < 0 {
		return conversations.Address{}, false
	}
	return who.Mailboxes[at], true
}

// listed is the mailbox and filter of a list. Without ?mailbox= it is the caller's only one; another's is
// not found.
func listed(r request, states ...rules.ThreadState) (conversations.Address, conversations.Filter, error) {
	cursor, limit, err := place(r)
	if err != nil {
		return conversations.Address{}, conversations.Filter{}, err
	}
	f := conversations.Filter{State: rules.ThreadState(r.query("state")), Cursor: cursor, Limit: limit}
	if f.State != "" && !slices.Contains(states, f.State) {
		return conversations.Address{}, f, invalid("state", fmt.Sprintf("One of %v.", states))
	}
	if wish := r.query("list"); wish != "" {
		if f.List = listNamed(wish); f.List == 0 {
			return conversations.Address{}, f, invalid("list", "One of waiting, unread, undelivered, planned.")
		}
	}
	if wish := r.query("patient"); wish != "" {
		if f.Patient, err = outsideID(wish); err != nil {
			return conversations.Address{}, f, err
		}
	}
	wish := r.query("mailbox")
	switch {
	case wish != "":
		m, mine := owned(r.who, wish)
		if !mine {
			return m, f, notFound()
		}
		return m, f, nil
	case len(r.who.Mailboxes) == 1:
		return r.who.Mailboxes[0], f, nil
	}
	return conversations.Address{}, f, invalid("mailbox", "Say which mailbox.")
}

// listNamed returns the list of a name in the API; 0 for none. A conversation has no planned end of its own, so that
// its list is empty.
func listNamed(name string) rules.Lists {
	return map[string]rules.Lists{
		"waiting": rules.ListWaiting, "unread": rules.ListUnread, "undelivered": rules.ListUndelivered, "planned": rules.ListPlanned,
	}[name]
}

// exchanges lists the pairs of a mailbox.
func exchanges(a *App, r request) (answer, error) {
	m, f, err := listed(r, rules.ThreadOpen, rules.ThreadEnded, rules.ThreadUnreachable)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Exchanges(r.ctx, m, f)
	if err != nil {
		return answer{}, toProfessional(ofList(err))
	}
	return asOf(listOf(found.Items, found.Next, found.AsOf, func(e conversations.ExchangeLine) exchangeShape {
		s := exchangeOf(e)
		s.ETag = a.tagOf(r.who, s)
		s.Cares = caresOf(e.Cares) // after the tag: they are no part of the state that an end changes
		return s
	}))
}

// deskThreads lists the conversations of a mailbox.
func deskThreads(a *App, r request) (answer, error) {
	m, f, err := listed(r, rules.ThreadOpen, rules.ThreadNoReply, rules.ThreadEnded, rules.ThreadUnreachable)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Threads(r.ctx, m, f)
	if err != nil {
		return answer{}, toProfessional(ofList(err))
	}
	return asOf(listOf(found.Items, found.Next, found.AsOf, itemOf))
}

// deskThread shows one conversation to a professional.
func deskThread(a *App, r request) (answer, error) {
	t, err := a.deps.Conversations.ThreadFor(r.ctx, r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(deskThreadOf(t))
}

// written is what a professional's message says.
type written struct {
	conversations.ThreadInput
	mailbox, ins string
	visit        conversations.Visit
	allowReply   bool
	replyTo      string
	copyTo       []string
	informed     informed
	acknowledged acknowledged
}

// informed is the attestation of the information of the patient (I141); acknowledged the reason to write in
// spite of a recorded refusal (D14 d).
type (
	informed     struct{ by, at, how string }
	acknowledged struct {
		given  bool
		reason string
	}
)

// contentFields are the members that a first and a further message share.
func (w *written) contentFields() jsonbody.Fields {
	w.allowReply = true
	return jsonbody.Fields{
		"text": jsonbody.Into(&w.Text), "attachments": attachmentFields(&w.Attachments), "allowReply": jsonbody.Into(&w.allowReply),
		"readReceipt":            jsonbody.Into(&w.ReadReceipt),
		"copyTo":                 jsonbody.Into(&w.copyTo),
		"oppositionAcknowledged": given(&w.acknowledged.given, jsonbody.Fields{"reason": jsonbody.Into(&w.acknowledged.reason)}),
	}
}

// given reads an object and notes that it is there; null is not.
func given(there *bool, f jsonbody.Fields) jsonbody.Value {
	return func(d *json.Decoder) error {
		var raw json.RawMessage
		switch err := jsonbody.Into(&raw)(d); {
		case err != nil:
			return err
		case string(raw) == "null":
			return nil
		case raw[0] != '{':
			return &jsonbody.Error{Reason: jsonbody.WrongType}
		}
		*there = true
		return jsonbody.Decode(raw, f)
	}
}

// firstFields are the members of a first message.
func (w *written) firstFields() jsonbody.Fields {
	f := w.contentFields()
	f["mailbox"] = jsonbody.Into(&w.mailbox)
	f["patient"] = jsonbody.Object(jsonbody.Fields{"ins": jsonbody.Into(&w.ins)})
	f["subject"] = jsonbody.Into(&w.Subject)
	f["confidential"] = w.readConfidential
	f["episode"] = jsonbody.Object(jsonbody.Fields{"finess": jsonbody.Into(&w.visit.FINESS), "visit": jsonbody.Into(&w.visit.Number)})
	f["replyTo"] = jsonbody.Into(&w.replyTo)
	f["patientInformed"] = jsonbody.Object(jsonbody.Fields{
		"by": jsonbody.Into(&w.informed.by), "at": jsonbody.Into(&w.informed.at), "how": jsonbody.Into(&w.informed.how),
	})
	return f
}

// readConfidential reads what is said of a known minor's confidence: yes or no, as words or as true and
// false; null is no answer (D28).
func (w *written) readConfidential(d *json.Decoder) error {
	var raw json.RawMessage
	if err := jsonbody.Into(&raw)(d); err != nil {
		return err
	}
	switch string(raw) {
	case "null":
	case "true", `"yes"`:
		w.Confidential = rules.ConfidentialYes
	case "false", `"no"`:
		w.Confidential = rules.ConfidentialNo
	default:
		return invalid("confidential", `Write "yes" or "no".`)
	}
	return nil
}

// checkContent checks what both kinds of message hold. limit is that of the whole message as mail carries it
// (D19), in octets.
func (w *written) checkContent(limit int64) error {
	if strings.TrimSpace(w.Text) == "" {
		return invalid("text", "A message needs a text.")
	}
	if asMail(w.Text, w.Attachments) > limit {
		return tooLarge()
	}
	for i, f := range w.Attachments {
		if err := checkAttachment(i, f); err != nil {
			return err
		}
		if f.Type == "" {
			w.Attachments[i].Type = "application/octet-stream"
		}
	}
	w.NoReply = !w.allowReply
	if err := w.checkCopies(); err != nil {
		return err
	}
	return w.checkAcknowledged()
}

// checkCopies reads the addresses of the professionals in copy; whether they are of the trust space is the core's to
// say (R79).
func (w *written) checkCopies() error {
	if len(w.copyTo) > conversations.MaxCopies {
		return invalid("copyTo", fmt.Sprintf("At most %d mailboxes.", conversations.MaxCopies))
	}
	for _, text := range w.copyTo {
		a, err := rules.ParseAddress(text)
		if err != nil {
			return invalid("copyTo", "One of them is no address of a mailbox.")
		}
		w.CopyTo = append(w.CopyTo, a)
	}
	return nil
}

// checkAcknowledged checks the reason to write in spite of a recorded refusal.
func (w *written) checkAcknowledged() error {
	reason := strings.TrimSpace(w.acknowledged.reason)
	switch {
	case !w.acknowledged.given:
		return nil
	case reason == "" || utf8.RuneCountInString(reason) > maxReason:
		return invalid("oppositionAcknowledged.reason", fmt.Sprintf("A reason of at most %d characters.", maxReason))
	}
	w.Acknowledged = reason
	return nil
}

// checkFirst checks what only a first message holds: the reply mailbox and the attestation. A reply mailbox
// outside the trust space is left out by the core, as in mail (D9).
func (w *written) checkFirst() error {
	if w.replyTo != "" {
		a, err := rules.ParseAddress(w.replyTo)
		if err != nil {
			return invalid("replyTo", "This is no address of a mailbox.")
		}
		w.ReplyTo = a
	}
	if w.informed == (informed{}) {
		return nil
	}
	at, err := time.Parse(time.RFC3339, w.informed.at)
	switch {
	case err != nil:
		return invalid("patientInformed.at", "An instant of RFC 3339, with its offset.")
	case !isShort(w.informed.by):
		return invalid("patientInformed.by", "Say who told the patient, in at most 500 characters.")
	case !isShort(w.informed.how):
		return invalid("patientInformed.how", "Say how, in at most 500 characters.")
	}
	w.Informed = conversations.Attestation{By: w.informed.by, At: at, How: w.informed.how}
	return nil
}

// isShort reports whether a member is filled and no longer than a reason.
func isShort(s string) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= maxReason
}

// openThread writes a first message to a patient.
func openThread(a *App, r request) (answer, error) {
	w := written{}
	if err := jsonbody.Decode(r.body, w.firstFields()); err != nil {
		return answer{}, err
	}
	if w.mailbox == "" {
		return answer{}, invalid("mailbox", "Say from which mailbox.")
	}
	m, mine := owned(r.who, w.mailbox)
	if !mine {
		return answer{}, &problem{status: http.StatusForbidden, code: codeNotHabilitated}
	}
	w.Mailbox = m
	ins, err := rules.ParseINS(w.ins, a.cfg.CheckINSKey)
	if err != nil {
		return answer{}, &problem{status: http.StatusUnprocessableEntity, code: codeINSInvalid, field: "patient.ins"}
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

// readReason checks {reason?}. The reason is for people who read the request later; nothing depends on it.
func readReason(body []byte) error {
	var reason string
	if len(body) == 0 {
		return nil
	}
	if err := jsonbody.Decode(body, jsonbody.Fields{"reason": jsonbody.Into(&reason)}); err != nil {
		return err
	}
	if utf8.RuneCountInString(reason) > maxReason {
		return invalid("reason", fmt.Sprintf("At most %d characters.", maxReason))
	}
	return nil
}

// endExchange ends an exchange, as [FIN] does (D6).
func endExchange(a *App, r request) (answer, error) {
	if err := readReason(r.body); err != nil {
		return answer{}, err
	}
	e, err := a.deps.Conversations.EndExchange(r.ctx, r.who.actor(), r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(exchangeOf(e))
}

// endThread ends one conversation (D6).
func endThread(a *App, r request) (answer, error) {
	if err := readReason(r.body); err != nil {
		return answer{}, err
	}
	t, err := a.deps.Conversations.EndThread(r.ctx, r.who.actor(), r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(deskThreadOf(t))
}
