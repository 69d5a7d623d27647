package conversations

import (
	"context"

	"mesbridge/rules"
)

// AttachmentFor opens one attachment of a conversation to a professional acting for mailboxes, with its trace: of a
// message that one of those sent or received (D34), under the id that [Service.ThreadFor] gave it. Anything else
// is KindNotFound.
func (s *Service) AttachmentFor(ctx context.Context, actor Actor, mailboxes []Address, thread, id ID) (Download, error) {
	message, index, ok := splitAttachment(id)
	if !ok {
		return Download{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	l, mine, err := s.threadOfMailboxes(ctx, mailboxes, thread)
	if err != nil {
		return Download{}, err
	}
	own, err := l.own(ctx, thread, mine)
	if err != nil {
		return Download{}, err
	}
	for _, r := range own {
		if l.deskID(r.id) != message {
			continue
		}
		d, err := l.download(ctx, r, index)
		if err != nil {
			return Download{}, err
		}
		d.renumber(message)
		return d, l.touch(ctx, actor, entryFrame{Kind: TraceDownload, Conversation: thread, Message: r.id, Mailbox: hexID(reader(r, mine))})
	}
	return Download{}, &Error{Kind: KindNotFound, Rule: "D34"}
}

// reader is the one of mailboxes by which a message is theirs.
func reader(r numbered, mine []rules.MailboxID) rules.MailboxID {
	for _, m := range mine {
		if r.participates([]rules.MailboxID{m}) {
			return m
		}
	}
	return mine[0]
}

// deskID is the id of a message at the desk. It is another than the patient's, which counts the messages of the
// conversation, those of others included (D34).
func (l *loaded) deskID(message ID) ID {
	return ID(l.id.Shard() + "m" + lowerBase32(l.svc.name("message id", string(l.id)+string(message))[:15]))
}
