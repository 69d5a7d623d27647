package conversations_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func TestInbox_pages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 7 {
		b.taken(mail{from: doctor, subject: fmt.Sprint("n", i), text: "x"})
	}
	var got []string
	cursor := ""
	for {
		page, err := b.Inbox(t.Context(), b.patient.ID, cursor, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range page.Items {
			got = append(got, line.Subject)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if want := []string{"n6", "n5", "n4", "n3", "n2", "n1", "n0"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	_, err := b.Inbox(t.Context(), b.patient.ID, "not a cursor", 3)
	wantKind(t, err, conversations.KindInvalidRequest)
}

func TestProfessionalsLists(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Un", text: "1"})
	b.taken(mail{from: clinic, subject: "Autre", text: "1"})
	b.queued()
	page, err := b.Threads(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || len(page.Items) != 1 || page.Items[0].Subject != "Un" || !slices.Equal(page.Items[0].With, []string{"Camille Durand"}) {
		t.Fatalf("%+v %v", page, err)
	}
	pairs, err := b.Exchanges(t.Context(), address(t, doctor), conversations.Filter{State: rules.ThreadOpen})
	if err != nil || len(pairs.Items) != 1 || pairs.Items[0].Patient.INS != anINS {
		t.Fatalf("%+v %v", pairs, err)
	}
	_, err = b.ThreadFor(t.Context(), []conversations.Address{address(t, clinic)}, page.Items[0].ID)
	wantKind(t, err, conversations.KindNotFound)
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, pairs.Items[0].ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	pairs, err = b.Exchanges(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || pairs.Items[0].State != rules.ThreadUnreachable || !pairs.Items[0].Since.IsZero() {
		t.Errorf("%+v %v: one value and no date (D4)", pairs, err)
	}
}
