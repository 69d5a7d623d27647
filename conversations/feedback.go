package conversations

import (
	"context"
	"slices"
	"strings"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// Feedback is what a report or an automatic answer says of a message that a patient sent: a delivery
// status (RFC 3464), a disposition (RFC 8098), or that a program answered.
type Feedback struct {
	EnvID      string   // Original-Envelope-Id
	References []string // Message-IDs that it names, the surest first, without angle brackets
	Items      []FeedbackItem
	// Serves reports whether the operator that brought it serves a domain: it is believed about the
	// mailboxes of those domains alone.
	Serves func(domain string) bool
	Peer   Actor
}

// FeedbackItem is what a report says of one recipient.
type FeedbackItem struct {
	rules.ReportItem
	Recipients []Address // the original one, then the final one; those that are known
	Detail     string    // plain French, when it failed
}

// FeedbackOutcome tells what was made of a report, for the trace.
type FeedbackOutcome string

// Outcomes of a report.
const (
	FeedbackNoted     FeedbackOutcome = "noted"        // it is shown on the patient's message
	FeedbackUnmatched FeedbackOutcome = "unmatched"    // about no message of the patient, or of no kind that is known
	FeedbackForeign   FeedbackOutcome = "not-believed" // from an operator that does not serve the mailbox
)

// Details beside a state that is not a failure.
const (
	lateDetail = "La messagerie du professionnel ne répond pas pour l’instant. Nous essayons encore."
	waitDetail = "La messagerie du professionnel a pris votre message, mais tarde à le remettre. Elle essaie encore."
	awayDetail = "Une réponse automatique est arrivée : ce professionnel est peut-être absent."
)

// Feedback files a report with a patient's message, as its delivery state; it makes no conversation, no
// contact and no mail (OP7). A report is believed when the operator that brings it serves the domain of
// the mailbox that the message went to: nobody else can know. The same report again changes nothing.
func (s *Service) Feedback(ctx context.Context, p PatientID, f Feedback) (FeedbackOutcome, error) {
	outcome, err := s.feedback(ctx, p, f)
	if err == nil && outcome != FeedbackNoted {
		s.refusal(ctx, Event{Kind: TraceReport, Code: string(outcome), Rule: "OP7", Actor: f.Peer.Kind, Patient: p})
	}
	return outcome, err
}

func (s *Service) feedback(ctx context.Context, p PatientID, f Feedback) (FeedbackOutcome, error) {
	refs := s.ownIDs(f)
	if len(refs) == 0 {
		return FeedbackUnmatched, nil
	}
	q := FactsQuery{Refs: lo.Map(refs, func(id string, _ int) string { return s.refField(p, id) })}
	outcome := FeedbackUnmatched
	_, _, err := s.run(ctx, p, "", q, func(l *loaded) (*decision, error) {
		d, o, err := l.feedback(ctx, f)
		outcome = o
		return d, err
	})
	return outcome, err
}

// ownIDs lists the Message-IDs of ours that a report names: the one that its envelope id stands for, then
// those of our domain. Some software changes the case.
func (s *Service) ownIDs(f Feedback) []string {
	var ids []string
	if name, _, ok := strings.Cut(f.EnvID, "."); ok && name != "" {
		ids = append(ids, strings.ToLower(name)+"@"+s.CitizenDomain)
	}
	for _, id := range f.References {
		if id = strings.ToLower(id); strings.HasSuffix(id, "@"+s.CitizenDomain) {
			ids = append(ids, id)
		}
	}
	return lo.Uniq(ids)
}

// feedback finds the message and writes what the report says of it. The outcome is for the trace.
func (l *loaded) feedback(ctx context.Context, f Feedback) (*decision, FeedbackOutcome, error) {
	thread, message, ok := strings.Cut(string(l.facts.Thread), "/")
	if !ok || l.facts.ThreadRecord == nil {
		return &decision{}, FeedbackUnmatched, nil
	}
	if err := l.addThread(ID(thread), l.facts.ThreadRecord); err != nil {
		return nil, "", unavailable("open records", err)
	}
	m, err := l.oneRecord(ctx, ID(message))
	if err != nil {
		return nil, "", err
	}
	if m.From != "" { // a professional's message, under an id like ours
		return &decision{}, FeedbackUnmatched, nil
	}
	news, outcome := l.newsOf(ID(thread), m, f)
	if len(news) == 0 {
		return &decision{}, outcome, nil
	}
	d := &decision{verdict: rules.Verdict{Change: rules.Change{
		Kind: rules.ReportReceived, Seq: l.facts.Version + 1, At: l.svc.Now(), Message: m.id.Message(), Mailbox: news[0].mailbox,
	}}, actor: f.Peer}
	if err := l.alsoMessages(ctx, lo.Map(news, func(n boxNews, _ int) ID { return outcomeField(m.id, n.mailbox) })); err != nil {
		return nil, "", err
	}
	changed := false
	for _, n := range news {
		field := outcomeField(m.id, n.mailbox)
		done, err := l.outcomeOf(field, d.verdict.Change.At, func(o *outcomeRecord) {
			before := o.State
			changed = o.hear(n) || changed
			if o.State == DeliveryFailed && before != DeliveryFailed {
				d.told = append(d.told, rules.TellingOf(n.mailbox, m.id.Message()))
			}
		})
		if err != nil {
			return nil, "", err
		}
		d.records = append(d.records, Record{Table: TableMessages, Field: string(field), Value: pack(done)})
		if done.State == DeliveryFailed {
			d.timed = append(d.timed, l.standEffect(n.mailbox, ID(thread), d.verdict.Change.At))
		}
	}
	if !changed {
		return &decision{}, outcome, nil
	}
	return d, outcome, nil
}

// boxNews is news of the delivery to one mailbox.
type boxNews struct {
	rules.News
	mailbox rules.MailboxID
	detail  string
}

// newsOf lists what a report says of the mailboxes that a message went to and that its operator serves.
func (l *loaded) newsOf(thread ID, m numbered, f Feedback) ([]boxNews, FeedbackOutcome) {
	var served []rules.MailboxID
	for _, to := range mailboxIDs(m.To) {
		if a, ok := l.addressOf(thread, to); ok && f.Serves(a.Domain) {
			served = append(served, to)
		}
	}
	if len(served) == 0 {
		return nil, FeedbackForeign
	}
	var all []boxNews
	outcome := FeedbackUnmatched
	for _, item := range f.Items {
		news := rules.ReadReport(item.ReportItem)
		to, mine := l.concerned(m, f, item, served)
		switch {
		case !news.Known:
		case !mine:
			outcome = FeedbackForeign
		case to != "":
			all = append(all, boxNews{news, to, item.Detail})
		}
	}
	if len(all) > 0 {
		outcome = FeedbackNoted
	}
	return all, outcome
}

// concerned finds the mailbox of the message that an item is about: by the recipients that the item
// names, by the envelope id, or because there is only one. mine is false when it is about a mailbox that
// the operator does not serve.
func (l *loaded) concerned(m numbered, f Feedback, item FeedbackItem, served []rules.MailboxID) (to rules.MailboxID, mine bool) {
	all := mailboxIDs(m.To)
	for _, a := range item.Recipients {
		if box := l.svc.MailboxID(a); slices.Contains(all, box) {
			return box, slices.Contains(served, box)
		}
	}
	for _, box := range all {
		if f.EnvID != "" && strings.EqualFold(f.EnvID, envelopeID(m.label.MessageID, box)) {
			return box, slices.Contains(served, box)
		}
	}
	if len(served) == 1 { // the mailbox stands for another one, or forwards: no other can be meant
		return served[0], true
	}
	return "", true
}

// hear notes news, and reports whether they change anything that is shown.
func (o *outcomeRecord) hear(n boxNews) bool {
	before := *o
	waiting := o.State == "" || o.State == DeliveryQueued || o.State == DeliverySent
	switch next := o.State.After(n.Fate); {
	case n.Late && waiting:
		o.State, o.Detail = o.State.After(DeliverySent), waitDetail
	case n.Late:
	case next != o.State:
		o.State, o.Detail = next, n.detail
	}
	if n.Away && o.State == DeliveryDelivered {
		o.Detail = awayDetail
	}
	return o.State != before.State || o.Detail != before.Detail
}

// alsoMessages reads further records of messages, at the version that is decided at.
func (l *loaded) alsoMessages(ctx context.Context, fields []ID) error {
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: fields})
	switch {
	case err != nil:
		return unavailable("read messages", err)
	case f.Version != l.facts.Version:
		return ErrConflict
	}
	if l.facts.Messages == nil {
		l.facts.Messages = map[ID][]byte{}
	}
	for id, b := range f.Messages {
		l.facts.Messages[id] = b
	}
	return nil
}

// envelopeID names a message and one of its mailboxes in an envelope (RFC 3461 section 4.4): the local part
// of its Message-ID, and the start of a keyed hash.
func envelopeID(messageID string, m rules.MailboxID) string {
	name, _, _ := strings.Cut(messageID, "@")
	return name + "." + string(m[:min(len(m), 8)])
}
