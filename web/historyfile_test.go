package web

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// O159, O155: the patient takes the whole history away as a file that a spreadsheet opens and in which no
// cell is a formula; it names no address, and it is traced.
func TestHistoryFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.past = []conversations.HistoryLine{
		{ID: "a1h", At: now, Code: string(rules.BlockSet), ActorKind: conversations.ActorPatient, Actor: "Camille Durand", With: "=Dr; Claire Martin", Thread: openID},
		{ID: "a2h", At: now, Code: string(rules.MessageReceived), With: "Dr Claire Martin"},
	}
	got := w.visit(patientKey, "/historique.csv").wants(http.StatusOK, "")
	if d := got.header.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename="historique.csv"`) {
		t.Error(d)
	}
	text, marked := strings.CutPrefix(string(got.body), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || !marked || len(rows) != 3 || rows[1][4] != "'=Dr; Claire Martin" || !strings.Contains(rows[1][1], "Vous avez bloqué") {
		t.Errorf("%q, %v", rows, err)
	}
	if strings.Contains(text, "@") || !slices.Contains(w.core.calls, "HistoryTaken") {
		t.Errorf("an address, or no trace: %v", w.core.calls)
	}
	w.visit(patientKey, "/historique").has(`<a href="/historique.csv" download>`)
	w.visit(proKey, "/historique.csv").wants(http.StatusForbidden, "")
}
