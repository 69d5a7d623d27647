package conversations

import (
	"context"
	"strconv"
	"time"

	"mesbridge/rules"
)

// HistoryLine is one act on the patient's messages, as the journal holds it: who did what, when (O159,
// I189). It names no address (R71).
type HistoryLine struct {
	ID        ID // of the entry; it says nothing
	At        time.Time
	Code      string // kind of the entry, of I188
	How       rules.EndHow
	ActorKind ActorKind
	Actor     string // who acted, as Actor.Words has it; empty for the system, and for mail that another operator brought
	With      string // name of the mailbox concerned; empty when there is none
	Thread    ID     // conversation concerned, while it is there
	Account   rules.AccountState
	Event     rules.LifeEvent
	Notes     rules.Notes
	Reopened  bool       // the account was used before: its terms were accepted
	Whom      string     // who acts, or was invited to, where the act is about that; empty where whoever looks may not know (R133)
	Invited   bool       // Whom had not accepted yet
	Objection *Objection // that was declared; nil for any other act
}

// HistoryPage is one page of a patient's history, newest first.
type HistoryPage struct {
	Items []HistoryLine
	Next  string
}

// EntryPatient tells whom a journal entry is about; ok is false for bytes that are no entry.
func EntryPatient(entry []byte) (p PatientID, ok bool) {
	var f entryFrame
	if err := unpack(entry, &f); err != nil || f.Patient == "" {
		return "", false
	}
	return PatientID(f.Patient), true
}

// History lists what was done with the patient's messages, newest first, from the journal.
func (s *Service) History(ctx context.Context, p PatientID, from string, limit int) (HistoryPage, error) {
	_, parts, err := parseCursor(from, 1)
	if err != nil {
		return HistoryPage{}, err
	}
	before := uint64(0)
	if parts[0] != "" {
		if before, err = strconv.ParseUint(parts[0], 36, 64); err != nil {
			return HistoryPage{}, &Error{Kind: KindInvalidRequest, Rule: "cursor"}
		}
	}
	l, err := s.loadAllExchanges(ctx, p)
	if err != nil {
		return HistoryPage{}, err
	}
	if err := l.mayRead(); err != nil {
		return HistoryPage{}, err
	}
	if before == 0 { // another bridge may have written what this one's journal does not have yet
		if err := s.Journal.Fill(ctx, s.Store, p.Shard()); err != nil {
			return HistoryPage{}, unavailable("fill the journal", err)
		}
	}
	page, err := l.history(ctx, before, pageSize(limit))
	if err != nil {
		return HistoryPage{}, err
	}
	return page, l.dropAbsent(ctx, page.Items)
}

// HistoryTaken traces that a patient took his history away as a file (O155). What cannot be traced is not to be
// given.
func (s *Service) HistoryTaken(ctx context.Context, actor Actor, p PatientID) error {
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return err
	}
	return l.touch(ctx, actor, entryFrame{Kind: TraceExport})
}

// history reads one page of the acts that people are told of, and where the next one begins.
func (l *loaded) history(ctx context.Context, before uint64, size int) (HistoryPage, error) {
	page := HistoryPage{}
	for {
		entries, err := l.svc.Acts.About(ctx, l.id, before, size+1)
		if err != nil {
			return page, unavailable("read the journal", err)
		}
		for _, e := range entries {
			line, shown, err := l.historyLine(e)
			switch {
			case err != nil:
				return page, err
			case !shown:
			case len(page.Items) == size:
				page.Next = cursor(time.UnixMilli(0), strconv.FormatUint(before, 36))
				return page, nil
			default:
				page.Items = append(page.Items, line)
			}
			before = e.Sequence
		}
		if len(entries) <= size {
			return page, nil
		}
	}
}

// told reports whether a patient's history shows entries of a kind: what people did with his messages and his
// choices, and what left in his name. The others serve the trace alone; who is refused is told nowhere (D36).
func told(k TraceKind) bool {
	if k == TraceDownload || k == TraceConsulted || k == TraceLogin || k == TraceLogout || k == TraceTaken || k == TraceNotification {
		return true
	}
	switch rules.ChangeKind(k) {
	case rules.MessageReceived, rules.ReplySent, rules.ExchangeEnded, rules.ConversationEnded, rules.BlockSet, rules.BlockLifted,
		rules.AccountChanged, rules.ObjectionSet, rules.ObjectionLifted, rules.OppositionRecorded, rules.ConversationDeleted,
		rules.ConversationPurged, rules.DocumentSaved, rules.DocumentDeleted, rules.TermsAccepted, rules.MinorityNoted, rules.VisitOpened,
		rules.VisitClosed, rules.VerdictAsked, rules.ConversationOpened, rules.ReceiptSent, rules.LifeNoted, rules.DelegateInvited,
		rules.DelegateAccepted, rules.DelegateRefused, rules.DelegateDeclared, rules.DelegateEnded, rules.DelegateRestored,
		rules.EnrolmentMade, rules.EnrolmentEnded, rules.EnrolmentRefused, rules.SubjectBound, rules.SubjectUnbound:
		return true
	case rules.MessageRefused, rules.AccountErased, rules.ClosingAnnounced, rules.DeliverySettled, rules.ReportReceived, rules.ProfileNoted,
		rules.MatriculeJoined, rules.SubjectNoted, rules.EndPlanned, rules.EndKept: // a planned end is told when it comes
	}
	return false
}

// historyLine reads one journal entry. Its sealed part may be of an account that was erased and opened
// anew: then the line has no names.
func (l *loaded) historyLine(e JournalEntry) (line HistoryLine, shown bool, err error) {
	var f entryFrame
	if err := unpack(e.Entry, &f); err != nil {
		return HistoryLine{}, false, unavailable("open a journal entry", err)
	}
	if !told(f.Kind) || l.hides(f.Hidden) || !l.exchangeShown(rules.MailboxID(f.Mailbox)) {
		return HistoryLine{}, false, nil
	}
	event := rules.LifeEvent("")
	if f.Kind == TraceKind(rules.LifeNoted) {
		event = rules.LifeEvent(f.Code)
	}
	if row, _ := event.Row(); event != "" && row.Notice != rules.NoticeHistory {
		return HistoryLine{}, false, nil
	}
	place := l.svc.name("history", string(l.id)+strconv.FormatUint(e.Sequence, 10))
	line = HistoryLine{
		ID: ID(l.id.Shard() + "h" + lowerBase32(place[:15])), At: f.At.time(), Code: string(f.Kind), How: f.How,
		ActorKind: f.Actor, Thread: f.Conversation, Notes: f.Notes, Event: event,
	}
	var c entryContent
	if err := l.vault.open(tableJournal, f.place(), f.Sealed, &c); err != nil {
		return line, true, nil //nolint:nilerr // what cannot be opened is told without names
	}
	if f.Actor != ActorOperator {
		line.Actor = c.actor(f.Actor).Words()
	}
	label, known, err := l.mailboxLabel(rules.MailboxID(f.Mailbox))
	if err == nil && known {
		line.With = l.svc.shownName(label)
	}
	l.noteRecord(&line, f, c.Patient)
	return line, true, nil
}

// dropAbsent removes from lines the conversations that the patient cannot open any more.
func (l *loaded) dropAbsent(ctx context.Context, lines []HistoryLine) error {
	var ids []ID
	for _, line := range lines {
		if line.Thread != "" {
			ids = append(ids, line.Thread)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Conversations: ids})
	if err != nil {
		return unavailable("read conversations", err)
	}
	for i := range lines {
		var r threadRecord
		if b := f.Conversations[lines[i].Thread]; b == nil || unpack(b, &r) != nil || !r.shown() {
			lines[i].Thread = ""
		}
	}
	return nil
}
