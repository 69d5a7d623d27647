package app

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"mesbridge/conversations"
	"mesbridge/oauth"
	"mesbridge/rules"
	"mesbridge/web"
)

func TestCallers_principal(t *testing.T) {
	t.Parallel()
	box, other := rules.Address{Local: "a", Domain: "b.mssante.fr"}, rules.Address{Local: "c", Domain: "b.mssante.fr"}
	c := callers{
		mandates: func(_ context.Context, person string, _ conversations.Vouched) ([]conversations.Mandate, error) {
			administered := conversations.Mandate{Mailbox: conversations.Mailbox{Address: other}, Administer: true} // D27
			switch person {
			case "8991":
				return []conversations.Mandate{{Mailbox: conversations.Mailbox{Address: box}, Use: true}, administered}, nil
			case "away":
				return nil, io.ErrUnexpectedEOF
			}
			return nil, nil
		},
		enrols: func(person string) bool { return person == "8991" },
		applications: func(client string) []rules.Address {
			if client == "app" {
				return []rules.Address{box}
			}
			return nil
		},
	}
	for _, p := range []struct {
		who    oauth.Identity
		kind   web.PrincipalKind
		boxes  int
		enrols bool
	}{
		{oauth.Identity{Kind: oauth.Patient, Subject: "8991"}, web.Patient, 0, false}, // the register is not asked
		{oauth.Identity{Kind: oauth.Professional, Subject: "8991"}, web.Professional, 1, true},
		{oauth.Identity{Kind: oauth.Professional, Subject: "8991", Provider: "ch", FINESS: "990000010"}, web.Professional, 1, false}, // D26
		{oauth.Identity{Kind: oauth.Professional, Subject: "app"}, web.Professional, 0, false},
		{oauth.Identity{Kind: oauth.Application, Subject: "app", FINESS: "990000010"}, web.Application, 1, false},
		{oauth.Identity{Kind: oauth.Application, Subject: "8991"}, web.Application, 0, false},
	} {
		p.who.Scopes = []string{"s"}
		got, err := c.principal(t.Context(), p.who)
		if err != nil || got.Kind != p.kind || len(got.Mailboxes) != p.boxes || got.FINESS != p.who.FINESS || !slices.Equal(got.Scopes, p.who.Scopes) {
			t.Errorf("%s: kind %s, %d mailboxes", p.who.Kind, got.Kind, len(got.Mailboxes))
		}
		if got.Enrols != p.enrols {
			t.Errorf("%s: enrols %t (D26)", p.who.Kind, got.Enrols)
		}
		if (got.Patient != "") != (p.kind == web.Patient) {
			t.Errorf("%s: patient %t", p.who.Kind, got.Patient != "")
		}
	}
	if _, err := c.principal(t.Context(), oauth.Identity{Kind: oauth.Professional, Subject: "away"}); err == nil {
		t.Error("a register that does not answer gives a caller (D17)")
	}
}

func TestUnauthenticated_onlyNobodyIsNobody(t *testing.T) {
	t.Parallel()
	if err := unauthenticated(oauth.ErrUnauthenticated); !errors.Is(err, web.ErrUnauthenticated) {
		t.Errorf("nobody: %v", err)
	}
	if err := unauthenticated(oauth.ErrUnavailable); errors.Is(err, web.ErrUnauthenticated) {
		t.Errorf("a store that does not answer makes a caller nobody (D17): %v", err)
	}
}

// Table 8.2 of operator.md, O115, O116, R141: who may log in.
func TestAdmitted_states(t *testing.T) {
	t.Parallel()
	want := map[rules.AccountState]bool{
		rules.NotActivated: true, rules.Active: true, rules.MessagingClosed: true, rules.Opposed: true, rules.Suspended: true, rules.Closed: true,
	}
	for _, s := range rules.AccountStates() {
		if admitted(s) != want[s] {
			t.Errorf("%s: %t, want %t", s, admitted(s), want[s])
		}
	}
}

func TestDerive_usesAreApart(t *testing.T) {
	t.Parallel()
	a, err := derive([]byte("secret"), "tokens")
	if err != nil {
		t.Fatal(err)
	}
	b, err := derive([]byte("secret"), "seal")
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != 32 || slices.Equal(a, b) {
		t.Errorf("%d octets, equal %t", len(a), slices.Equal(a, b))
	}
}
