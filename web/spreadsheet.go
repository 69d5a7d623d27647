package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io"

	"mesbridge/conversations"
)

// spreadsheet is a file of rows that French spreadsheets open: CSV with semicolons, UTF-8 with a byte order mark,
// and no cell that is a formula. It writes into rows.
func spreadsheet(name string, rows [][]string) (view, error) {
	out := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(out)
	w.Comma, w.UseCRLF = ';', true
	for _, row := range rows {
		for i := range row {
			row[i] = conversations.InertCell(row[i])
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return view{}, fmt.Errorf("write a spreadsheet: %w", err)
	}
	content := out.Bytes()
	return view{download: &conversations.Download{
		AttachmentLine: conversations.AttachmentLine{Name: name, Type: "text/csv", Bytes: int64(len(content)), SHA256: sha256.Sum256(content)},
		Write:          func(w io.Writer) error { _, err := w.Write(content); return err },
	}}, nil
}
