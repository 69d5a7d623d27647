package page

import (
	"cmp"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Limits of the dashboard.
const (
	shownRows = 25 // of each list of things to do
	dueDays   = 14 // whose ends are listed and drawn, day by day
)

// NoUnit stands for the episodes whose care unit was not told.
const NoUnit = "Unité non précisée"

// Dashboard is what an establishment has to do, and its figures (D24).
type Dashboard struct {
	Box    string // key of the mailbox by which the professional is of the establishment
	Boxes  []Choice
	FINESS string
	Name   string // of the establishment, as the directory has it; empty: not known
	AsOf   time.Time
	Cut    bool // only the newest episodes are counted
	Unit   string
	Units  []string // every care unit, to choose from
	Days   int      // after which a patient without an answer is listed
	Zone   *time.Location
	Items  []conversations.EpisodeLine // of the chosen unit
}

func (Dashboard) title() string    { return "Tableau de bord de l’établissement" }
func (Dashboard) template() string { return "dashboard" }

// Establishment names the establishment in words where they are known, and by its FINESS.
func (d Dashboard) Establishment() string {
	if d.Name == "" {
		return d.FINESS
	}
	return d.Name + " (" + d.FINESS + ")"
}

// DaysChoices are the numbers of days to choose from.
func (Dashboard) DaysChoices() []int { return []int{1, 2, 3, 7, 14} }

// NewDashboard returns the dashboard of a board, narrowed to one care unit unless that is empty.
func NewDashboard(b conversations.Board, unit string) Dashboard {
	d := Dashboard{AsOf: b.AsOf, Cut: b.Cut, Unit: unit}
	for _, e := range b.Items {
		name := unitOf(e)
		d.Units = append(d.Units, name)
		if unit == "" || unit == name {
			d.Items = append(d.Items, e)
		}
	}
	slices.Sort(d.Units)
	d.Units = slices.Compact(d.Units)
	return d
}

func unitOf(e conversations.EpisodeLine) string { return cmp.Or(e.Unit, NoUnit) }

// Task is a list of episodes in which something is to be done.
type Task struct {
	ID    string
	Title string
	Short string // after the count, in the summary
	None  string // what is said when there is nothing to do
	Rows  []TaskRow
	More  int // how many further episodes are not shown
}

// TaskRow is one episode of such a list, with the instant that counts.
type TaskRow struct {
	conversations.EpisodeLine
	What string
	When time.Time
}

// Count is how many episodes the list has.
func (t Task) Count() int { return len(t.Rows) + t.More }

// Unit is the care unit in words.
func (r TaskRow) Unit() string { return unitOf(r.EpisodeLine) }

// Tasks are the lists, the most pressing first, each with what waits longest first.
func (d Dashboard) Tasks() []Task {
	return []Task{
		d.task("attente", "À traiter avant clôture", "à traiter avant clôture", "Aucune clôture n’attend une réponse.", func(e conversations.EpisodeLine) (string, time.Time, bool) {
			at, found := oldest(e, func(t conversations.EpisodeThread) bool { return t.Waiting })
			return "dernier message du patient" + nbsp + ":", at, found
		}),
		d.task("non-remis", "Réponses de patients non remises, patients injoignables", "non remises, ou patient injoignable", "Aucune réponse n’a échoué.", func(e conversations.EpisodeLine) (string, time.Time, bool) {
			at, found := oldest(e, func(t conversations.EpisodeThread) bool {
				return t.Failed || t.State == string(rules.ThreadUnreachable)
			})
			return "dernier message" + nbsp + ":", at, found
		}),
		d.task("sans-reponse", "Patients sans réponse depuis plus de "+days(d.Days), "sans réponse depuis plus de "+days(d.Days), "Aucun patient n’attend depuis si longtemps.", func(e conversations.EpisodeLine) (string, time.Time, bool) {
			limit := d.AsOf.AddDate(0, 0, -d.Days)
			at, found := oldest(e, func(t conversations.EpisodeThread) bool { return t.Asked && t.LastAt.Before(limit) })
			return "dernier message du patient" + nbsp + ":", at, found
		}),
		d.task("apres-sortie", "Échanges encore ouverts après la sortie", "encore ouvertes après la sortie", "Aucun échange n’est ouvert après la sortie.", func(e conversations.EpisodeLine) (string, time.Time, bool) {
			_, open := oldest(e, func(t conversations.EpisodeThread) bool { return t.State == string(rules.ThreadOpen) })
			what := "close depuis"
			if e.Waiting() {
				what = "aurait dû être close le"
			}
			return what, e.ClosesAt, open && e.State == rules.EpisodeClosed && !e.Closing(d.AsOf)
		}),
		d.task("a-venir", "Clôtures prévues dans les "+days(dueDays), "à clore dans les "+days(dueDays), "Aucune clôture n’est prévue.", func(e conversations.EpisodeLine) (string, time.Time, bool) {
			return "prévue pour le", e.ClosesAt, e.Closing(d.AsOf) && e.ClosesAt.Before(d.AsOf.AddDate(0, 0, dueDays))
		}),
	}
}

// task lists the episodes that pick takes.
func (d Dashboard) task(id, title, short, none string, pick func(conversations.EpisodeLine) (string, time.Time, bool)) Task {
	t := Task{ID: id, Title: title, Short: short, None: none}
	for _, e := range d.Items {
		if what, when, taken := pick(e); taken {
			t.Rows = append(t.Rows, TaskRow{e, what, when})
		}
	}
	slices.SortStableFunc(t.Rows, func(x, y TaskRow) int { return x.When.Compare(y.When) })
	if t.More = max(0, len(t.Rows)-shownRows); t.More > 0 {
		t.Rows = t.Rows[:shownRows]
	}
	return t
}

// oldest returns when the conversation that was quiet longest was last written in, of those that count.
func oldest(e conversations.EpisodeLine, counts func(conversations.EpisodeThread) bool) (at time.Time, found bool) {
	for _, t := range e.Threads {
		if counts(t) && (!found || t.LastAt.Before(at)) {
			at, found = t.LastAt, true
		}
	}
	return at, found
}

// Charts are the statistics of the episodes, with small numbers masked. That by care unit tells nothing of one.
func (d Dashboard) Charts() []Chart {
	all := []Chart{
		chartOf("etats", "Prises en charge par état", "État", d.count([]string{"En cours", "Clôture annoncée", "À traiter avant clôture", "Close"},
			func(e conversations.EpisodeLine) string { return EpisodeRow{e, d.AsOf}.Words() })),
		chartOf(chartOfUnits, "Prises en charge en cours par unité de soins", "Unité", d.count(d.Units, func(e conversations.EpisodeLine) string {
			if e.State != rules.EpisodeOpen {
				return ""
			}
			return unitOf(e)
		})),
		chartOf("anciennete", "Prises en charge en cours par ancienneté", "Ancienneté", d.count([]string{upToWeek, upToMonth, upToQuarter, older}, func(e conversations.EpisodeLine) string {
			if e.State != rules.EpisodeOpen {
				return ""
			}
			return ageOf(d.AsOf.Sub(e.Since))
		})),
		chartOf("echeances", "Clôtures à venir, jour par jour", "Jour", d.count(d.nextDays(), func(e conversations.EpisodeLine) string {
			if !e.Closing(d.AsOf) {
				return ""
			}
			return day(e.ClosesAt.In(d.Zone))
		})),
	}
	if d.Unit == "" {
		return all
	}
	return slices.DeleteFunc(all, func(c Chart) bool { return c.ID == chartOfUnits })
}

// chartOfUnits is the id of the statistic by care unit.
const chartOfUnits = "unites"

// count counts the episodes of each category; those of none, or of another, are not counted.
func (d Dashboard) count(categories []string, of func(conversations.EpisodeLine) string) []Figure {
	figures := make([]Figure, len(categories))
	for i, c := range categories {
		figures[i].Label = c
	}
	for _, e := range d.Items {
		if i := slices.Index(categories, of(e)); i >= 0 {
			figures[i].N++
		}
	}
	return figures
}

// nextDays names the days of the ends to come.
func (d Dashboard) nextDays() []string {
	list := make([]string, dueDays)
	for i := range list {
		list[i] = day(d.AsOf.In(d.Zone).AddDate(0, 0, i))
	}
	return list
}

// The ages of episodes in words, in their order.
const (
	upToWeek    = "7 jours au plus"
	upToMonth   = "8 à 30 jours"
	upToQuarter = "31 à 90 jours"
	older       = "plus de 90 jours"
)

func ageOf(age time.Duration) string {
	const oneDay = 24 * time.Hour
	switch {
	case age < 8*oneDay:
		return upToWeek
	case age < 31*oneDay:
		return upToMonth
	case age < 91*oneDay:
		return upToQuarter
	}
	return older
}
