package bridge

import (
	"context"
	"io"
	"slices"

	"mesbridge/bridge/delivery"
	"mesbridge/bridge/mail"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// takeReport takes what comes with a null reverse-path: by RFC 5321 section 6.1 a report, whatever its form.
// It is filed with the message of the patient that it is about, or dropped with a trace; it is never put into
// an inbox and never answered, so that no loop can begin (OP7, O178). Its author is not judged, since it
// shows to nobody: an operator's own host, which writes reports, need not be in the white list. Nothing of it
// is stored.
func (s *session) takeReport(tx *transaction, r io.Reader) error {
	reader := mail.NewReportReader(s.server.Limits, true)
	if err := s.pass(r, reader); err != nil {
		return err
	}
	told := s.feedback(tx, reader.Close())
	for _, to := range tx.to {
		outcome := conversations.FeedbackUnmatched
		if told != nil {
			err := s.ask(func(ctx context.Context) (err error) {
				outcome, err = s.server.Inbox.Feedback(ctx, to.patient, *told)
				return err
			})
			if err != nil && translate(err).reply.Temporary() {
				return err
			}
		}
		s.server.Log.InfoContext(s.server.base, "smtp", "session", s.conn.id, "event", "report", "outcome", string(outcome), "rule", "OP7")
	}
	return nil
}

// feedback says what the inbox needs to know of a report; nil when the message is none, or says nothing.
func (s *session) feedback(tx *transaction, r mail.Report) *conversations.Feedback {
	f := conversations.Feedback{
		EnvID: r.EnvID, References: r.References, Peer: s.peer(),
		Serves: func(domain string) bool { return tx.list.AllowsDN(domain, s.conn.peer.DN) },
	}
	for _, i := range r.Items {
		item := conversations.FeedbackItem{
			ReportItem: rules.ReportItem{Action: i.Action, Disposition: i.Disposition, Faulty: i.Faulty},
			Recipients: known(i.Original, i.Final),
		}
		if rules.ReadReport(item.ReportItem).Fate == rules.FateFailed {
			item.Detail = delivery.ReportedSentence(i.Status)
		}
		f.Items = append(f.Items, item)
	}
	if len(f.Items) == 0 && r.Automatic {
		f.Items = []conversations.FeedbackItem{{ReportItem: rules.ReportItem{Automatic: true}, Recipients: known(r.Author)}}
	}
	if len(f.Items) == 0 {
		return nil
	}
	return &f
}

// known leaves out the zero addresses.
func known(list ...conversations.Address) []conversations.Address {
	return slices.DeleteFunc(list, conversations.Address.IsZero)
}

// addressesOf leaves out the names.
func addressesOf(list []conversations.NamedAddress) []conversations.Address {
	addresses := make([]conversations.Address, len(list))
	for i, a := range list {
		addresses[i] = a.Address
	}
	return addresses
}

// peer is the operator of the connection, as the trace names it.
func (s *session) peer() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorOperator, ID: string(s.conn.peer.DN), Name: s.conn.peer.Name}
}
