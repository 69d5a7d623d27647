package conversations

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"mesbridge/rules"
)

// closeDue does what is due of an announced end: it tells the patient of an end to come, once, and makes an
// end that came, with the last message of the episode. It may be asked as often as one likes. It returns the
// instant of an end that is still to come; of one that waits for an answer, the answer brings a new effect.
func (s *Service) closeDue(ctx context.Context, e Effect) (again time.Time, err error) {
	_, _, err = s.run(ctx, e.Patient, "", FactsQuery{Conversations: []ID{e.Thread}}, func(l *loaded) (*decision, error) {
		d, err := l.closeThread(ctx, e.Thread)
		again = later(l.thread[e.Thread].Closing.closing().At, s.Now())
		return d, err
	})
	if err != nil && !KindOf(err).Temporary() { // the conversation, or the patient, is gone
		return time.Time{}, nil
	}
	return again, err
}

// runAfterEnd is run, of what people write in a conversation, and of its ends: an announced end of it that came before its worker did
// is carried out first, for its last words would have no place afterwards (D24).
func (s *Service) runAfterEnd(ctx context.Context, p PatientID, op string, q FactsQuery, decide func(*loaded) (*decision, error),
) (answer []byte, repeated bool, err error) {
	var came ID
	answer, repeated, err = s.run(ctx, p, op, q, func(l *loaded) (*decision, error) {
		d, err := decide(l)
		if err == nil && l.endCame(d.verdict) {
			came, d = ID(d.verdict.Change.Conversation), &decision{}
		}
		return d, err
	})
	if err != nil || came == "" {
		return answer, repeated, err
	}
	if _, err := s.closeDue(ctx, Effect{Patient: p, Thread: came}); err != nil {
		return nil, false, err
	}
	return s.run(ctx, p, op, q, decide)
}

// endCame reports whether a verdict changes a conversation whose announced end came, and is still to be carried out.
func (l *loaded) endCame(v rules.Verdict) bool {
	id := ID(v.Change.Conversation)
	r, ok := l.thread[id]
	return ok && !v.Refusal.Refused() && r.conversation(id).EndCame(l.svc.Now())
}

// closeThread decides what to write of an announced end now.
func (l *loaded) closeThread(ctx context.Context, id ID) (*decision, error) {
	r, ok := l.thread[id]
	stored := r.conversation(id)
	if !ok || stored.Closing.Event == 0 {
		return &decision{}, nil
	}
	if err := l.alsoEpisode(ctx, stored.Visit); err != nil {
		return nil, err
	}
	if err := l.alsoExchanges(ctx, mailboxesOf(l.state.Conversations[id.Conversation()])); err != nil { // what the patient may do depends on them
		return nil, err
	}
	_, label, _, err := l.episodeOf(stored.Visit)
	if err != nil {
		return nil, err
	}
	from, sender, known := l.closer(id, stored.Closing.By)
	f := rules.CloseFacts{
		Patient: l.state.Patient, Next: l.facts.Version + 1, Conversation: stored, Sender: sender,
	}
	key, now := messageID(id, r.Count+1).Message(), l.svc.Now()
	noReply := l.right(id).State == rules.NoReply
	text := l.closingNotice(id, sender.Mailbox, stored.Closing.At, label.Contact, noReply)
	if known && text != "" {
		f.Message = key
	}
	verdict := rules.AnnounceClosing(f, now)
	if verdict.Change.Kind == "" {
		noReply = true // D6
		f.Message, text = "", l.svc.lastWords(label, stored.Closing)
		if known && text != "" {
			f.Message = key
		}
		verdict = rules.CloseConversation(f, now)
	}
	d := &decision{verdict: verdict, actor: label.Actor, project: mailboxIDs(r.Visit.Boxes)}
	if verdict.Change.Message == "" {
		return d, nil
	}
	return d, l.lastWord(ctx, d, from, text, noReply)
}

// alsoEpisode reads the record of an episode that a conversation named. It fails as alsoExchanges does.
func (l *loaded) alsoEpisode(ctx context.Context, v rules.VisitID) error {
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Episodes: []rules.VisitID{v}})
	switch {
	case err != nil:
		return unavailable("read an episode", err)
	case f.Version != l.facts.Version:
		return ErrConflict
	}
	l.facts.Episodes = f.Episodes
	return nil
}

// closer returns the mailbox that the last message of a conversation comes from: of those that end it, the
// one that wrote last.
func (l *loaded) closer(id ID, by []rules.MailboxID) (Address, rules.Correspondent, bool) {
	for _, v := range slices.Backward(l.state.Conversations[id.Conversation()].Voices) {
		if slices.Contains(by, v.From) {
			a, known := l.addressOf(id, v.From)
			return a, l.who.Of(v.From), known
		}
	}
	for _, m := range by {
		if a, known := l.addressOf(id, m); known {
			return a, l.who.Of(m), true
		}
	}
	return Address{}, rules.Correspondent{}, false
}

// closingNotice writes the message that tells of an end to come; empty when the page alone tells. Who cannot
// reply until then (R87) is given no instant.
func (l *loaded) closingNotice(id ID, from rules.MailboxID, until time.Time, contact string, noReply bool) string {
	if l.svc.ClosingNotice == nil {
		return ""
	}
	if noReply {
		until = time.Time{}
	}
	return l.svc.ClosingNotice(l.names(id)[from], until, contact)
}

// lastWords are the words of an end that came. Whom to contact next is told with them unless the announcement did.
func (s *Service) lastWords(label episodeLabel, end rules.Closing) string {
	if end.Announced || s.LastWords == nil {
		return label.LastMessage
	}
	return s.LastWords(label.LastMessage, label.Contact)
}

// lastWord writes the message that goes with an announced end, and its records. It gives no right and takes none:
// the end does. With noReply it carries the header FIN, as the message of the end itself does (D6); the one that
// says until when the patient may answer does not, as FIN would say the contrary (R81).
func (l *loaded) lastWord(ctx context.Context, d *decision, from Address, text string, noReply bool) error {
	change := d.verdict.Change
	id, message := ID(change.Conversation), ID(change.Message)
	mine := []rules.MailboxID{l.svc.MailboxID(from)}
	own, err := l.own(ctx, id, mine)
	if err != nil {
		return err
	}
	in := ThreadInput{Mailbox: from, INS: l.ins, Subject: rules.ReplySubject(l.ownSubject(id, mine, own)), Text: text, NoReply: noReply}
	var refs []string
	if len(own) > 0 {
		if refs, err = l.references(ctx, own[0]); err != nil {
			return err
		}
	}
	body, w, err := l.svc.NewBody(ctx, l.id)
	if err != nil {
		return err
	}
	draft, sum := l.svc.professionalDraft(body, in, refs), newTally()
	if err := l.svc.Mail.Compose(draft, io.MultiWriter(w, sum)); err != nil {
		return errors.Join(unavailable("compose the last message", err), w.Abort())
	}
	if err := w.Commit(); err != nil {
		return unavailable("store the body", err)
	}
	label := messageLabel{MessageID: draft.MessageID, Author: d.actor.Name, AuthorID: d.actor.ID}
	label.setSubject(in.Subject, l.label[id].Subject)
	d.sum = sum.sum()
	l.converse(d, id, "", nil, nil)
	d.thread.heard, d.cursor = true, change.At
	d.verdict.Change.Bytes = sum.size
	rec := messageRecord{Seq: change.Seq, At: toMillis(change.At), From: hexID(mine[0]), Fin: noReply, Bytes: sum.size, Body: body}
	rec.Sealed = l.vault.seal(TableMessages, string(message), label)
	d.records = append(d.records, Record{Table: TableMessages, Field: string(message), Value: pack(rec)},
		l.reference(draft.MessageID, id, message))
	return nil
}

// projectVisit notes a visit of the patient in its facility's index, as it stands now.
func (s *Service) projectVisit(ctx context.Context, e Effect) (time.Time, error) {
	v := rules.VisitID(e.Mailbox)
	l, err := s.load(ctx, e.Patient, FactsQuery{Episodes: []rules.VisitID{v}})
	if err != nil {
		if KindOf(err) == KindMailboxUnknown {
			return time.Time{}, nil
		}
		return time.Time{}, err
	}
	rec, label, known, err := l.episodeOf(v)
	if err != nil || !known {
		return time.Time{}, err
	}
	seal, err := s.facilityVault(label.Visit.FINESS)
	if err != nil {
		return time.Time{}, unavailable("open the vault", err)
	}
	at := rec.At
	if at == 0 {
		at = rec.Since
	}
	entry := VisitEntry{Visit: v, Patient: e.Patient, Version: l.facts.Version, State: rec.State, At: at.time()}
	entry.Sealed = seal.seal(tableVisits, string(v), visitLine{
		Visit: label.Visit, Since: rec.Since, ClosesAt: rec.ClosesAt, Source: rec.Source, Unit: label.Unit,
	})
	_, err = s.indexVisit(ctx, label.Visit.FINESS, entry)
	return time.Time{}, err
}
