package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// now is the clock of the tests.
var now = time.Date(2026, 5, 12, 9, 30, 0, 0, time.UTC)

// The people of the tests.
const (
	ins        = "279035121518989"
	patientPID = conversations.PatientID("a1b2c3d4e5f60718293a4b5c6d7e8f90")
	openID     = conversations.ID("a1open")
	endedID    = conversations.ID("a1ended")
	exchangeID = conversations.ID("a1xpair")
	pieceID    = conversations.ID("a1open.2.0")
)

// must parses an address of the tests.
func must(s string) conversations.Address {
	a, err := rules.ParseAddress(s)
	if err != nil {
		panic(err)
	}
	return a
}

// fakeConversations answers from the values it holds and notes what it was asked. fail, when set, is what
// every method fails with.
type fakeConversations struct {
	fakeRights
	fakeMailboxes
	fakeTeam
	fakeDelegations
	fakeKept
	fakeEnrolments

	mu           sync.Mutex
	fail         error
	failOn       map[string]error // by method name
	calls        []string
	threads      map[conversations.ID]conversations.Thread
	order        []conversations.ID
	contacts     []conversations.Contact
	pairs        []conversations.ExchangeLine
	files        map[conversations.ID][]byte
	fileName     string
	fileType     string
	cut          int64 // the document ends after so many octets with an error; 0: whole
	replies      []conversations.ReplyInput
	written      []conversations.ThreadInput
	limits       []int
	until        time.Time
	draft        string
	older        string
	changes      chan struct{}
	episode      conversations.EpisodeLine
	boarded      []conversations.EpisodeLine
	exported     []conversations.Exported
	events       []conversations.EpisodeInput
	filters      []conversations.EpisodeFilter
	verdict      conversations.ContactVerdict
	notification conversations.Notification
	hooks        []conversations.WebhookInput
	plans        []planned
	sought       []conversations.Filter // of lists of a mailbox
	searchCut    bool                   // a search does not look at everything
	quiet        bool                   // no conversation takes an answer
	shared       bool                   // the mailbox of the lists
	next         string                 // cursor of the next page of exchanges
}

func newFake() *fakeConversations {
	f := &fakeConversations{
		failOn: map[string]error{}, threads: map[conversations.ID]conversations.Thread{},
		files: map[conversations.ID][]byte{}, fileName: "Compte rendu.pdf", fileType: "application/pdf",
	}
	f.fakeMailboxes, f.fakeTeam = someMailboxes(), someTeam()
	f.changes = make(chan struct{})
	close(f.changes) // a stream ends as soon as it began
	f.episode, f.verdict = episodeLine(), conversations.ContactVerdict{ContactAnswer: rules.ContactAnswer{Rule: "D29", Reachability: rules.Unknown}}
	f.add(openThreadOf(openID))
	f.add(endedThreadOf(endedID))
	f.acting, f.delegates = actingProfiles(), fakeDelegates()
	f.saved = []conversations.Document{savedDocumentOf("a1open.7.0")}
	f.files[pieceID] = []byte("%PDF-1.7 the whole document")
	f.contacts = []conversations.Contact{{
		ID: exchangeID, Name: "Dr Claire Martin", Kind: rules.Personal, State: rules.ThreadOpen, Contactable: true,
		Since: now.AddDate(0, -2, 0), LastAt: now.Add(-time.Hour), OtherBoxes: []string{"Cabinet du Parc"},
	}}
	f.pairs = []conversations.ExchangeLine{{
		ID: exchangeID, Mailbox: must("claire.martin@cabinet.mssante.fr"), State: rules.ThreadOpen, Since: now.AddDate(0, -2, 0),
		LastAt: now.Add(-time.Hour), Patient: conversations.Patient{ID: patientPID, INS: ins, Name: "Jeanne Dupont", State: rules.Active},
	}}
	return f
}

func (f *fakeConversations) add(t conversations.Thread) {
	f.threads[t.ID] = t
	f.order = append(f.order, t.ID)
}

func openThreadOf(id conversations.ID) conversations.Thread {
	sum := sha256.Sum256([]byte("%PDF-1.7 the whole document"))
	return conversations.Thread{
		ThreadLine: conversations.ThreadLine{
			ID: id, Subject: "Résultats de votre prise de sang", State: string(rules.Open), With: []string{"Dr Claire Martin", "Cabinet du Parc"},
			LastAt: now.Add(-time.Hour), Unread: true, HasAttachment: true,
		},
		Contact: exchangeID, Patient: "Jeanne Dupont",
		Messages: []conversations.Message{
			{
				ID: id + ".2", At: now.Add(-time.Hour), Author: "Dr Claire Martin", AuthorKind: conversations.FromProfessional,
				Copied: []string{"Cabinet du Parc"}, Text: "Bonjour,\nvos résultats sont normaux.",
				HTML: "<p>Bonjour,</p><p>vos résultats sont <b>normaux</b>.</p>",
				Attachments: []conversations.AttachmentLine{{
					ID: pieceID, Name: "Compte rendu.pdf", Type: "application/pdf", Bytes: 27, SHA256: sum, Savable: true,
				}},
			},
			{
				ID: id + ".1", At: now.Add(-26 * time.Hour), Author: "Jeanne Dupont", AuthorKind: conversations.FromPatient, Mine: true,
				Copied: []string{"Dr Claire Martin"}, Text: "Avez-vous reçu mes résultats ?",
				Delivery: &conversations.Delivery{State: conversations.DeliverySent},
			},
		},
		Reply: conversations.ReplyOptions{
			Allowed: true, Options: []string{"REPLY", "REPLY_TO_ALL"}, To: []string{"Dr Claire Martin"}, ToAll: []string{"Cabinet du Parc"},
			RemainingBytes: 7_250_000, Until: time.Date(2026, 5, 12, 16, 0, 0, 0, time.UTC),
		},
	}
}

func endedThreadOf(id conversations.ID) conversations.Thread {
	t := openThreadOf(id)
	t.State, t.Subject, t.Unread = string(rules.Ended), "Suites de l’opération", false
	t.Ended = &conversations.Ending{By: "Dr Claire Martin", How: rules.BySubject, At: now.Add(-2 * time.Hour)}
	t.Reply = conversations.ReplyOptions{Options: []string{"NO_REPLY"}, Code: rules.ThreadClosed, EndedBy: "Dr Claire Martin"}
	return t
}

// kind is an error of the core.
func kind(k conversations.Kind) error { return &conversations.Error{Kind: k, Rule: "D17"} }

// called notes a call and gives its failure.
func (f *fakeConversations) called(method string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, method)
	if err := f.failOn[method]; err != nil {
		return err
	}
	return f.fail
}

// asked tells how often a method was called.
func (f *fakeConversations) asked(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == method {
			n++
		}
	}
	return n
}

func (f *fakeConversations) lines() []conversations.ThreadLine {
	var l []conversations.ThreadLine
	for _, id := range f.order {
		l = append(l, f.threads[id].ThreadLine)
	}
	return l
}

func (f *fakeConversations) Inbox(_ context.Context, p conversations.PatientID, cursor string, limit int) (conversations.ThreadPage, error) {
	f.about(p)
	if err := f.called("Inbox"); err != nil {
		return conversations.ThreadPage{}, err
	}
	if p != patientPID && p != childPID && p != elderPID {
		return conversations.ThreadPage{}, errors.New("another patient")
	}
	f.limits = append(f.limits, limit)
	if cursor != "" {
		return conversations.ThreadPage{Items: f.lines()[1:]}, nil
	}
	return conversations.ThreadPage{Items: f.lines(), Next: "bmV4dA", Closure: f.account.Closure}, nil
}

func (f *fakeConversations) Thread(_ context.Context, p conversations.PatientID, id conversations.ID) (conversations.Thread, error) {
	f.about(p)
	if err := f.called("Thread"); err != nil {
		return conversations.Thread{}, err
	}
	t, ok := f.threads[id]
	if !ok {
		return t, kind(conversations.KindNotFound)
	}
	t.Draft, t.HasDraft, t.DraftMark = f.draft, f.draft != "", markOfDraft(f.draft)
	return t, nil
}

func (f *fakeConversations) Opened(_ context.Context, _ conversations.Actor, p conversations.PatientID, id conversations.ID) error {
	f.about(p)
	if err := f.called("Opened"); err != nil {
		return err
	}
	if _, ok := f.threads[id]; !ok {
		return kind(conversations.KindNotFound)
	}
	return nil
}

func (f *fakeConversations) Attachment(_ context.Context, _ conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Download, error) {
	f.about(p)
	if err := f.called("Attachment"); err != nil {
		return conversations.Download{}, err
	}
	b, ok := f.files[id]
	if !ok {
		return conversations.Download{}, kind(conversations.KindNotFound)
	}
	return conversations.Download{
		AttachmentLine: conversations.AttachmentLine{ID: id, Name: f.fileName, Type: f.fileType, Bytes: int64(len(b)), SHA256: sha256.Sum256(b)},
		Write: func(w io.Writer) error {
			if f.cut > 0 {
				_, _ = io.CopyN(w, bytes.NewReader(b), f.cut)
				return kind(conversations.KindUnavailable)
			}
			_, err := io.Copy(w, bytes.NewReader(b))
			return err
		},
	}, nil
}

func (f *fakeConversations) Attached(_ context.Context, _ conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Attached, error) {
	f.about(p)
	if err := f.called("Attached"); err != nil {
		return conversations.Attached{}, err
	}
	if id != pieceID {
		return conversations.Attached{}, kind(conversations.KindNotFound)
	}
	return conversations.Attached{
		AttachmentLine: conversations.AttachmentLine{ID: id, Name: f.fileName, Type: "message/rfc822"},
		View: conversations.View{
			Text: "Transféré", HTML: "<h1>Transféré</h1></div></main>", Notices: []string{"Une partie est abîmée."},
			Attachments: []conversations.Part{{Name: "bilan.pdf"}},
		},
	}, nil
}

func (f *fakeConversations) Original(_ context.Context, _ conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Download, error) {
	f.about(p)
	if err := f.called("Original"); err != nil {
		return conversations.Download{}, err
	}
	for _, t := range f.threads {
		if slices.ContainsFunc(t.Messages, func(m conversations.Message) bool { return m.ID == id }) {
			b := []byte("From: Dr Martin :;\r\n\r\nBonjour\r\n")
			return conversations.Download{
				AttachmentLine: conversations.AttachmentLine{ID: id, Name: "message.eml", Type: "message/rfc822", Bytes: int64(len(b)), SHA256: sha256.Sum256(b)},
				Write:          func(w io.Writer) error { _, err := w.Write(b); return err },
			}, nil
		}
	}
	return conversations.Download{}, kind(conversations.KindNotFound)
}

func (f *fakeConversations) Reply(_ context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID, in conversations.ReplyInput) (conversations.Message, error) {
	f.about(p)
	if actor.Kind != conversations.ActorPatient {
		return conversations.Message{}, errors.New("another actor")
	}
	if err := f.called("Reply"); err != nil {
		f.draft = in.Text
		return conversations.Message{}, err
	}
	if _, ok := f.threads[id]; !ok {
		return conversations.Message{}, kind(conversations.KindNotFound)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replies = append(f.replies, in)
	return conversations.Message{
		ID: id + ".3", At: now, Author: "Jeanne Dupont", AuthorKind: conversations.FromPatient, Mine: true, Text: in.Text,
		Delivery: &conversations.Delivery{State: conversations.DeliveryQueued},
	}, nil
}

func (f *fakeConversations) SaveDraft(_ context.Context, _ conversations.Actor, p conversations.PatientID, _ conversations.ID, text string) error {
	f.about(p)
	if err := f.called("SaveDraft"); err != nil {
		return err
	}
	f.draft = text
	return nil
}

func (f *fakeConversations) Contacts(_ context.Context, p conversations.PatientID) ([]conversations.Contact, error) {
	f.about(p)
	return f.contacts, f.called("Contacts")
}

func (f *fakeConversations) block(method string, id conversations.ID, until time.Time) (conversations.Contact, error) {
	if err := f.called(method); err != nil {
		return conversations.Contact{}, err
	}
	at := slices.IndexFunc(f.contacts, func(c conversations.Contact) bool { return c.ID == id })
	if at < 0 {
		return conversations.Contact{}, kind(conversations.KindNotFound)
	}
	c := f.contacts[at]
	c.Blocked, c.BlockedTill, f.until = method == "Block", until, until
	if c.Blocked {
		c.State = rules.ThreadUnreachable
	}
	return c, nil
}

func (f *fakeConversations) Block(_ context.Context, _ conversations.Actor, p conversations.PatientID, id conversations.ID, until time.Time) (conversations.Contact, error) {
	f.about(p)
	return f.block("Block", id, until)
}

func (f *fakeConversations) Unblock(_ context.Context, _ conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Contact, error) {
	f.about(p)
	return f.block("Unblock", id, time.Time{})
}

func (f *fakeConversations) Exchanges(_ context.Context, _ conversations.Address, filter conversations.Filter) (conversations.ExchangePage, error) {
	f.limits, f.sought = append(f.limits, filter.Limit), append(f.sought, filter)
	pairs := f.pairs
	if filter.List == rules.ListPlanned {
		pairs = slices.DeleteFunc(slices.Clone(pairs), func(e conversations.ExchangeLine) bool { return e.Planned.At.IsZero() })
	}
	return conversations.ExchangePage{Items: pairs, Next: f.next, AsOf: now, Shared: f.shared}, f.called("Exchanges")
}

func (f *fakeConversations) Exchange(_ context.Context, _ []conversations.Address, id conversations.ID) (conversations.ExchangeLine, error) {
	if err := f.called("Exchange"); err != nil {
		return conversations.ExchangeLine{}, err
	}
	at := slices.IndexFunc(f.pairs, func(e conversations.ExchangeLine) bool { return e.ID == id })
	if at < 0 {
		return conversations.ExchangeLine{}, kind(conversations.KindNotFound)
	}
	return f.pairs[at], nil
}

func (f *fakeConversations) FindExchanges(_ context.Context, _ conversations.Address, by conversations.Sought) (conversations.FoundExchanges, error) {
	found := conversations.FoundExchanges{AsOf: now, Cut: f.searchCut, Some: f.searchCut}
	for _, e := range f.pairs {
		if by.INS != "" && by.INS == e.Patient.INS || by.INS == "" && by.Name.Fits(e.Patient.Name) {
			found.Items = append(found.Items, e)
		}
	}
	found.Count = len(found.Items)
	return found, f.called("FindExchanges")
}

func (f *fakeConversations) ExchangeWith(_ context.Context, m conversations.Address, ins rules.INS) (conversations.ExchangeLine, error) {
	if err := f.called("ExchangeWith"); err != nil {
		return conversations.ExchangeLine{}, err
	}
	at := slices.IndexFunc(f.pairs, func(e conversations.ExchangeLine) bool {
		return e.Patient.INS == ins && e.Mailbox.Canonical() == m.Canonical()
	})
	if at < 0 {
		return conversations.ExchangeLine{}, kind(conversations.KindNotFound)
	}
	return f.pairs[at], nil
}

func (f *fakeConversations) Threads(_ context.Context, _ conversations.Address, filter conversations.Filter) (conversations.ThreadPage, error) {
	lines := f.lines()
	lines = slices.DeleteFunc(lines, func(l conversations.ThreadLine) bool {
		return filter.List == rules.ListWaiting && !l.Waiting || filter.List == rules.ListUndelivered && !l.Failed
	})
	for i := range lines {
		lines[i].With = []string{"Jeanne Dupont"}
	}
	return conversations.ThreadPage{Items: lines, AsOf: now}, f.called("Threads")
}

func (f *fakeConversations) ThreadFor(_ context.Context, mailboxes []conversations.Address, id conversations.ID) (conversations.Thread, error) {
	if err := f.called("ThreadFor"); err != nil {
		return conversations.Thread{}, err
	}
	t, ok := f.threads[id]
	if !ok {
		return t, kind(conversations.KindNotFound)
	}
	if t.Boxes = mailboxes; len(f.pairs) > 0 {
		t.Exchange = f.pairs[0].ID
	}
	return t, nil
}

func (f *fakeConversations) OpenThread(_ context.Context, _ conversations.Actor, in conversations.ThreadInput) (conversations.Thread, error) {
	if err := f.called("OpenThread"); err != nil {
		return conversations.Thread{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.written = append(f.written, in)
	t := openThreadOf("a1new")
	t.Subject = in.Subject
	return t, nil
}

func (f *fakeConversations) Write(_ context.Context, _ conversations.Actor, id conversations.ID, in conversations.ThreadInput) (conversations.Message, error) {
	if err := f.called("Write"); err != nil {
		return conversations.Message{}, err
	}
	if _, ok := f.threads[id]; !ok || in.Mailbox.Canonical() != "claire.martin@cabinet.mssante.fr" {
		return conversations.Message{}, kind(conversations.KindNotFound)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.written = append(f.written, in)
	return conversations.Message{ID: id + ".3", At: now, Author: "Dr Claire Martin", AuthorKind: conversations.FromProfessional, Mine: true, Text: in.Text}, nil
}

func (f *fakeConversations) EndExchange(ctx context.Context, _ conversations.Actor, m []conversations.Address, id conversations.ID) (conversations.ExchangeLine, error) {
	if err := f.called("EndExchange"); err != nil {
		return conversations.ExchangeLine{}, err
	}
	e, err := f.Exchange(ctx, m, id)
	e.State, e.EndedBy, e.EndedHow = rules.ThreadEnded, "Dr Claire Martin", rules.ByAPI
	return e, err
}

func (f *fakeConversations) EndThread(ctx context.Context, _ conversations.Actor, m []conversations.Address, id conversations.ID) (conversations.Thread, error) {
	if err := f.called("EndThread"); err != nil {
		return conversations.Thread{}, err
	}
	return f.ThreadFor(ctx, m, id)
}

func (f *fakeConversations) Silenced(context.Context, []conversations.Address, conversations.ID) ([]conversations.ThreadLine, error) {
	if f.quiet {
		return nil, f.called("Silenced")
	}
	return f.lines()[:1], f.called("Silenced")
}
