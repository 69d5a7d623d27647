package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io"
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
	var lines []conversations.HistoryLine
	for cursor := ""; ; {
		found, err := a.deps.Conversations.History(v.ctx, v.patient, cursor, maxLimit)
		if err != nil {
			return view{}, err
		}
		lines = append(lines, found.Items...)
		if cursor = found.Next; cursor == "" || len(lines) >= maxHistoryLines {
			break
		}
	}
	content, err := historyTable(lines, a.zone)
	if err != nil {
		return view{}, fmt.Errorf("write history: %w", err)
	}
	if err := a.deps.Conversations.HistoryTaken(v.ctx, v.who.actor(), v.patient); err != nil {
		return view{}, err
	}
	return view{download: &conversations.Download{
		AttachmentLine: conversations.AttachmentLine{
			Name: "historique.csv", Type: "text/csv", Bytes: int64(len(content)), SHA256: sha256.Sum256(content),
		},
		Write: func(w io.Writer) error { _, err := w.Write(content); return err },
	}}, nil
}

// historyTable writes lines as CSV, as French spreadsheets read it: semicolons, UTF-8 with a byte order mark.
func historyTable(lines []conversations.HistoryLine, zone *time.Location) ([]byte, error) {
	out := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(out)
	w.Comma, w.UseCRLF = ';', true
	rows := [][]string{{"date (heure de Paris)", "événement", "code", "par", "avec"}}
	for _, l := range lines {
		rows = append(rows, []string{l.At.In(zone).Format(time.DateTime), page.Sentence(l), l.Code, l.Actor, l.With})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = conversations.InertCell(row[i])
		}
	}
	err := w.WriteAll(rows)
	return out.Bytes(), err
}
