package web

import (
	"context"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// The one mailbox of the matrix: its exchange with the patient is the thing that others must not see.
const ownedBox = "claire.martin@cabinet.mssante.fr"

// ownedCore is the fake core with owners: patientPID, the mailbox ownedBox, and the establishment ownFINESS. To
// anybody else lists are empty and things are not found, as the real one has it. given notes that something of
// an owner's was handed out or changed.
type ownedCore struct {
	*fakeConversations

	given     bool
	caregiver bool // who asks acts for the owner as a caregiver
}

// beyondCaregiver are the methods that ask for more than reading and answering; the real core refuses them (R133).
func beyondCaregiver() []string {
	return []string{
		"DeleteThread", "SaveDocument", "DeleteDocument", "Block", "Unblock", "Object", "Withdraw", "ManageAccount", "Delegates", "Invite",
		"EndDelegate", "RestoreDelegate", "SetNotification",
	}
}

// patients lets the owner pass.
func (c *ownedCore) patients(method string, p conversations.PatientID) error {
	if c.caregiver && slices.Contains(beyondCaregiver(), method) {
		_ = c.called(method)
		return kind(conversations.KindNotGranted)
	}
	return c.pass(method, p == patientPID)
}

// boxes lets whoever may use the mailbox pass.
func (c *ownedCore) boxes(method string, all ...conversations.Address) error {
	return c.pass(method, slices.ContainsFunc(all, func(m conversations.Address) bool { return m.Canonical() == ownedBox }))
}

// visits lets mailboxes of the establishment pass.
func (c *ownedCore) visits(method string, all []conversations.Address) error {
	return c.pass(method, slices.ContainsFunc(all, func(m conversations.Address) bool { return c.Facility(m) == ownFINESS }))
}

func (c *ownedCore) pass(method string, owner bool) error {
	if !owner {
		_ = c.called(method)
		return kind(conversations.KindNotFound)
	}
	c.given = true
	return nil
}

// hidden answers not found to strangers.
func hidden[T any](stranger error, owner func() (T, error)) (T, error) {
	var none T
	if stranger != nil {
		return none, stranger
	}
	return owner()
}

// own answers strangers with what is theirs: nothing yet.
func own[T any](stranger error, owner func() (T, error)) (T, error) {
	var none T
	if stranger != nil && conversations.KindOf(stranger) == conversations.KindNotGranted {
		return none, stranger
	}
	if stranger != nil {
		return none, nil
	}
	return owner()
}

func done(f func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, f() }
}

func (c *ownedCore) Inbox(ctx context.Context, p conversations.PatientID, cursor string, limit int) (conversations.ThreadPage, error) {
	return own(c.patients("Inbox", p), func() (conversations.ThreadPage, error) { return c.fakeConversations.Inbox(ctx, p, cursor, limit) })
}

func (c *ownedCore) Thread(ctx context.Context, p conversations.PatientID, id conversations.ID) (conversations.Thread, error) {
	return hidden(c.patients("Thread", p), func() (conversations.Thread, error) { return c.fakeConversations.Thread(ctx, p, id) })
}

func (c *ownedCore) ThreadBefore(ctx context.Context, p conversations.PatientID, id conversations.ID, before string) (conversations.Thread, error) {
	return hidden(c.patients("ThreadBefore", p), func() (conversations.Thread, error) { return c.fakeConversations.ThreadBefore(ctx, p, id, before) })
}

func (c *ownedCore) Line(ctx context.Context, p conversations.PatientID, id conversations.ID) (conversations.ThreadLine, error) {
	return hidden(c.patients("Line", p), func() (conversations.ThreadLine, error) { return c.fakeConversations.Line(ctx, p, id) })
}

func (c *ownedCore) LatestThreads(ctx context.Context, p conversations.PatientID) (map[conversations.ID]conversations.ID, error) {
	return own(c.patients("LatestThreads", p), func() (map[conversations.ID]conversations.ID, error) {
		return c.fakeConversations.LatestThreads(ctx, p)
	})
}

func (c *ownedCore) Watch(ctx context.Context, p conversations.PatientID) (conversations.Watching, error) {
	over := make(chan struct{})
	close(over)
	_, err := own(c.patients("Watch", p), done(func() error { return c.called("Watch") }))
	return conversations.Watching{Changes: over, Stop: func() {}}, err
}

func (c *ownedCore) AttachmentLine(ctx context.Context, p conversations.PatientID, id conversations.ID) (conversations.AttachmentLine, error) {
	return hidden(c.patients("AttachmentLine", p), func() (conversations.AttachmentLine, error) { return c.fakeConversations.AttachmentLine(ctx, p, id) })
}

func (c *ownedCore) KeepDraft(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID, text string, seen conversations.DraftMark) (conversations.DraftMark, error) {
	return hidden(c.patients("KeepDraft", p), func() (conversations.DraftMark, error) {
		return c.fakeConversations.KeepDraft(ctx, by, p, id, text, seen)
	})
}

func (c *ownedCore) Opened(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) error {
	_, err := hidden(c.patients("Opened", p), done(func() error { return c.fakeConversations.Opened(ctx, by, p, id) }))
	return err
}

func (c *ownedCore) Attachment(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Download, error) {
	return hidden(c.patients("Attachment", p), func() (conversations.Download, error) { return c.fakeConversations.Attachment(ctx, by, p, id) })
}

func (c *ownedCore) Attached(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Attached, error) {
	return hidden(c.patients("Attached", p), func() (conversations.Attached, error) { return c.fakeConversations.Attached(ctx, by, p, id) })
}

func (c *ownedCore) Original(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Download, error) {
	return hidden(c.patients("Original", p), func() (conversations.Download, error) { return c.fakeConversations.Original(ctx, by, p, id) })
}

func (c *ownedCore) Reply(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID, in conversations.ReplyInput) (conversations.Message, error) {
	return hidden(c.patients("Reply", p), func() (conversations.Message, error) { return c.fakeConversations.Reply(ctx, by, p, id, in) })
}

func (c *ownedCore) SaveDraft(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID, text string) error {
	_, err := hidden(c.patients("SaveDraft", p), done(func() error { return c.fakeConversations.SaveDraft(ctx, by, p, id, text) }))
	return err
}

func (c *ownedCore) Contacts(ctx context.Context, p conversations.PatientID) ([]conversations.Contact, error) {
	return own(c.patients("Contacts", p), func() ([]conversations.Contact, error) { return c.fakeConversations.Contacts(ctx, p) })
}

func (c *ownedCore) Block(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID, until time.Time) (conversations.Contact, error) {
	return hidden(c.patients("Block", p), func() (conversations.Contact, error) { return c.fakeConversations.Block(ctx, by, p, id, until) })
}

func (c *ownedCore) Unblock(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Contact, error) {
	return hidden(c.patients("Unblock", p), func() (conversations.Contact, error) { return c.fakeConversations.Unblock(ctx, by, p, id) })
}

func (c *ownedCore) Objections(ctx context.Context, p conversations.PatientID) ([]conversations.Objection, error) {
	return own(c.patients("Objections", p), func() ([]conversations.Objection, error) { return c.fakeConversations.Objections(ctx, p) })
}

func (c *ownedCore) Object(ctx context.Context, by conversations.Actor, p conversations.PatientID, o rules.Objection) (conversations.Objection, error) {
	if err := c.patients("Object", p); conversations.KindOf(err) == conversations.KindNotGranted {
		return conversations.Objection{}, err
	} else if err != nil {
		o.At = now
		return conversations.Objection{Objection: o}, nil
	}
	return c.fakeConversations.Object(ctx, by, p, o)
}

func (c *ownedCore) Withdraw(ctx context.Context, by conversations.Actor, p conversations.PatientID, id rules.ObjectionID) error {
	_, err := own(c.patients("Withdraw", p), done(func() error { return c.fakeConversations.Withdraw(ctx, by, p, id) }))
	return err
}

func (c *ownedCore) DeleteThread(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) error {
	_, err := hidden(c.patients("DeleteThread", p), done(func() error { return c.fakeConversations.DeleteThread(ctx, by, p, id) }))
	return err
}

func (c *ownedCore) SaveDocument(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Document, bool, error) {
	if err := c.patients("SaveDocument", p); err != nil {
		return conversations.Document{}, false, err
	}
	return c.fakeConversations.SaveDocument(ctx, by, p, id)
}

func (c *ownedCore) Documents(ctx context.Context, p conversations.PatientID, cursor string, limit int) (conversations.DocumentPage, error) {
	return own(c.patients("Documents", p), func() (conversations.DocumentPage, error) {
		return c.fakeConversations.Documents(ctx, p, cursor, limit)
	})
}

func (c *ownedCore) DocumentLine(ctx context.Context, p conversations.PatientID, id conversations.ID) (conversations.Document, error) {
	return hidden(c.patients("DocumentLine", p), func() (conversations.Document, error) { return c.fakeConversations.DocumentLine(ctx, p, id) })
}

func (c *ownedCore) Document(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Download, error) {
	return hidden(c.patients("Document", p), func() (conversations.Download, error) { return c.fakeConversations.Document(ctx, by, p, id) })
}

func (c *ownedCore) DeleteDocument(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) error {
	_, err := hidden(c.patients("DeleteDocument", p), done(func() error { return c.fakeConversations.DeleteDocument(ctx, by, p, id) }))
	return err
}

func (c *ownedCore) History(ctx context.Context, p conversations.PatientID, cursor string, limit int) (conversations.HistoryPage, error) {
	return own(c.patients("History", p), func() (conversations.HistoryPage, error) { return c.fakeConversations.History(ctx, p, cursor, limit) })
}

func (c *ownedCore) Account(ctx context.Context, p conversations.PatientID) (conversations.Account, error) {
	if c.patients("Account", p) != nil {
		return conversations.Account{State: rules.Active, Commands: []rules.AccountCommand{rules.CloseMessaging}}, nil
	}
	return c.fakeConversations.Account(ctx, p)
}

func (c *ownedCore) ManageAccount(ctx context.Context, by conversations.Actor, as rules.Party, p conversations.PatientID, command rules.AccountCommand) (conversations.Account, error) {
	if err := c.patients("ManageAccount", p); conversations.KindOf(err) == conversations.KindNotGranted {
		return conversations.Account{}, err
	} else if err != nil {
		return conversations.Account{State: rules.MessagingClosed}, nil
	}
	return c.fakeConversations.ManageAccount(ctx, by, as, p, command)
}

func (c *ownedCore) FindExchanges(ctx context.Context, m conversations.Address, by conversations.Sought) (conversations.FoundExchanges, error) {
	return own(c.boxes("FindExchanges", m), func() (conversations.FoundExchanges, error) { return c.fakeConversations.FindExchanges(ctx, m, by) })
}

func (c *ownedCore) Exchanges(ctx context.Context, m conversations.Address, f conversations.Filter) (conversations.ExchangePage, error) {
	return own(c.boxes("Exchanges", m), func() (conversations.ExchangePage, error) { return c.fakeConversations.Exchanges(ctx, m, f) })
}

func (c *ownedCore) Exchange(ctx context.Context, all []conversations.Address, id conversations.ID) (conversations.ExchangeLine, error) {
	return hidden(c.boxes("Exchange", all...), func() (conversations.ExchangeLine, error) { return c.fakeConversations.Exchange(ctx, all, id) })
}

func (c *ownedCore) Threads(ctx context.Context, m conversations.Address, f conversations.Filter) (conversations.ThreadPage, error) {
	return own(c.boxes("Threads", m), func() (conversations.ThreadPage, error) { return c.fakeConversations.Threads(ctx, m, f) })
}

func (c *ownedCore) ThreadFor(ctx context.Context, all []conversations.Address, id conversations.ID) (conversations.Thread, error) {
	return hidden(c.boxes("ThreadFor", all...), func() (conversations.Thread, error) { return c.fakeConversations.ThreadFor(ctx, all, id) })
}

func (c *ownedCore) OpenThread(ctx context.Context, by conversations.Actor, in conversations.ThreadInput) (conversations.Thread, error) {
	return hidden(c.boxes("OpenThread", in.Mailbox), func() (conversations.Thread, error) { return c.fakeConversations.OpenThread(ctx, by, in) })
}

func (c *ownedCore) Write(ctx context.Context, by conversations.Actor, id conversations.ID, in conversations.ThreadInput) (conversations.Message, error) {
	return hidden(c.boxes("Write", in.Mailbox), func() (conversations.Message, error) { return c.fakeConversations.Write(ctx, by, id, in) })
}

func (c *ownedCore) EndExchange(ctx context.Context, by conversations.Actor, all []conversations.Address, id conversations.ID) (conversations.ExchangeLine, error) {
	return hidden(c.boxes("EndExchange", all...), func() (conversations.ExchangeLine, error) { return c.fakeConversations.EndExchange(ctx, by, all, id) })
}

func (c *ownedCore) EndThread(ctx context.Context, by conversations.Actor, all []conversations.Address, id conversations.ID) (conversations.Thread, error) {
	return hidden(c.boxes("EndThread", all...), func() (conversations.Thread, error) { return c.fakeConversations.EndThread(ctx, by, all, id) })
}

func (c *ownedCore) Silenced(ctx context.Context, all []conversations.Address, id conversations.ID) ([]conversations.ThreadLine, error) {
	return hidden(c.boxes("Silenced", all...), func() ([]conversations.ThreadLine, error) { return c.fakeConversations.Silenced(ctx, all, id) })
}

func (c *ownedCore) RecordOpposition(ctx context.Context, by conversations.Actor, in conversations.OppositionInput) (conversations.Opposition, error) {
	return hidden(c.boxes("RecordOpposition", in.Mailbox), func() (conversations.Opposition, error) {
		return c.fakeConversations.RecordOpposition(ctx, by, in)
	})
}

func (c *ownedCore) Ask(ctx context.Context, by conversations.Actor, m conversations.Address, ins rules.INS) (conversations.ContactVerdict, error) {
	return hidden(c.boxes("Ask", m), func() (conversations.ContactVerdict, error) { return c.fakeConversations.Ask(ctx, by, m, ins) })
}

func (c *ownedCore) Users(ctx context.Context, by conversations.Actor, m conversations.Address) ([]conversations.MailboxUser, error) {
	return hidden(c.boxes("Users", m), func() ([]conversations.MailboxUser, error) { return c.fakeConversations.Users(ctx, by, m) })
}

func (c *ownedCore) AdmitUser(ctx context.Context, by conversations.Actor, m conversations.Address, who conversations.Person, until time.Time) (conversations.MailboxUser, error) {
	return hidden(c.boxes("AdmitUser", m), func() (conversations.MailboxUser, error) {
		return c.fakeConversations.AdmitUser(ctx, by, m, who, until)
	})
}

func (c *ownedCore) DismissUser(ctx context.Context, by conversations.Actor, m conversations.Address, user conversations.ID) error {
	_, err := hidden(c.boxes("DismissUser", m), done(func() error { return c.fakeConversations.DismissUser(ctx, by, m, user) }))
	return err
}

// Profiles lets the representative act for the owner, and the caregiver read and answer; the delegations of the others have
// ended.
func (c *ownedCore) Profiles(_ context.Context, person conversations.PatientID) ([]conversations.Profile, error) {
	switch person {
	case "pid-of-caregiver":
		c.caregiver = true
		return []conversations.Profile{{
			Patient: patientPID, Name: "Jeanne Dupont", Rights: rules.MayRead | rules.MayReply,
			Delegation: rules.Delegation{ID: "a1c", Kind: rules.Caregiver, State: rules.DelegationAccepted},
			Actor:      conversations.Actor{Kind: conversations.ActorCaregiver, ID: string(person), Name: "Personne caregiver"},
		}}, c.called("Profiles")
	case "pid-of-representative":
	default:
		return nil, c.called("Profiles")
	}
	return []conversations.Profile{{
		Patient: patientPID, Name: "Jeanne Dupont", Rights: rules.Everything,
		Delegation: rules.Delegation{ID: "a1d", Kind: rules.Parent, State: rules.DelegationAccepted},
		Actor:      conversations.Actor{Kind: conversations.ActorRepresentative, ID: string(person), Name: "Personne representative"},
	}}, c.called("Profiles")
}

func (c *ownedCore) GiveUp(ctx context.Context, by conversations.Actor, person, p conversations.PatientID) error {
	_, err := hidden(c.patients("GiveUp", p), done(func() error { return c.fakeConversations.GiveUp(ctx, by, person, p) }))
	return err
}

func (c *ownedCore) Delegates(ctx context.Context, p conversations.PatientID) ([]conversations.DelegateLine, error) {
	return own(c.patients("Delegates", p), func() ([]conversations.DelegateLine, error) { return c.fakeConversations.Delegates(ctx, p) })
}

func (c *ownedCore) Invite(ctx context.Context, by conversations.Actor, p conversations.PatientID, in conversations.InvitationInput) (conversations.DelegateLine, error) {
	if err := c.patients("Invite", p); conversations.KindOf(err) == conversations.KindNotGranted {
		return conversations.DelegateLine{}, err
	} else if err != nil {
		return fakeDelegates()[1], nil
	}
	return c.fakeConversations.Invite(ctx, by, p, in)
}

func (c *ownedCore) EndDelegate(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) error {
	_, err := hidden(c.patients("EndDelegate", p), done(func() error { return c.fakeConversations.EndDelegate(ctx, by, p, id) }))
	return err
}

func (c *ownedCore) RestoreDelegate(ctx context.Context, by conversations.Actor, p conversations.PatientID, id conversations.ID) error {
	_, err := hidden(c.patients("RestoreDelegate", p), done(func() error { return c.fakeConversations.RestoreDelegate(ctx, by, p, id) }))
	return err
}

// Mandates tells each person of the matrix what he may do with which mailbox.
func (c *ownedCore) MandatesOf(_ context.Context, id string, _ conversations.Vouched) ([]conversations.Mandate, error) {
	box := conversations.Mailbox{Address: must(ownedBox), Kind: rules.Organisational}
	switch id {
	case "professional", "secretary":
		return []conversations.Mandate{{Mailbox: box, Use: true}}, c.called("Mandates")
	case "administrator":
		return []conversations.Mandate{{Mailbox: box, Administer: true}}, c.called("Mandates")
	}
	return []conversations.Mandate{{Mailbox: conversations.Mailbox{Address: must("autre@chu.mssante.fr")}, Use: true, Administer: true}}, c.called("Mandates")
}

func (c *ownedCore) ChangeEpisode(ctx context.Context, by conversations.Actor, all []conversations.Address, in conversations.EpisodeInput) (conversations.EpisodeLine, error) {
	return hidden(c.visits("ChangeEpisode", all), func() (conversations.EpisodeLine, error) { return c.fakeConversations.ChangeEpisode(ctx, by, all, in) })
}

func (c *ownedCore) Episode(ctx context.Context, all []conversations.Address, v conversations.Visit) (conversations.EpisodeLine, error) {
	return hidden(c.visits("Episode", all), func() (conversations.EpisodeLine, error) { return c.fakeConversations.Episode(ctx, all, v) })
}

func (c *ownedCore) EpisodeByID(ctx context.Context, all []conversations.Address, finess string, id rules.VisitID) (conversations.EpisodeLine, error) {
	return hidden(c.visits("EpisodeByID", all), func() (conversations.EpisodeLine, error) {
		return c.fakeConversations.EpisodeByID(ctx, all, finess, id)
	})
}

func (c *ownedCore) Episodes(ctx context.Context, all []conversations.Address, finess string, f conversations.EpisodeFilter) (conversations.EpisodePage, error) {
	return hidden(c.visits("Episodes", all), func() (conversations.EpisodePage, error) { return c.fakeConversations.Episodes(ctx, all, finess, f) })
}

func (c *ownedCore) PlanEnd(ctx context.Context, by conversations.Actor, mailboxes []conversations.Address, id conversations.ID, at time.Time, reason string) (conversations.ExchangeLine, error) {
	return hidden(c.boxes("PlanEnd", mailboxes...), func() (conversations.ExchangeLine, error) {
		return c.fakeConversations.PlanEnd(ctx, by, mailboxes, id, at, reason)
	})
}

func (c *ownedCore) KeepExchange(ctx context.Context, by conversations.Actor, mailboxes []conversations.Address, id conversations.ID) (conversations.ExchangeLine, error) {
	return hidden(c.boxes("KeepExchange", mailboxes...), func() (conversations.ExchangeLine, error) {
		return c.fakeConversations.KeepExchange(ctx, by, mailboxes, id)
	})
}

func (c *ownedCore) Tally(ctx context.Context, m conversations.Address) (conversations.Tally, error) {
	return own(c.boxes("Tally", m), func() (conversations.Tally, error) { return c.fakeConversations.Tally(ctx, m) })
}

func (c *ownedCore) AttachmentFor(ctx context.Context, by conversations.Actor, mailboxes []conversations.Address, thread, id conversations.ID) (conversations.Download, error) {
	return hidden(c.boxes("AttachmentFor", mailboxes...), func() (conversations.Download, error) {
		return c.fakeConversations.AttachmentFor(ctx, by, mailboxes, thread, id)
	})
}

func (c *ownedCore) Notification(ctx context.Context, p conversations.PatientID) (conversations.Notification, bool, error) {
	if c.patients("Notification", p) != nil {
		return conversations.Notification{}, false, nil // somebody else's own, who said nothing yet
	}
	return c.fakeConversations.Notification(ctx, p)
}

func (c *ownedCore) SetNotification(ctx context.Context, actor conversations.Actor, p conversations.PatientID, n conversations.Notification) error {
	if err := c.patients("SetNotification", p); err != nil {
		if conversations.KindOf(err) == conversations.KindNotFound {
			return nil // somebody else's own
		}
		return err
	}
	return c.fakeConversations.SetNotification(ctx, actor, p, n)
}
