package conversations_test

import (
	"strings"
	"testing"

	"mesbridge/conversations"
)

// gone.test is no health domain in the tables of the tests.
//
// R122, R124: the patient says where and whether he is told; it is sealed, traced, and his alone to change (R133).
func TestNotification_isThePatientsChoice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, told, err := b.Notification(t.Context(), b.patient.ID); told || err != nil {
		t.Fatalf("before any choice: %v, %v", told, err)
	}
	for _, want := range []conversations.Notification{{Address: "helene@gone.test"}, {Address: "helene@gone.test", Off: true}, {Off: true}} {
		if err := b.SetNotification(t.Context(), b.self(), b.patient.ID, want); err != nil {
			t.Fatal(err)
		}
		if got, told, err := b.Notification(t.Context(), b.patient.ID); got != want || !told || err != nil {
			t.Errorf("%+v, %v, %v", got, told, err)
		}
	}
	if err := b.SetNotification(t.Context(), b.self(), b.patient.ID, conversations.Notification{Address: "helene@gone.test"}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.everything(), "helene") {
		t.Error("the address reached the store unsealed")
	}
	found, err := b.History(t.Context(), b.patient.ID, "", 10)
	if err != nil || len(found.Items) == 0 || found.Items[0].Code != string(conversations.TraceNotification) {
		t.Errorf("%+v, %v", found, err)
	}
	helper, _ := b.helped()
	err = b.SetNotification(b.as(helper), b.self(), b.patient.ID, conversations.Notification{Off: true})
	wantKind(t, err, conversations.KindNotGranted)
}

// O90: nothing is sent to a health mailbox, nor to what is no address.
func TestNotification_ordinaryAddressesAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, bad := range []string{"helene", "a b@exemple.fr", doctor, string(anINS) + "@patient.mssante.fr"} {
		err := b.SetNotification(t.Context(), b.self(), b.patient.ID, conversations.Notification{Address: bad})
		wantKind(t, err, conversations.KindInvalidRequest)
	}
}
