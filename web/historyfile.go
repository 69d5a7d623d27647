package web

import (
	"context"
	"time"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// maxHistoryLines bounds the file of a history: at 60 acts a week, it is the three years that traces are
// kept (D16).
const maxHistoryLines = 10_000

// historyFile sends the patient's whole history as a file that a spreadsheet opens, newest first (O159). That
// it was taken is traced (O155).
func historyFile(a *App, v visit) (view, error) {
	lines, err := a.wholeHistory(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	file, err := spreadsheet("historique.csv", historyRows(lines, a.zone))
	if err != nil {
		return view{}, err
	}
	if err := a.deps.Conversations.HistoryTaken(v.ctx, v.who.actor(), v.patient); err != nil {
		return view{}, err
	}
	return file, nil
}

// wholeHistory reads a patient's history, up to maxHistoryLines.
func (a *App) wholeHistory(ctx context.Context, p conversations.PatientID) (lines []conversations.HistoryLine, err error) {
	for cursor := ""; ; {
		found, err := a.deps.Conversations.History(ctx, p, cursor, maxLimit)
		if err != nil {
			return nil, err
		}
		lines = append(lines, found.Items...)
		if cursor = found.Next; cursor == "" || len(lines) >= maxHistoryLines {
			return lines, nil
		}
	}
}

// historyRows writes lines as rows, under their titles.
func historyRows(lines []conversations.HistoryLine, zone *time.Location) [][]string {
	rows := [][]string{{"date (heure de Paris)", "événement", "code", "par", "avec"}}
	for _, l := range lines {
		rows = append(rows, []string{l.At.In(zone).Format(time.DateTime), page.Sentence(l), l.Code, l.Actor, l.With})
	}
	return rows
}
