package web

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Conversations is what the border asks of the core; *conversations.Service satisfies it. Its errors
// carry a conversations.Kind.
type Conversations interface {
	Delegations
	Teamwork
	Receivers
	Inbox(ctx context.Context, p conversations.PatientID, cursor string, limit int) (conversations.ThreadPage, error)
	Thread(ctx context.Context, p conversations.PatientID, id conversations.ID) (conversations.Thread, error)
	ThreadBefore(ctx context.Context, p conversations.PatientID, id conversations.ID, before string) (conversations.Thread, error)
	Line(ctx context.Context, p conversations.PatientID, id conversations.ID) (conversations.ThreadLine, error)
	LatestThreads(ctx context.Context, p conversations.PatientID) (map[conversations.ID]conversations.ID, error)
	Watch(ctx context.Context, p conversations.PatientID) (conversations.Watching, error)
	Opened(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID) error
	Attachment(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Download, error)
	AttachmentLine(ctx context.Context, p conversations.PatientID, id conversations.ID) (conversations.AttachmentLine, error)
	Attached(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Attached, error)
	Original(ctx context.Context, actor conversations.Actor, p conversations.PatientID, message conversations.ID) (conversations.Download, error)
	Reply(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID, in conversations.ReplyInput) (conversations.Message, error)
	SaveDraft(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID, text string) error
	KeepDraft(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID, text string, seen conversations.DraftMark) (conversations.DraftMark, error)
	Contacts(ctx context.Context, p conversations.PatientID) ([]conversations.Contact, error)
	Block(ctx context.Context, actor conversations.Actor, p conversations.PatientID, contact conversations.ID, until time.Time) (conversations.Contact, error)
	Unblock(ctx context.Context, actor conversations.Actor, p conversations.PatientID, contact conversations.ID) (conversations.Contact, error)

	Objections(ctx context.Context, p conversations.PatientID) ([]conversations.Objection, error)
	Object(ctx context.Context, actor conversations.Actor, p conversations.PatientID, o rules.Objection) (conversations.Objection, error)
	Withdraw(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id rules.ObjectionID) error
	Scopes(ctx context.Context, p conversations.PatientID) ([]conversations.Scope, error)
	DeleteThread(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID) error
	SaveDocument(ctx context.Context, actor conversations.Actor, p conversations.PatientID, attachment conversations.ID) (d conversations.Document, saved bool, err error)
	Documents(ctx context.Context, p conversations.PatientID, cursor string, limit int) (conversations.DocumentPage, error)
	DocumentLine(ctx context.Context, p conversations.PatientID, id conversations.ID) (conversations.Document, error)
	Document(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Download, error)
	DeleteDocument(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID) error
	History(ctx context.Context, p conversations.PatientID, cursor string, limit int) (conversations.HistoryPage, error)
	Export(ctx context.Context, actor conversations.Actor, p conversations.PatientID, take func(conversations.Exported) error) error
	Notification(ctx context.Context, p conversations.PatientID) (n conversations.Notification, told bool, err error)
	SetNotification(ctx context.Context, actor conversations.Actor, p conversations.PatientID, n conversations.Notification) error
	HistoryTaken(ctx context.Context, actor conversations.Actor, p conversations.PatientID) error
	Account(ctx context.Context, p conversations.PatientID) (conversations.Account, error)
	ManageAccount(ctx context.Context, actor conversations.Actor, by rules.Party, p conversations.PatientID, command rules.AccountCommand) (conversations.Account, error)
	AcceptedTerms(ctx context.Context, who conversations.Signatory) (rules.Terms, error)
	AcceptTerms(ctx context.Context, who conversations.Signatory, t rules.Terms) (rules.Terms, error)

	Exchanges(ctx context.Context, m conversations.Address, f conversations.Filter) (conversations.ExchangePage, error)
	Exchange(ctx context.Context, mailboxes []conversations.Address, id conversations.ID) (conversations.ExchangeLine, error)
	FindExchanges(ctx context.Context, m conversations.Address, by conversations.Sought) (conversations.FoundExchanges, error)
	ExchangeWith(ctx context.Context, m conversations.Address, ins rules.INS) (conversations.ExchangeLine, error)
	Threads(ctx context.Context, m conversations.Address, f conversations.Filter) (conversations.ThreadPage, error)
	ThreadFor(ctx context.Context, mailboxes []conversations.Address, id conversations.ID) (conversations.Thread, error)
	OpenThread(ctx context.Context, actor conversations.Actor, in conversations.ThreadInput) (conversations.Thread, error)
	Write(ctx context.Context, actor conversations.Actor, id conversations.ID, in conversations.ThreadInput) (conversations.Message, error)
	EndExchange(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID) (conversations.ExchangeLine, error)
	PlanEnd(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID, at time.Time, reason string) (conversations.ExchangeLine, error)
	KeepExchange(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID) (conversations.ExchangeLine, error)
	Tally(ctx context.Context, m conversations.Address) (conversations.Tally, error)
	AttachmentFor(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, thread, id conversations.ID) (conversations.Download, error)
	EndThread(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID) (conversations.Thread, error)
	RecordOpposition(ctx context.Context, actor conversations.Actor, in conversations.OppositionInput) (conversations.Opposition, error)
	Silenced(ctx context.Context, mailboxes []conversations.Address, exchange conversations.ID) ([]conversations.ThreadLine, error)
	Ask(ctx context.Context, actor conversations.Actor, m conversations.Address, ins rules.INS) (conversations.ContactVerdict, error)

	MandatesOf(ctx context.Context, person string, as conversations.Vouched) ([]conversations.Mandate, error)
	Users(ctx context.Context, actor conversations.Actor, m conversations.Address) ([]conversations.MailboxUser, error)
	AdmitUser(ctx context.Context, actor conversations.Actor, m conversations.Address, who conversations.Person, until time.Time) (conversations.MailboxUser, error)
	DismissUser(ctx context.Context, actor conversations.Actor, m conversations.Address, user conversations.ID) error

	SealFor(ctx context.Context, patients []conversations.PatientID, place string, plain []byte) ([]byte, error)
	OpenFor(ctx context.Context, place string, sealed []byte) ([]byte, error)
	Enrolling

	Facility(m conversations.Address) string
	ChangeEpisode(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, in conversations.EpisodeInput) (conversations.EpisodeLine, error)
	Episode(ctx context.Context, mailboxes []conversations.Address, v conversations.Visit) (conversations.EpisodeLine, error)
	Board(ctx context.Context, finess string, closedSince time.Time) (conversations.Board, error)
	EpisodeByID(ctx context.Context, mailboxes []conversations.Address, finess string, id rules.VisitID) (conversations.EpisodeLine, error)
	Closings(ctx context.Context, mailboxes []conversations.Address, finess, after string, limit int) (conversations.EpisodePage, error)
	Episodes(ctx context.Context, mailboxes []conversations.Address, finess string, f conversations.EpisodeFilter) (conversations.EpisodePage, error)
}

// Delegations is what the border asks of the core about who acts for whom (D28).
type Delegations interface {
	Profiles(ctx context.Context, person conversations.PatientID) ([]conversations.Profile, error)
	GiveUp(ctx context.Context, actor conversations.Actor, person, p conversations.PatientID) error
	Delegates(ctx context.Context, p conversations.PatientID) ([]conversations.DelegateLine, error)
	Invite(ctx context.Context, actor conversations.Actor, p conversations.PatientID, in conversations.InvitationInput) (conversations.DelegateLine, error)
	EndDelegate(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID) error
	RestoreDelegate(ctx context.Context, actor conversations.Actor, p conversations.PatientID, id conversations.ID) error
	Invitation(ctx context.Context, person conversations.PatientID, code string) (conversations.Invitation, error)
	AcceptInvitation(ctx context.Context, person conversations.PatientID, code string) (conversations.Profile, error)
	RefuseInvitation(ctx context.Context, person conversations.PatientID, code string) error
}

// Enrolling is what the border asks of the core about enrolment face to face, and who acts by law (D26, D28).
type Enrolling interface {
	HandCode(ctx context.Context, officer conversations.Actor, in conversations.EnrolmentInput) (conversations.IssuedCode, error)
	Enrolments(ctx context.Context, officer conversations.Actor) ([]conversations.EnrolmentLine, error)
	RevokeCode(ctx context.Context, officer conversations.Actor, id conversations.ID) error
	BindByCode(ctx context.Context, who conversations.Login, code string) (conversations.Patient, error)
	DeclareRepresentation(ctx context.Context, officer conversations.Actor, in conversations.Declaration) error
	EndRepresentation(ctx context.Context, officer conversations.Actor, patient, person rules.INS) (found bool, err error)
}

// PrincipalKind is the kind of whoever calls.
type PrincipalKind string

// Kinds of principal.
const (
	Patient      PrincipalKind = "patient"
	Professional PrincipalKind = "professional"
	Application  PrincipalKind = "application" // a structure's system, bound to its FINESS
)

// Principal is who stands behind a token or a session. Everything in it but Kind is personal: it prints
// as its kind.
type Principal struct {
	Kind      PrincipalKind
	ID        string // national id of a professional, client id of an application, patient id of a patient
	Name      string
	Patient   conversations.PatientID // of a patient
	Mailboxes []conversations.Address // those that the caller may read and write for (I119, I120)
	FINESS    string                  // of an application, or of the structure that vouches for a professional (D26)
	Enrols    bool                    // is listed as one who enrols patients (D26)
	ACR       string                  // level of the login
	Scopes    []string

	Exercise   string // exercise situation that a professional chose, in words (I46)
	Exercises  int    // how many there are to choose from
	NoExercise bool   // the provider knows of none (I40)

	Until time.Time // of a session: first instant without it, unless the person does something before
	End   time.Time // of a session: first instant without it, whatever the person does
}

// String tells the kind alone.
func (p Principal) String() string { return string(p.Kind) }

// LogValue tells the kind alone.
func (p Principal) LogValue() slog.Value { return slog.StringValue(string(p.Kind)) }

// has reports whether the token or session was given a scope (I247).
func (p Principal) has(scope string) bool { return slices.Contains(p.Scopes, scope) }

// actor is the principal as the trace names him.
func (p Principal) actor() conversations.Actor {
	kind := conversations.ActorProfessional
	switch p.Kind {
	case Patient:
		kind = conversations.ActorPatient
	case Application:
		kind = conversations.ActorClinic
	case Professional:
	}
	return conversations.Actor{Kind: kind, ID: p.ID, Name: p.Name, Exercise: p.Exercise}
}

// standing is what the login says of a professional beside who he is.
func (p Principal) standing() conversations.Vouched {
	return conversations.Vouched{FINESS: p.FINESS, NoExercise: p.NoExercise}
}

// ErrUnauthenticated means that a token or cookie stands for nobody.
var ErrUnauthenticated = errors.New("not authenticated")

// Authenticator tells who calls. It fails with ErrUnauthenticated for what stands for nobody, and with
// any other error when it cannot tell; the caller is then asked to come back (D17).
type Authenticator interface {
	// Token returns who holds a bearer token. peer is the certificate whose key the other side of the connection
	// proved, nil without one: a token that is bound to another stands for nobody (RFC 8705 section 3).
	Token(ctx context.Context, bearer string, peer *x509.Certificate) (Principal, error)
	// Session returns who holds the session of a cookie, and the token that its forms must carry. It
	// counts as activity of the person: every page is asked for by one.
	Session(ctx context.Context, cookie string) (p Principal, csrf string, err error)
	// Unattended is Session for what a page asks for by itself: it does not count as activity of the person.
	Unattended(ctx context.Context, cookie string) (p Principal, csrf string, err error)
	// Sessions lists the live sessions of a person, newest first; cookie marks the one asked from.
	Sessions(ctx context.Context, who Principal, cookie string) ([]Session, error)
	// EndSession ends one of them at once; one that is over is no error.
	EndSession(ctx context.Context, who Principal, id string) error
}

// Session is a browser session that a person has.
type Session struct {
	ID       string    // names it among the person's; it opens nothing
	Device   string    // browser and system; empty when the browser did not say
	Through  string    // structure that the person logged in through; empty: the national provider
	LoggedIn time.Time // when it began
	Active   time.Time // of the last activity, to the minute
	Here     bool      // it is the one asked from
}

// Addresses knows where patients are told that a message waits.
type Addresses interface {
	// PrivateAddress returns the address of a patient's own that he is told at; empty: he is not told (R124, R126).
	PrivateAddress(ctx context.Context, p conversations.PatientID) (string, error)
}

// Calls counts calls of the API, for all processes together; *redisstore.Store satisfies it.
type Calls interface {
	// Count counts one call of a caller, 32 hexadecimal digits that stand for him, and returns how many there
	// were in the period that the first of them began, and how long that still lasts.
	Count(ctx context.Context, caller string, period time.Duration) (calls int, left time.Duration, err error)
}

// ErrOtherBody is the error of [Idempotency] for a key that was used with another body.
var ErrOtherBody = errors.New("idempotency key used with another body")

// Idempotency keeps the first answer to a request for 24 hours. What it is given is opaque and holds
// nothing readable: id is 64 hexadecimal digits that stand for caller, route and key, body is a keyed
// hash, and answer is sealed.
type Idempotency interface {
	// Remember claims id for body when nobody has, and returns the answer kept, nil when there is none
	// yet. A given answer is kept unless there is one; the kept one is returned. It fails with
	// ErrOtherBody when id was claimed for another body.
	Remember(ctx context.Context, id string, body [32]byte, answer []byte) (kept []byte, err error)
}
