package web

import (
	"bytes"
	"context"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// fakeMailboxes is the part of the fake core that knows who may act for a mailbox.
type fakeMailboxes struct {
	mandates []conversations.Mandate
	users    []conversations.MailboxUser
}

// userID is the id of the user on the list of the fake.
const userID = conversations.ID("b2user")

// sharedKey stands in paths for the mailbox whose users the professional of the tests lists.
func sharedKey() string {
	a := App{cfg: Config{Key: bytes.Repeat([]byte{7}, 32)}}
	return a.mailboxKey(must("cardiologie@chu.mssante.fr"))
}

func someMailboxes() fakeMailboxes {
	responsible := []conversations.Person{{ID: "899900000041", Name: "Irène Chapuisat"}}
	return fakeMailboxes{
		mandates: []conversations.Mandate{
			{Mailbox: conversations.Mailbox{Address: must("claire.martin@cabinet.mssante.fr"), Kind: rules.Personal, Name: "Dr Claire Martin"}, Use: true},
			{
				Mailbox:    conversations.Mailbox{Address: must("cardiologie@chu.mssante.fr"), Kind: rules.Organisational, Name: "Cardiologie"},
				Administer: true, Responsible: responsible,
			},
			{
				Mailbox: conversations.Mailbox{Address: must("urgences@chu.mssante.fr"), Kind: rules.Organisational}, Responsible: responsible,
				Ended: now.Add(-time.Hour), EndedBy: "Irène Chapuisat",
			},
		},
		users: []conversations.MailboxUser{
			{ID: userID, Who: conversations.Person{ID: "899900000033", Name: "Sophie Amblardet"}, Since: now.AddDate(0, -1, 0), Until: now.AddDate(0, 1, 0), By: responsible[0]},
			{ID: "b2gone", Who: conversations.Person{ID: "899900000058", Name: "Paul Roy"}, Since: now.AddDate(0, -1, 0), Ended: now.Add(-time.Hour)},
		},
	}
}

func (f *fakeConversations) MandatesOf(context.Context, string, conversations.Vouched) ([]conversations.Mandate, error) {
	return f.mandates, f.called("Mandates")
}

func (f *fakeConversations) Users(context.Context, conversations.Actor, conversations.Address) ([]conversations.MailboxUser, error) {
	return slices.Clone(f.users), f.called("Users")
}

func (f *fakeConversations) AdmitUser(_ context.Context, by conversations.Actor, _ conversations.Address, who conversations.Person, until time.Time) (conversations.MailboxUser, error) {
	if err := f.called("AdmitUser"); err != nil {
		return conversations.MailboxUser{}, err
	}
	f.users = append(f.users, conversations.MailboxUser{ID: "b2new", Who: who, Since: now, Until: until, By: conversations.Person{ID: by.ID, Name: by.Name}})
	return f.users[len(f.users)-1], nil
}

func (f *fakeConversations) DismissUser(context.Context, conversations.Actor, conversations.Address, conversations.ID) error {
	return f.called("DismissUser")
}
