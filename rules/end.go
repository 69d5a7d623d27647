package rules

import "time"

// EndExchange ends the exchange of mailbox m with the patient, as a [FIN] message does (D6).
// Ending what is ended already is allowed and changes nothing; ending what never began is not found.
func EndExchange(m MailboxID, e Exchange, next Seq, how EndHow, now time.Time) Verdict {
	switch {
	case e.Since.IsZero():
		return refuse(NotFound, "R93")
	case e.Ended():
		return Verdict{}
	}
	return Verdict{
		Effects: Project,
		Change:  Change{Kind: ExchangeEnded, Seq: next, At: now, Mailbox: m, How: how},
	}
}

// EndConversation ends conversation c alone for mailbox m (D6). Only a mailbox that wrote in it, or
// answers for what was written, can (R85). Ending it twice changes nothing.
func EndConversation(m MailboxID, c Conversation, ex Exchanges, next Seq, how EndHow, now time.Time) Verdict {
	speaks, named := false, false
	for i := range c.Voices {
		v := &c.Voices[i]
		named = named || v.names(m)
		speaks = speaks || v.names(m) && c.endAfter(m, v.Seq, ex).Seq == 0
	}
	switch {
	case !named:
		return refuse(NotFound, "R85")
	case !speaks:
		return Verdict{}
	}
	return Verdict{
		Effects: Project,
		Change:  Change{Kind: ConversationEnded, Seq: next, At: now, Mailbox: m, Conversation: c.ID, How: how},
	}
}
