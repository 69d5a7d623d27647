package web

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"mesbridge/web/page"
)

// Names of the fields by which a dashboard is narrowed.
const (
	fieldUnit = "unite"
	fieldDays = "jours"
)

// boardDays is for how many days a closed episode stays on the board.
const boardDays = 90

// defaultDays is after how many days a patient without an answer is listed.
const defaultDays = 3

// dashboardPage shows what an establishment has to do, and its figures.
func dashboardPage(a *App, v visit) (view, error) {
	d, err := a.dashboard(v)
	if err != nil {
		return view{}, err
	}
	return show(d)
}

// dashboardFile sends the figures as a file that a spreadsheet opens.
func dashboardFile(a *App, v visit) (view, error) {
	d, err := a.dashboard(v)
	if err != nil {
		return view{}, err
	}
	return spreadsheet("tableau-de-bord-"+d.FINESS+"-"+d.AsOf.In(d.Zone).Format(time.DateOnly)+".csv", figureRows(d))
}

// dashboard reads the board of the establishment that the chosen mailbox belongs to. A mailbox of none is not
// found.
func (a *App) dashboard(v visit) (page.Dashboard, error) {
	boxes, m := a.choices(v)
	finess := ""
	if len(boxes) > 0 {
		finess = a.deps.Conversations.Facility(m)
	}
	if finess == "" {
		return page.Dashboard{}, notFound()
	}
	found, err := a.deps.Conversations.Board(v.ctx, finess, a.deps.Now().AddDate(0, 0, -boardDays))
	if err != nil {
		return page.Dashboard{}, toProfessional(err)
	}
	d := page.NewDashboard(found, v.query(fieldUnit))
	d.Box, d.FINESS, d.Zone, d.Days = a.mailboxKey(m), finess, a.zone, defaultDays
	d.Name = a.deps.Directory.Mailbox(m).StructureName
	d.Boxes = a.establishments(v, boxes)
	if n, err := strconv.Atoi(v.query(fieldDays)); err == nil && slices.Contains(d.DaysChoices(), n) {
		d.Days = n
	}
	return d, nil
}

// establishments lists the mailboxes that belong to an establishment, of those of the visitor.
func (a *App) establishments(v visit, boxes []page.Choice) (list []page.Choice) {
	for i, m := range v.who.Mailboxes {
		if a.deps.Conversations.Facility(m) != "" {
			list = append(list, boxes[i])
		}
	}
	return list
}

// figureRows writes the statistics as rows, each with what it is about.
func figureRows(d page.Dashboard) [][]string {
	about := []string{d.Establishment(), cmp.Or(d.Unit, "Toutes"), d.AsOf.In(d.Zone).Format("2006-01-02 15:04")}
	rows := [][]string{{"établissement (FINESS)", "unité", "situation du", "statistique", "catégorie", "nombre"}}
	for _, c := range d.Charts() {
		for _, f := range append(c.Figures, c.Total()) {
			rows = append(rows, append(slices.Clone(about), c.Title, f.Label, f.Words()))
		}
	}
	return rows
}
