package web

import (
	"archive/zip"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// takeawayPage tells what a patient's copy of all his data holds, before he takes it.
func takeawayPage(a *App, v visit) (view, error) {
	account, err := a.deps.Conversations.Account(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	return show(page.Takeaway{Room: page.Room(account.Storage)})
}

// takeawayFile sends a patient everything that is kept of his, as one archive: messages with names in place of
// addresses (D11), documents, contacts, objections and history.
func takeawayFile(a *App, v visit) (view, error) {
	tables, err := a.takeawayTables(v)
	if err != nil {
		return view{}, err
	}
	who, ctx := v.who.actor(), detached(v.ctx)
	return view{archive: &archive{name: "mes-donnees.zip", write: func(z *zip.Writer) error {
		now := a.deps.Now()
		if err := entry(z, "LISEZ-MOI.txt", now, func(w io.Writer) error { _, err := io.WriteString(w, page.TakeawayNotice); return err }); err != nil {
			return err
		}
		n := 0
		err := a.deps.Conversations.Export(ctx, who, v.patient, func(e conversations.Exported) error {
			n++
			return entry(z, exportedName(e, n, a.zone), e.At, e.Write)
		})
		if err != nil {
			return fmt.Errorf("export a patient's data: %w", err)
		}
		for _, t := range tables {
			if err := entry(z, t.Name, now, t.Write); err != nil {
				return err
			}
		}
		return nil
	}}}, nil
}

// exportedName numbers the files in their order, and dates them; it quotes no subject.
func exportedName(e conversations.Exported, n int, zone *time.Location) string {
	if e.Document {
		return fmt.Sprintf("documents/%04d-%s", n, entryName(e.Name))
	}
	return fmt.Sprintf("messages/%04d-%s.eml", n, e.At.In(zone).Format("2006-01-02"))
}

// takeawayTables are the spreadsheets of the archive.
func (a *App) takeawayTables(v visit) ([]conversations.Download, error) {
	contacts, err := a.deps.Conversations.Contacts(v.ctx, v.patient)
	if err != nil {
		return nil, err
	}
	objections, err := a.deps.Conversations.Objections(v.ctx, v.patient)
	if err != nil {
		return nil, err
	}
	lines, err := a.wholeHistory(v.ctx, v.patient)
	if err != nil {
		return nil, err
	}
	var files []conversations.Download
	for _, t := range []struct {
		name string
		rows [][]string
	}{
		{"contacts.csv", contactRows(contacts, a.zone)}, {"oppositions.csv", objectionRows(objections, a.zone)}, {"historique.csv", historyRows(lines, a.zone)},
	} {
		file, err := spreadsheet(t.name, t.rows)
		if err != nil {
			return nil, err
		}
		files = append(files, *file.download)
	}
	return files, nil
}

// dateCell writes an instant into a cell; empty for none.
func dateCell(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format(time.DateTime)
}

func contactRows(all []conversations.Contact, zone *time.Location) [][]string {
	rows := [][]string{{"professionnel", "depuis", "dernier message", "échange terminé le", "bloqué", "bloqué jusqu’au"}}
	for _, c := range all {
		blocked := "non"
		if c.Blocked {
			blocked = "oui"
		}
		rows = append(rows, []string{
			c.Name, dateCell(c.Since, zone), dateCell(c.LastAt, zone), dateCell(c.EndedAt, zone), blocked, dateCell(c.BlockedTill, zone),
		})
	}
	return rows
}

func objectionRows(all []conversations.Objection, zone *time.Location) [][]string {
	rows := [][]string{{"opposition", "concerne", "depuis", "professionnels connus"}}
	for _, o := range all {
		rows = append(rows, []string{page.ObjectionWords(o.Kind), page.ScopeWords(o), dateCell(o.At, zone), strings.Join(slices.Clone(o.Binds), ", ")})
	}
	return rows
}
