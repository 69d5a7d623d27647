package web

import (
	"net/http"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/filetype"
	"mesbridge/web/jsonbody"
)

// inbox lists the patient's conversations.
func inbox(a *App, r request, p conversations.PatientID) (answer, error) {
	cursor, limit, err := place(r)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Inbox(r.ctx, p, cursor, limit)
	if err != nil {
		return answer{}, ofList(err)
	}
	return ok(listOf(found.Items, found.Next, time.Time{}, itemOf))
}

// inboxThread shows one conversation, a part at a time. It marks nothing as read: GET changes nothing.
func inboxThread(a *App, r request, p conversations.PatientID) (answer, error) {
	cursor, _, err := place(r)
	if err != nil {
		return answer{}, err
	}
	t, err := a.deps.Conversations.ThreadBefore(r.ctx, p, r.id, cursor)
	if err != nil {
		return answer{}, ofList(err)
	}
	return ok(patientThreadOf(t))
}

// emptyBody refuses members in the body of a call that takes none.
func emptyBody(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	return jsonbody.Decode(body, jsonbody.Fields{})
}

// replies sends a reply of the patient.
func replies(a *App, r request, p conversations.PatientID) (answer, error) {
	in, err := readReply(r.body)
	if err != nil {
		return answer{}, err
	}
	in.Operation = r.operation
	m, err := a.deps.Conversations.Reply(r.ctx, r.who.actor(), p, r.id, in)
	if err != nil {
		return answer{}, toPatient(err)
	}
	return created(messageOf(m))
}

// toPatient tells a refusal in the words of the patient's side: a correspondent who is gone is a right
// that does not hold (403), not a thing that is not there.
func toPatient(err error) error {
	if conversations.KindOf(err) != conversations.KindMailboxUnknown {
		return err
	}
	return &problem{
		status: http.StatusForbidden, code: code(conversations.KindMailboxUnknown), cause: err,
		english: "This professional can no longer be reached here.", french: "Ce professionnel ne peut plus être joint par cette messagerie.",
	}
}

// readReply reads {text, to?, attachments?}.
func readReply(body []byte) (conversations.ReplyInput, error) {
	in := conversations.ReplyInput{}
	to := string(rules.ReplyToOne)
	var files []conversations.Attachment
	err := jsonbody.Decode(body, jsonbody.Fields{
		"text": jsonbody.Into(&in.Text), "to": jsonbody.Into(&to), "attachments": attachmentFields(&files),
	})
	switch in.Choice = rules.ReplyChoice(to); {
	case err != nil:
		return in, err
	case strings.TrimSpace(in.Text) == "":
		return in, invalid("text", "A reply needs a text.") // R112
	case in.Choice != rules.ReplyToOne && in.Choice != rules.ReplyToAll:
		return in, invalid("to", "REPLY or REPLY_TO_ALL.")
	}
	for i := range files {
		if err := checkAttachment(i, files[i]); err != nil {
			return in, err
		}
		kind, err := filetype.Check(files[i].Name, files[i].Content)
		if err != nil || !filetype.Agrees(files[i].Type, kind) {
			return in, invalid(elementField(i, ""), "JPEG, PNG, TIFF, TXT, PDF, RTF or DOC, with name, type and content that agree.")
		}
		files[i].Type = kind
	}
	in.Attachments = files
	return in, nil
}

// newThread refuses a message to a professional who did not open a conversation: the default of a hosted
// mailbox is that a patient only replies (D3). The body is not looked at; whom it names makes no
// difference to the answer.
func newThread(*App, request, conversations.PatientID) (answer, error) {
	return answer{}, &problem{status: http.StatusForbidden, code: codeThreadNotOpened}
}

// contacts lists the patient's professionals.
func contacts(a *App, r request, p conversations.PatientID) (answer, error) {
	found, err := a.deps.Conversations.Contacts(r.ctx, p)
	if err != nil {
		return answer{}, err
	}
	items, next, err := pageOf(r, found, func(c conversations.Contact) string { return string(c.ID) })
	if err != nil {
		return answer{}, err
	}
	return ok(listOf(items, next, time.Time{}, func(c conversations.Contact) contactShape {
		s := contactOf(c)
		s.ETag = a.tagOf(r.who, s)
		return s
	}))
}

// block blocks a professional, with {until?}.
func block(a *App, r request, p conversations.PatientID) (answer, error) {
	var wish string
	if len(r.body) > 0 {
		if err := jsonbody.Decode(r.body, jsonbody.Fields{"until": jsonbody.Into(&wish)}); err != nil {
			return answer{}, err
		}
	}
	until, err := a.until(wish)
	if err != nil {
		return answer{}, err
	}
	c, err := a.deps.Conversations.Block(r.ctx, r.who.actor(), p, r.id, until)
	if err != nil {
		return answer{}, err
	}
	return ok(contactOf(c))
}

// until reads the instant at which something ends, which has to come; empty is no end.
func (a *App) until(wish string) (time.Time, error) {
	if wish == "" {
		return time.Time{}, nil
	}
	end, err := time.Parse(time.RFC3339, wish)
	if err != nil {
		return time.Time{}, invalid("until", "An instant of RFC 3339, with its offset.")
	}
	if !end.After(a.deps.Now()) {
		return time.Time{}, invalid("until", "The instant is past.")
	}
	return end, nil
}

// unblock lifts a block; lifting none is the same.
func unblock(a *App, r request, p conversations.PatientID) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	_, err := a.deps.Conversations.Unblock(r.ctx, r.who.actor(), p, r.id)
	return answer{status: http.StatusNoContent}, err
}
