package tests

import (
	"net/http"
	"strings"
	"testing"
)

// TestCopies is D30 from outside: what is written by the API for a mailbox also reaches that mailbox, once, as a
// copy; what came from it by mail does not.
func TestCopies(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	pro, patient := d.Professionals[0], d.Patients[0]
	box := pro.Mailboxes[0]
	d.send(t, d.operatorOf(box), box, []string{patient.Address}, note(box, patient.Address, "Par courriel", "Bonjour"))
	var opened struct{ ID string }
	d.as(t, pro.Token).want(http.StatusCreated, &opened, http.MethodPost, "/conversations", map[string]any{
		"mailbox": box, "patient": map[string]any{"ins": patient.INS}, "subject": "Par le bureau", "text": "Un texte pour le suivi.",
	})
	copied := string(d.received(t, box, 1))
	header, body, _ := strings.Cut(copied, "\r\n\r\n")
	for _, want := range []string{"Content-Type: message/rfc822", "Auto-Submitted: auto-generated", "<ne-pas-repondre@patient.mssante.fr>", "Copie : Par le bureau"} {
		if !strings.Contains(header, want) {
			t.Errorf("the copy lacks %s", want)
		}
	}
	if !strings.Contains(body, "Un texte pour le suivi.") || !strings.Contains(body, "<"+patient.Address+">") {
		t.Error("the copy does not hold the message")
	}
	d.as(t, pro.Token).want(http.StatusCreated, nil, http.MethodPost, "/conversations/"+opened.ID+"/messages", map[string]any{"text": "La suite."})
	if second := string(d.received(t, box, 2)); !strings.Contains(second, "La suite.") || strings.Contains(second, "Par courriel") {
		t.Error("the second copy is not the second message")
	}
}

// R79 from outside: a professional is found in the directory and put in copy; he gets the message in his own mailbox,
// and the patient sees him and may answer both.
func TestCopyTo(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	pro, patient := d.Professionals[0], d.Patients[0]
	var found struct {
		Items []struct {
			Address, Name, Place string
			ZeroPaper            bool
		}
	}
	d.as(t, pro.Token).want(http.StatusOK, &found, http.MethodGet, "/directory?name=trev&place=dijon", nil)
	if len(found.Items) != 1 || found.Items[0].Name != "Dr Éloïse TRÉVARIN" || found.Items[0].Place != "21000 DIJON" || !found.Items[0].ZeroPaper {
		t.Fatalf("%+v", found)
	}
	other := found.Items[0].Address
	d.as(t, pro.Token).want(http.StatusCreated, nil, http.MethodPost, "/conversations", map[string]any{
		"mailbox": pro.Mailboxes[0], "patient": map[string]any{"ins": patient.INS}, "subject": "Bilan", "text": "Un texte.", "copyTo": []string{other},
	})
	copied := string(d.received(t, other, 1))
	for _, want := range []string{"Content-Type: message/rfc822", "Reply-To: <" + pro.Mailboxes[0] + ">", "Un texte."} {
		if !strings.Contains(copied, want) {
			t.Errorf("the copy lacks %s", want)
		}
	}
	var inbox struct{ Items []struct{ ID string } }
	d.as(t, patient.Token).want(http.StatusOK, &inbox, http.MethodGet, "/inbox", nil)
	var thread struct {
		Messages []struct{ Copied []string }
		Reply    struct{ Options []string }
	}
	d.as(t, patient.Token).want(http.StatusOK, &thread, http.MethodGet, "/inbox/"+inbox.Items[0].ID, nil)
	if len(thread.Reply.Options) != 2 || len(thread.Messages) != 1 || !strings.Contains(strings.Join(thread.Messages[0].Copied, " "), "TRÉVARIN") {
		t.Errorf("the patient sees %+v", thread)
	}
	d.as(t, pro.Token).want(http.StatusUnprocessableEntity, nil, http.MethodPost, "/conversations", map[string]any{
		"mailbox": pro.Mailboxes[0], "patient": map[string]any{"ins": patient.INS}, "subject": "Bilan", "text": "x", "copyTo": []string{"quelqu.un@courriel.exemple.fr"},
	})
}
