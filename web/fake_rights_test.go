package web

import (
	"bytes"
	"context"
	"io"
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// fakeRights is the part of the fake core that the patient's own rights ask for.
type fakeRights struct {
	objections []conversations.Objection
	saved      []conversations.Document
	deleted    []conversations.ID
	past       []conversations.HistoryLine
	account    conversations.Account
	commands   []rules.AccountCommand
	untold     bool // the patient never said how to be told
	pending    bool // nobody has accepted the terms
	signed     []rules.Terms
	recorded   []conversations.OppositionInput
}

// savedID is the id of the document that the patient has saved.
const savedID = conversations.ID("a1doc")

func savedDocumentOf(attachment conversations.ID) conversations.Document {
	return conversations.Document{
		AttachmentLine: conversations.AttachmentLine{ID: savedID, Name: "Compte rendu.pdf", Type: "application/pdf", Bytes: 27},
		SavedAt:        now, From: "Dr Claire Martin", Source: attachment, Thread: openID,
	}
}

// rightsBodies gives the bodies that the calls of the patient's rights take.
func rightsBodies() map[string]string {
	return map[string]string{
		"PUT /inbox/objections/{id}": `{"kind":"exchange","scope":"structure","value":"770816478"}`,
		"POST /account":              `{"command":"close-messaging"}`,
		"POST /terms":                `{"version":"` + termsVersion + `"}`,
		"POST /mailboxes/{id}/users": `{"person":"899900000033","name":"Sophie Amblardet"}`,
		"PUT /oppositions":           `{"mailbox":"claire.martin@cabinet.mssante.fr","patient":{"ins":"` + ins + `"},"toPatient":true}`,
	}
}

func (f *fakeConversations) Objections(_ context.Context, p conversations.PatientID) ([]conversations.Objection, error) {
	f.about(p)
	return f.objections, f.called("Objections")
}

func (f *fakeConversations) Object(_ context.Context, _ conversations.Actor, p conversations.PatientID, o rules.Objection) (conversations.Objection, error) {
	f.about(p)
	if err := f.called("Object"); err != nil {
		return conversations.Objection{}, err
	}
	o.At = now
	d := conversations.Objection{Objection: o, Binds: []string{"Dr Claire Martin"}, Told: o.Kind == rules.AgainstExchange}
	f.objections = append(f.objections, d)
	return d, nil
}

func (f *fakeConversations) Withdraw(_ context.Context, _ conversations.Actor, p conversations.PatientID, id rules.ObjectionID) error {
	f.about(p)
	f.objections = slices.DeleteFunc(f.objections, func(o conversations.Objection) bool { return o.ID == id })
	return f.called("Withdraw")
}

func (f *fakeConversations) Scopes(_ context.Context, p conversations.PatientID) ([]conversations.Scope, error) {
	f.about(p)
	return []conversations.Scope{
		{Scope: rules.WholeStructure, Value: "1770816478", Name: "CHU du Parc"}, {Scope: rules.WholeProfession, Value: "10", Name: "médecins"},
	}, f.called("Scopes")
}

func (f *fakeConversations) DeleteThread(_ context.Context, _ conversations.Actor, p conversations.PatientID, id conversations.ID) error {
	f.about(p)
	if err := f.called("DeleteThread"); err != nil {
		return err
	}
	if _, ok := f.threads[id]; !ok {
		return kind(conversations.KindNotFound)
	}
	f.deleted = append(f.deleted, id)
	return nil
}

func (f *fakeConversations) SaveDocument(_ context.Context, _ conversations.Actor, p conversations.PatientID, attachment conversations.ID) (conversations.Document, bool, error) {
	f.about(p)
	if err := f.called("SaveDocument"); err != nil {
		return conversations.Document{}, false, err
	}
	for _, d := range f.saved {
		if d.Source == attachment {
			return d, false, nil
		}
	}
	d := savedDocumentOf(attachment)
	d.ID += "2"
	f.saved = append(f.saved, d)
	return d, true, nil
}

func (f *fakeConversations) Documents(_ context.Context, p conversations.PatientID, _ string, _ int) (conversations.DocumentPage, error) {
	f.about(p)
	return conversations.DocumentPage{Items: f.saved}, f.called("Documents")
}

func (f *fakeConversations) DocumentLine(_ context.Context, p conversations.PatientID, id conversations.ID) (conversations.Document, error) {
	f.about(p)
	if err := f.called("DocumentLine"); err != nil {
		return conversations.Document{}, err
	}
	at := slices.IndexFunc(f.saved, func(d conversations.Document) bool { return d.ID == id })
	if at < 0 {
		return conversations.Document{}, kind(conversations.KindNotFound)
	}
	return f.saved[at], nil
}

func (f *fakeConversations) Document(_ context.Context, _ conversations.Actor, p conversations.PatientID, id conversations.ID) (conversations.Download, error) {
	f.about(p)
	if err := f.called("Document"); err != nil {
		return conversations.Download{}, err
	}
	at := slices.IndexFunc(f.saved, func(d conversations.Document) bool { return d.ID == id })
	if at < 0 {
		return conversations.Download{}, kind(conversations.KindNotFound)
	}
	return conversations.Download{
		AttachmentLine: f.saved[at].AttachmentLine,
		Write: func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader([]byte("%PDF-1.7 the whole document")))
			return err
		},
	}, nil
}

func (f *fakeConversations) DeleteDocument(_ context.Context, _ conversations.Actor, p conversations.PatientID, id conversations.ID) error {
	f.about(p)
	f.saved = slices.DeleteFunc(f.saved, func(d conversations.Document) bool { return d.ID == id })
	return f.called("DeleteDocument")
}

func (f *fakeConversations) History(_ context.Context, p conversations.PatientID, cursor string, _ int) (conversations.HistoryPage, error) {
	f.about(p)
	if cursor != "" {
		return conversations.HistoryPage{}, f.called("History")
	}
	return conversations.HistoryPage{Items: f.past, Next: "bmV4dA"}, f.called("History")
}

func (f *fakeConversations) HistoryTaken(_ context.Context, _ conversations.Actor, p conversations.PatientID) error {
	f.about(p)
	return f.called("HistoryTaken")
}

func (f *fakeConversations) Account(_ context.Context, p conversations.PatientID) (conversations.Account, error) {
	f.about(p)
	a := f.account
	if a.State == "" {
		a.State = rules.Active
	}
	a.Commands = rules.Patient{Account: a.State}.Commands()
	return a, f.called("Account")
}

func (f *fakeConversations) ManageAccount(ctx context.Context, _ conversations.Actor, by rules.Party, p conversations.PatientID, command rules.AccountCommand) (conversations.Account, error) {
	f.about(p)
	if err := f.called("ManageAccount"); err != nil {
		return conversations.Account{}, err
	}
	v := rules.ManageAccount(rules.AccountFacts{Patient: rules.Patient{Account: rules.Active}, Command: command, By: by}, now)
	if v.Refusal.Refused() {
		return conversations.Account{}, &conversations.Error{Kind: conversations.Kind(v.Refusal.Code), Rule: v.Refusal.Rule}
	}
	f.commands = append(f.commands, command)
	f.account.State = v.Change.Account
	if command == rules.EraseAccount {
		f.account.State = rules.Purged
	}
	return f.Account(ctx, p)
}

func (f *fakeConversations) AcceptedTerms(_ context.Context, who conversations.Signatory) (rules.Terms, error) {
	if f.pending {
		return rules.Terms{}, nil
	}
	audience := Professional
	if who.Kind == conversations.ActorPatient {
		audience = Patient
	}
	t := TermsFor(audience)
	t.At = now
	return t, nil
}

func (f *fakeConversations) AcceptTerms(ctx context.Context, who conversations.Signatory, t rules.Terms) (rules.Terms, error) {
	if err := f.called("AcceptTerms"); err != nil {
		return rules.Terms{}, err
	}
	f.signed, f.pending = append(f.signed, t), false
	return f.AcceptedTerms(ctx, who)
}

func (f *fakeConversations) RecordOpposition(_ context.Context, _ conversations.Actor, in conversations.OppositionInput) (conversations.Opposition, error) {
	f.recorded = append(f.recorded, in)
	return conversations.Opposition{ToPatient: in.ToPatient, ToProfessionals: in.ToProfessionals, At: now}, f.called("RecordOpposition")
}

func (f *fakeConversations) Export(_ context.Context, _ conversations.Actor, _ conversations.PatientID, take func(conversations.Exported) error) error {
	if err := f.called("Export"); err != nil {
		return err
	}
	for _, e := range f.exported {
		if err := take(e); err != nil {
			return err
		}
	}
	return nil
}

func (f *fakeConversations) Notification(context.Context, conversations.PatientID) (conversations.Notification, bool, error) {
	return f.notification, !f.untold, f.called("Notification")
}

func (f *fakeConversations) SetNotification(_ context.Context, _ conversations.Actor, _ conversations.PatientID, n conversations.Notification) error {
	if err := f.called("SetNotification"); err != nil {
		return err
	}
	f.notification, f.untold = n, false
	return nil
}

// givenAddresses knows an address of every patient.
type givenAddresses struct {
	address string
	err     error
}

func (g givenAddresses) PrivateAddress(context.Context, conversations.PatientID) (string, error) {
	return g.address, g.err
}
