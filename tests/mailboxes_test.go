package tests

import (
	"net/http"
	"testing"
)

// ownMailbox is a mailbox as its user or administrator sees it.
type ownMailbox struct {
	ID, Address, Kind string
	Use, Administer   bool
	Responsible       []string
}

func (a api) mailboxes() []ownMailbox {
	a.t.Helper()
	var list struct{ Items []ownMailbox }
	a.want(http.StatusOK, &list, http.MethodGet, "/mailboxes", nil)
	return list.Items
}

// TestMailboxes is I119, I120 and D27 from outside: the holder uses his mailbox; whoever looks after the users of a
// shared one reads nothing of it; whom she lists reads at once, and whom she takes off reads no more at once.
func TestMailboxes(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	doctor, secretary, manager := d.Professionals[0], d.Professionals[2], d.Professionals[3]
	shared := secretary.Mailboxes[0]
	if own := d.as(t, doctor.Token).mailboxes(); len(own) != 1 || own[0].Address != doctor.Mailboxes[0] || !own[0].Use || own[0].Administer {
		t.Fatalf("holder: %+v", own)
	}
	boss := d.as(t, manager.Token)
	looked := boss.mailboxes()
	if len(looked) != 1 || looked[0].Address != shared || looked[0].Use || !looked[0].Administer {
		t.Fatalf("responsible: %+v", looked)
	}
	users := "/mailboxes/" + looked[0].ID + "/users"
	boss.want(http.StatusNotFound, nil, http.MethodGet, "/exchanges?mailbox="+shared, nil)
	d.as(t, secretary.Token).want(http.StatusOK, nil, http.MethodGet, "/exchanges?mailbox="+shared, nil)

	reads := func(want int) {
		t.Helper()
		d.as(t, doctor.Token).want(want, nil, http.MethodGet, "/exchanges?mailbox="+shared, nil)
	}
	reads(http.StatusNotFound)
	var user struct{ ID, Person, By string }
	boss.want(http.StatusCreated, &user, http.MethodPost, users, map[string]any{"person": doctor.ID, "name": doctor.Name})
	if user.Person != doctor.ID || user.By != manager.Name {
		t.Errorf("%+v", user)
	}
	reads(http.StatusOK)
	for _, other := range []string{doctor.Token, secretary.Token} { // a user does not look after the list
		a := d.as(t, other)
		a.want(http.StatusNotFound, nil, http.MethodGet, users, nil)
		a.want(http.StatusNotFound, nil, http.MethodPost, users, map[string]any{"person": "899900000058", "name": "x"})
		a.want(http.StatusNotFound, nil, http.MethodDelete, users+"/"+user.ID, nil)
	}
	boss.want(http.StatusForbidden, nil, http.MethodPost, users, map[string]any{"person": manager.ID, "name": manager.Name})
	boss.want(http.StatusNoContent, nil, http.MethodDelete, users+"/"+user.ID, nil)
	reads(http.StatusNotFound)
	boss.want(http.StatusNoContent, nil, http.MethodDelete, users+"/"+user.ID, nil)
	if own := d.as(t, doctor.Token).mailboxes(); len(own) != 1 {
		t.Errorf("after the removal: %+v", own)
	}
}
