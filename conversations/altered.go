package conversations

import (
	"slices"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// writesThread reports whether a change that names a conversation rewrites its record.
func writesThread(k rules.ChangeKind) bool {
	switch k {
	case rules.MessageReceived, rules.ReplySent, rules.ConversationEnded, rules.ClosingAnnounced, rules.ConversationDeleted,
		rules.ConversationOpened:
		return true
	case rules.MessageRefused, rules.ExchangeEnded, rules.BlockSet, rules.BlockLifted, rules.AccountChanged, rules.AccountErased,
		rules.ObjectionSet, rules.ObjectionLifted, rules.OppositionRecorded, rules.ConversationPurged, rules.DocumentSaved,
		rules.DocumentDeleted, rules.TermsAccepted, rules.MinorityNoted, rules.VisitOpened, rules.VisitClosed, rules.VerdictAsked,
		rules.DeliverySettled, rules.ReportReceived, rules.ReceiptSent, rules.DelegateInvited, rules.DelegateAccepted,
		rules.DelegateRefused, rules.DelegateDeclared, rules.DelegateEnded, rules.DelegateRestored, rules.ProfileNoted, rules.LifeNoted,
		rules.MatriculeJoined, rules.EndPlanned, rules.EndKept, rules.EnrolmentMade, rules.EnrolmentEnded, rules.EnrolmentRefused, rules.SubjectBound, rules.SubjectUnbound,
		rules.SubjectNoted:
	}
	return false
}

// sealBlocks keeps with each new block the address of its mailbox, by which the directory may know the
// holder one day.
func (l *loaded) sealBlocks(labels map[rules.MailboxID]mailboxLabel) {
	for i := range l.patient.Blocks {
		b := &l.patient.Blocks[i]
		if label, ok := labels[rules.MailboxID(b.Mailbox)]; ok && b.Sealed == nil {
			b.Sealed = l.vault.seal(tablePatient, blockPlace(b.Mailbox), label)
		}
	}
}

// touched lists the mailboxes whose exchange the change may have altered. Those in copy are only where their
// reply window ran out, which this change writes down (D8).
func (l *loaded) touched(c rules.Change) []rules.MailboxID {
	switch c.Kind {
	case rules.MessageReceived:
		settled := lo.Filter(c.With, func(m rules.MailboxID, _ int) bool { return l.state.Exchanges[m].Horizon == c.Seq })
		return lo.Uniq(slices.Concat([]rules.MailboxID{c.Mailbox}, c.ReplyTo, settled))
	case rules.ReplySent:
		return lo.Uniq(c.To)
	case rules.ExchangeEnded, rules.EndPlanned, rules.EndKept:
		return []rules.MailboxID{c.Mailbox}
	case rules.MessageRefused, rules.ConversationEnded, rules.BlockSet, rules.BlockLifted, rules.AccountChanged,
		rules.AccountErased, rules.ObjectionSet, rules.ObjectionLifted, rules.OppositionRecorded, rules.ConversationDeleted,
		rules.ConversationPurged, rules.DocumentSaved, rules.DocumentDeleted, rules.TermsAccepted, rules.MinorityNoted,
		rules.VisitOpened, rules.VisitClosed, rules.ClosingAnnounced, rules.VerdictAsked,
		rules.DeliverySettled, rules.ReportReceived, rules.ConversationOpened, rules.ReceiptSent,
		rules.DelegateInvited, rules.DelegateAccepted, rules.DelegateRefused, rules.DelegateDeclared, rules.DelegateEnded,
		rules.DelegateRestored, rules.ProfileNoted, rules.LifeNoted, rules.MatriculeJoined, rules.EnrolmentMade, rules.EnrolmentEnded,
		rules.EnrolmentRefused, rules.SubjectBound, rules.SubjectUnbound, rules.SubjectNoted:
	}
	return nil
}

// exchangeRecord returns the record of an exchange after the change, named when it was not yet.
func (l *loaded) exchangeRecord(m rules.MailboxID, d *decision) Record {
	r, known := l.exchange[m]
	r.set(l.state.Exchanges[m])
	l.planned(&r, m, d)
	if k := d.verdict.Change.Kind; k == rules.MessageReceived && d.verdict.Change.Shown || k == rules.ReplySent {
		r.Hidden = l.confidential(d) && (r.Hidden || !known)
	}
	if label, ok := d.labels[m]; ok && r.Sealed == nil {
		r.Sealed = l.vault.seal(TableExchanges, string(m), label)
	}
	return Record{Table: TableExchanges, Field: string(m), Value: pack(r)}
}

// threadRecord returns the record of a conversation after the change.
func (l *loaded) threadRecord(id ID, d *threadDelta) Record {
	r := l.thread[id]
	r.set(l.state.Conversations[id.Conversation()])
	if d != nil && d.cleared {
		r.Cleared = r.Count
	} else if d != nil {
		r.Count = d.count
		r.Hidden = r.Hidden || d.hidden
		if d.attached {
			r.Attached, r.LastAttached = true, d.count
		}
		if d.heard {
			r.Heard = l.facts.Version + 1
		}
		r.noteReceipts(d)
		if d.newLabel {
			r.Sealed = l.vault.seal(TableConversations, string(id), d.label)
		}
	}
	return Record{Table: TableConversations, Field: string(id), Value: pack(r)}
}
