package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
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

// patientINS reads the matricule of {patient:{ins}}, with its key where that is checked.
func patientINS(text string, checkKey bool) (rules.INS, error) {
	ins, err := rules.ParseINS(text, checkKey)
	if err != nil {
		return "", &problem{status: statusOf(conversations.KindINSInvalid), code: codeINSInvalid, field: "patient.ins"}
	}
	return ins, nil
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
