package conversations

import (
	"context"
	"errors"
	"io"
	"strings"

	"mesbridge/rules"
)

// OpenThread writes a first message from a mailbox to a patient. The patient is refused as by mail: the
// two classes of D36 look the same here too.
func (s *Service) OpenThread(ctx context.Context, actor Actor, in ThreadInput) (Thread, error) {
	p, err := s.Recipient(ctx, in.INS, in.Mailbox)
	if err != nil {
		return Thread{}, err
	}
	if ends, _ := rules.ReadSubject(in.Subject); ends {
		return Thread{}, &Error{Kind: KindInvalidRequest, Rule: "D6"} // an end has its own call
	}
	if in.Visit != nil {
		if _, err := s.claimVisit(ctx, *in.Visit, p); err != nil {
			return Thread{}, err
		}
	}
	op := operation("open", ID(s.MailboxID(in.Mailbox)), in.Operation)
	message, err := s.write(ctx, actor, p, "", in, nil, op)
	if err != nil {
		return Thread{}, err
	}
	thread, _, _ := splitAttachment(message)
	return s.ThreadFor(ctx, []Address{in.Mailbox}, thread)
}

// Write adds a message to a conversation of the mailbox, as an answer to its newest message that the
// mailbox sent or received; it re-opens as D6 says.
func (s *Service) Write(ctx context.Context, actor Actor, id ID, in ThreadInput) (Message, error) {
	l, mine, err := s.threadOfMailboxes(ctx, []Address{in.Mailbox}, id)
	if err != nil {
		return Message{}, err
	}
	own, err := l.own(ctx, id, mine)
	if err != nil {
		return Message{}, err
	}
	var refs []string
	if len(own) > 0 {
		if refs, err = l.references(ctx, own[0]); err != nil {
			return Message{}, err
		}
	}
	in.INS, in.Subject = l.ins, rules.ReplySubject(l.ownSubject(id, mine, own))
	message, err := s.write(ctx, actor, l.id, id, in, refs, operation("write", id, in.Operation))
	if err != nil {
		return Message{}, err
	}
	if l, err = s.loadThread(ctx, l.id, id); err != nil {
		return Message{}, err
	}
	r, err := l.oneRecord(ctx, message)
	if err != nil {
		return Message{}, err
	}
	return l.deskMessage(ctx, id, r, mine, nil)
}

// write composes a professional's message, as an answer to the last of refs if there are any, and admits
// it as mail is admitted, to thread or, when that is empty, to a new conversation. It returns the id of the
// message.
func (s *Service) write(ctx context.Context, actor Actor, p PatientID, thread ID, in ThreadInput, refs []string, op string) (ID, error) {
	others, err := s.inCopy(in)
	if err != nil {
		return "", err
	}
	if err := s.scan(ctx, in.Attachments); err != nil {
		return "", err
	}
	body, w, err := s.NewBody(ctx, p)
	if err != nil {
		return "", err
	}
	replyTo, outside := s.replyTo(in.ReplyTo)
	draft := s.professionalDraft(body, in, refs)
	for _, a := range replyTo {
		draft.ReplyTo = append(draft.ReplyTo, NamedAddress{Name: s.shownName(s.label(NamedAddress{Address: a})), Address: a})
	}
	draft.Cc = others
	sum := newTally()
	if err := s.Mail.Compose(draft, io.MultiWriter(w, sum)); err != nil {
		return "", errors.Join(unavailable("compose the message", err), w.Abort())
	}
	if err := w.Commit(); err != nil {
		return "", unavailable("store the body", err)
	}
	incoming := Incoming{
		Patient: p, INS: in.INS, Message: body, Thread: thread, Envelope: in.Mailbox, From: draft.From, MessageID: draft.MessageID,
		Subject: in.Subject, Date: draft.Date, HasText: in.Text != "", Attachments: len(in.Attachments), Documents: len(in.Attachments) > 0,
		SHA256: [32]byte(sum.sum()), Bytes: sum.size, Peer: actor, Operation: op, ReplyTo: replyTo, Others: others, ReplyOutside: outside,
		Informed: in.Informed, Acknowledged: in.Acknowledged, desk: true, confidential: in.Confidential, Visit: in.Visit,
	}
	incoming.Digest = incoming.SHA256
	if in.ReadReceipt {
		incoming.ReadTo = []Address{in.Mailbox}
	}
	if in.NoReply {
		incoming.EndHeaders = []string{"FIN"}
	}
	answer, _, err := s.admit(ctx, incoming)
	return ID(answer), err
}

// replyTo returns the reply mailbox that a professional named, when it is one of the trust space; outside
// tells that it is none and is left out (R78, D9).
func (s *Service) replyTo(a Address) (list []Address, outside bool) {
	switch {
	case a.IsZero():
		return nil, false
	case strings.EqualFold(a.Domain, s.CitizenDomain), !s.Directory.Trusted(a.Domain):
		return nil, true
	}
	return []Address{a}, false
}

// professionalDraft addresses a professional's message to the patient.
func (s *Service) professionalDraft(body ID, in ThreadInput, refs []string) Draft {
	from := s.label(NamedAddress{Address: in.Mailbox})
	d := Draft{
		MessageID: string(body) + "@" + in.Mailbox.Domain, Date: s.Now(),
		From:    NamedAddress{Name: s.shownName(from), Address: in.Mailbox},
		To:      []NamedAddress{{Address: rules.CitizenAddress(in.INS, s.CitizenDomain)}},
		Subject: in.Subject, Text: in.Text, Attachments: in.Attachments, End: in.NoReply, References: refs,
		ReadReceipt: in.ReadReceipt,
	}
	if len(refs) > 0 {
		d.InReplyTo = refs[len(refs)-1]
	}
	return d
}
