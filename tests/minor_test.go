package tests

import (
	"net/http"
	"testing"
)

// TestMinor is D28 from outside: the first message to a known minor says whether it is confidential.
func TestMinor(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	pro := d.Professionals[0]
	first := func(ins string, confidential any) map[string]any {
		body := map[string]any{"mailbox": pro.Mailboxes[0], "patient": map[string]any{"ins": ins}, "subject": "Vaccin", "text": "Bonjour"}
		if confidential != nil {
			body["confidential"] = confidential
		}
		return body
	}
	minor, adult := "", d.Patients[0].INS
	for _, p := range d.Patients {
		if p.Minor && p.State == "active" {
			minor = p.INS
		}
	}
	caller := d.as(t, pro.Token)
	for _, answer := range []any{nil, true, "yes"} {
		caller.refused(http.StatusUnprocessableEntity, "minor-confidential", "/conversations", first(minor, answer))
	}
	var opened struct{ ID string }
	caller.want(http.StatusCreated, &opened, http.MethodPost, "/conversations", first(minor, "no"))
	caller.want(http.StatusCreated, nil, http.MethodPost, "/conversations/"+opened.ID+"/messages", map[string]any{"text": "Encore"})
	caller.want(http.StatusCreated, nil, http.MethodPost, "/conversations", first(adult, nil))
	caller.want(http.StatusCreated, nil, http.MethodPost, "/conversations", first(adult, "yes"))
}
