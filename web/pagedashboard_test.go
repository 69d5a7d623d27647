package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// boarded is a board with one episode for each thing to do, and six more that run in one care unit.
func boarded() []conversations.EpisodeLine {
	line := func(number, unit string, since time.Time, threads ...conversations.EpisodeThread) conversations.EpisodeLine {
		return conversations.EpisodeLine{
			ID: visitKey, Visit: conversations.Visit{FINESS: ownFINESS, Number: number}, State: rules.EpisodeOpen, Since: since, At: since, Unit: unit, Threads: threads,
		}
	}
	thread := func(state rules.ThreadState, days int) conversations.EpisodeThread {
		return conversations.EpisodeThread{ThreadLine: conversations.ThreadLine{ID: "a1open", State: string(state), LastAt: now.AddDate(0, 0, -days)}}
	}
	asked, late, failed, open := thread(rules.ThreadOpen, 4), thread(rules.ThreadOpen, 9), thread(rules.ThreadOpen, 1), thread(rules.ThreadOpen, 2)
	away := thread(rules.ThreadUnreachable, 12)
	asked.Asked, late.Asked, late.Waiting, failed.Failed, failed.Asked = true, true, true, true, true
	list := []conversations.EpisodeLine{
		line("V-sans-reponse", "Cardiologie", now.AddDate(0, 0, -20), asked),
		line("V-attente", "", now.AddDate(0, 0, -40), late),
		line("V-echec", "Cardiologie", now.AddDate(0, 0, -3), failed),
		line("V-sortie", "Chirurgie", now.AddDate(0, 0, -100), open),
		line("V-prevue", "Chirurgie", now.AddDate(0, 0, -5), thread(rules.ThreadOpen, 1), away),
	}
	list[1].State, list[1].ClosesAt = rules.EpisodeClosed, now.Add(-time.Hour)
	list[3].State, list[3].ClosesAt = rules.EpisodeClosed, now.AddDate(0, 0, -2)
	list[4].State, list[4].ClosesAt = rules.EpisodeClosed, now.AddDate(0, 0, 3)
	for range 6 {
		list = append(list, line("V-en-cours", "Cardiologie", now.AddDate(0, 0, -1)))
	}
	return list
}

// between returns what stands between two texts.
func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(s, from)
	part, _, ends := strings.Cut(rest, to)
	if !found || !ends {
		t.Fatalf("nothing between %q and %q", from, to)
	}
	return part
}

// The dashboard lists what is to be done, each thing where it belongs and nowhere else.
func TestDashboard_listsWhatIsToBeDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.boarded = boarded()
	body := string(w.visit(proKey, "/clinique/tableau").wants(http.StatusOK, "").body)
	for id, want := range map[string][]string{
		"attente": {"V-attente"}, "non-remis": {"V-prevue", "V-echec"}, "sans-reponse": {"V-attente", "V-sans-reponse"}, "apres-sortie": {"V-sortie", "V-attente"},
		"a-venir": {"V-prevue"},
	} {
		part := between(t, body, `<h3 id="`+id+`">`, "</section>")
		if n := strings.Count(part, "Venue <bdi>"); n != len(want) {
			t.Errorf("%s: %d episodes, want %v", id, n, want)
		}
		at := 0
		for _, number := range want { // what waits longest comes first
			next := strings.Index(part, number)
			if next < at {
				t.Errorf("%s: %s is missing or too early", id, number)
			}
			at = next
		}
	}
	if part := between(t, body, `<h3 id="apres-sortie">`, "</section>"); strings.Count(part, "close depuis") != 1 || strings.Count(part, "aurait dû être close le") != 1 {
		t.Errorf("a visit that waits is called closed: %s", part)
	}
	w.visit(proKey, "/clinique/tableau?jours=7&unite=Cardiologie").wants(http.StatusOK, "").has("depuis plus de 7 jours").lacks("V-sortie", "V-sans-reponse")
	w.visit(proKey, "/clinique/tableau?jours=beaucoup").wants(http.StatusOK, "").has("depuis plus de 3 jours")
}

// Small numbers are masked on the page and in the file, which holds no visit and no formula.
func TestDashboard_masksSmallNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.boarded = boarded()
	w.core.boarded[0].Unit = "=1+1"
	page := string(w.visit(proKey, "/clinique/tableau").wants(http.StatusOK, "").body)
	units := between(t, page, `id="unites"`, "</table>")
	if !strings.Contains(between(t, units, "<bdi>=1&#43;1</bdi>", "</tr>"), ">masqué<") || strings.Contains(units, ">1<") {
		t.Errorf("units: %s", units)
	}
	file := w.visit(proKey, "/clinique/tableau.csv").wants(http.StatusOK, "")
	text := string(file.body)
	if !strings.Contains(text, ";Toutes;2026-05-12 11:30;Prises en charge par état;En cours;8\r\n") || !strings.Contains(text, ";'=1+1;masqué\r\n") || strings.Contains(text, "V-") {
		t.Errorf("file: %q", text)
	}
	if kind := file.header.Get("Content-Disposition"); !strings.Contains(kind, "tableau-de-bord-"+ownFINESS+"-2026-05-12.csv") {
		t.Errorf("disposition %q", kind)
	}
}

// Narrowed to one care unit, neither the page nor the file tells of the others, and the file says of which it is.
func TestDashboard_ofOneUnit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.boarded = boarded()
	w.visit(proKey, "/clinique/tableau?unite=Cardiologie").wants(http.StatusOK, "").has("Prises en charge par état", "CH de Ville ("+ownFINESS+")").
		lacks("Prises en charge en cours par unité de soins")
	text := string(w.visit(proKey, "/clinique/tableau.csv?unite=Cardiologie").wants(http.StatusOK, "").body)
	if strings.Contains(text, "par unité de soins") || strings.Contains(text, "Chirurgie") {
		t.Errorf("another unit: %q", text)
	}
	for row := range strings.Lines(text) {
		if !strings.HasPrefix(row, "CH de Ville ("+ownFINESS+");Cardiologie;") && !strings.Contains(row, "situation du") {
			t.Errorf("row %q", row)
		}
	}
}

// A mailbox that is of no establishment has no dashboard; an empty establishment has one that says so.
func TestDashboard_ofNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(twoBoxes, "/clinique/tableau").wants(http.StatusNotFound, "")
	w.visit(patientKey, "/clinique/tableau").wants(http.StatusForbidden, "")
	w.visit(proKey, "/clinique/tableau").wants(http.StatusOK, "").has("Aucune clôture n’attend une réponse.", "Aucun échange n’est ouvert après la sortie.")
}
