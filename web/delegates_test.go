package web

import (
	"net/http"
	"slices"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D28: every call about a mailbox is about that of ?for=, as far as the rights of the profile go (R133).
func TestFor_isAboutThatPatient(t *testing.T) {
	t.Parallel()
	all := newWorld(t).app.endpoints()
	for profile, right := range map[conversations.PatientID]rules.Rights{childPID: rules.Everything, elderPID: rules.MayRead | rules.MayReply} {
		for _, e := range all {
			if !e.takesFor() {
				continue
			}
			w := newWorld(t)
			path, body := sample(e)
			got := w.call(patientToken, e.method, path+"?for="+profileOf(profile), body)
			if !right.Has(rightOf(e.scope)) {
				got.wants(http.StatusForbidden, "insufficient-scope")
				if len(w.core.aboutPatients) > 0 {
					t.Errorf("%s %s asked the core", e.method, e.path)
				}
				continue
			}
			for _, p := range w.core.aboutPatients {
				if p != profile {
					t.Errorf("%s %s is about %s", e.method, e.path, p)
				}
			}
			if got.status >= http.StatusBadRequest && e.path != "/inbox" {
				t.Errorf("%s %s: %d %s", e.method, e.path, got.status, got.body)
			}
		}
	}
}

// R135: who may act no more is told nothing, not even the answer that was kept for his key.
func TestFor_endedIsNotFoundAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/api/v1/inbox/a1open/replies?for=" + profileOf(childPID)
	again := []string{"Idempotency-Key", "k"}
	w.call(patientToken, http.MethodPost, path, `{"text":"Merci"}`, again...).wants(http.StatusCreated, "")
	w.call(patientToken, http.MethodPost, path, `{"text":"Merci"}`, again...).wants(http.StatusCreated, "")
	w.core.acting = w.core.acting[1:]
	w.call(patientToken, http.MethodPost, path, `{"text":"Merci"}`, again...).wants(http.StatusNotFound, "not-found").lacks("Merci", "Léo")
	for _, e := range w.app.endpoints() {
		if e.takesFor() {
			p, body := sample(e)
			w.call(patientToken, e.method, p+"?for="+profileOf(childPID), body).wants(http.StatusNotFound, "not-found")
		}
	}
	w.core.failOn["Profiles"] = kind(conversations.KindUnavailable)
	w.call(patientToken, http.MethodGet, "/api/v1/inbox?for="+profileOf(elderPID), "").wants(http.StatusServiceUnavailable, "temporarily-unavailable")
	w.call(patientToken, http.MethodGet, "/api/v1/inbox?for="+profileOf(patientPID), "").wants(http.StatusOK, "")
}

// The list of profiles tells what one may do, and until when.
func TestProfiles_ofOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	items := w.call(patientToken, http.MethodGet, "/api/v1/profiles", "").wants(http.StatusOK, "").lacks(string(childPID), string(elderPID)).json()["items"].([]any)
	var told []any
	for _, item := range items {
		p := item.(map[string]any)
		told = append(told, p["kind"], p["as"], len(p["rights"].([]any)), p["until"] != nil)
	}
	if want := []any{"self", nil, 5, false, "minor", "parent", 5, true, "assisted", "caregiver", 2, false}; !slices.Equal(told, want) {
		t.Errorf("profiles %v", told)
	}
}

// Codes are read in every form, and invitations say what is wrong with them.
func TestDelegates_api(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.call(patientToken, http.MethodPost, "/api/v1/delegates", `{"name":" Mon  voisin "}`).wants(http.StatusCreated, "").json()
	if got["code"] != "UGFZ-2XN4-QTOW-K3JM" || got["state"] != "pending" || len(w.core.invited) != 1 || w.core.invited[0].Kind != rules.Caregiver {
		t.Errorf("%v, %+v", got, w.core.invited)
	}
	for field, body := range map[string]string{
		"name": `{"name":" "}`, "kind": `{"name":"a","kind":"protector"}`, "until": `{"name":"a","until":"2020-01-01T00:00:00Z"}`, "scope": `{"name":"a","scope":"read"}`,
	} {
		if p := w.call(patientToken, http.MethodPost, "/api/v1/delegates", body).wants(http.StatusUnprocessableEntity, "invalid-request").json(); p["field"] != field {
			t.Errorf("%s: %v", field, p)
		}
	}
	w.core.failOn["Invite"] = kind(conversations.KindInvalidRequest)
	w.call(patientToken, http.MethodPost, "/api/v1/delegates", `{"name":"a"}`, "Accept-Language", "fr").
		wants(http.StatusUnprocessableEntity, "invalid-request").has("trois aidants")
	w.call(readOnly, http.MethodPost, "/api/v1/invitations/accept", `{"code":"x"}`).wants(http.StatusForbidden, "insufficient-scope")
	w.call(patientToken, http.MethodPost, "/api/v1/invitations/accept", `{"code":" "}`).wants(http.StatusUnprocessableEntity, "invalid-request")
	w.core.failOn["AcceptInvitation"] = kind(conversations.KindNotFound)
	w.call(patientToken, http.MethodPost, "/api/v1/invitations/accept", `{"code":"x"}`).wants(http.StatusNotFound, "not-found")
	w.call(patientToken, http.MethodDelete, "/api/v1/profiles/other", "").wants(http.StatusNotFound, "not-found")
}
