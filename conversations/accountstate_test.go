package conversations_test

import (
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func TestAccountStates_table8_2(t *testing.T) {
	t.Parallel()
	for state, want := range map[rules.AccountState]struct {
		receive conversations.Kind // "" for yes
		read    bool
	}{
		rules.Absent:          {conversations.KindMailboxUnknown, false},
		rules.Opposed:         {conversations.KindMailboxUnknown, false},
		rules.NotActivated:    {"", false},
		rules.Active:          {"", true},
		rules.MessagingClosed: {conversations.KindUnreachable, true},
		rules.Suspended:       {conversations.KindUnavailable, false},
		rules.Closed:          {conversations.KindUnreachable, false},
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.taken(mail{from: doctor, subject: "Avant", text: "1"})
			if _, err := b.Enrol(t.Context(), b.self(), anINS, "Camille Durand", state); err != nil {
				t.Fatal(err)
			}
			_, err := b.receive(mail{from: doctor, subject: "Après", text: "2"})
			if want.receive == "" && err != nil {
				t.Errorf("refused: %v", err)
			} else if want.receive != "" {
				wantKind(t, err, want.receive)
			}
			if _, err := b.Inbox(t.Context(), b.patient.ID, "", 0); (err == nil) != want.read {
				t.Errorf("reading: %v, want allowed %v", err, want.read)
			}
		})
	}
}

func TestFirstLogin_activates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.Enrol(t.Context(), b.self(), anINS, "", rules.NotActivated); err != nil {
		t.Fatal(err)
	}
	if err := b.LoggedIn(t.Context(), b.self(), b.patient.ID); err != nil {
		t.Fatal(err)
	}
	p, err := b.Patient(t.Context(), b.patient.ID)
	if err != nil || p.State != rules.Active || p.Name != "Camille Durand" || p.INS != anINS {
		t.Errorf("%+v %v", p, err)
	}
}
