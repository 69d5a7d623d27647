package page

import (
	"fmt"
	"html/template"
	"strings"
	"time"
)

// nbsp is the no-break space of French typography, before units and between the parts of a date.
const nbsp = "\u00a0"

// day writes a date in full: mardi 12 mai 2026, dimanche 1er mars 2026 (I219).
func day(t time.Time) string {
	weekdays := [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	n := fmt.Sprint(t.Day())
	if t.Day() == 1 {
		n = "1er"
	}
	return fmt.Sprintf("%s %s"+nbsp+"%s"+nbsp+"%d", weekdays[t.Weekday()], n, monthName(t.Month()), t.Year())
}

// monthName names a month of the year.
func monthName(m time.Month) string {
	months := [...]string{
		"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
	}
	return months[m-time.January]
}

// clock writes a time of day: 18 h, 18 h 05.
func clock(t time.Time) string {
	if t.Minute() == 0 {
		return fmt.Sprintf("%d"+nbsp+"h", t.Hour())
	}
	return fmt.Sprintf("%d"+nbsp+"h"+nbsp+"%02d", t.Hour(), t.Minute())
}

// calendar writes instants as people in Paris read them.
type calendar struct{ zone *time.Location }

// Moment is an instant in a <time> element.
func (c calendar) moment(t time.Time) template.HTML {
	l := t.In(c.zone)
	return timeElement(l.Format(time.RFC3339), day(l)+" à"+nbsp+clock(l))
}

// hour is the time of day of an instant that is near, in a <time> element.
func (c calendar) hour(t time.Time) template.HTML {
	l := t.In(c.zone)
	return timeElement(l.Format(time.RFC3339), clock(l))
}

// date is the day of an instant in a <time> element.
func (c calendar) date(t time.Time) template.HTML {
	l := t.In(c.zone)
	return timeElement(l.Format(time.DateOnly), day(l))
}

// begins tells the first instant of something: the instant itself, or the day when it begins with that day.
func (c calendar) begins(t time.Time) template.HTML {
	if isMidnight(t.In(c.zone)) {
		return c.date(t)
	}
	return c.moment(t)
}

// isMidnight reports whether a day begins at l: what begins there is told by that day, what ends there by the last whole one.
func isMidnight(l time.Time) bool { return l.Hour() == 0 && l.Minute() == 0 && l.Second() == 0 }

// lapse tells in words for how long something has lasted at now: aujourd’hui, hier, or a number of days. It counts
// days as people do, by their midnights.
func (c calendar) lapse(t, now time.Time) string {
	noon := func(t time.Time) time.Time {
		y, m, d := t.In(c.zone).Date()
		return time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	}
	switch n := int(noon(now).Sub(noon(t)).Hours() / 24); {
	case n <= 0:
		return "aujourd’hui"
	case n == 1:
		return "hier"
	default:
		return days(n)
	}
}

// until tells the first refused instant of a right as wording.md does: the instant itself, or, when it
// is midnight, the last whole day (D8).
func (c calendar) until(t time.Time) template.HTML {
	l := t.In(c.zone)
	if isMidnight(l) {
		last := l.AddDate(0, 0, -1)
		return timeElement(last.Format(time.DateOnly), day(last)) + " inclus"
	}
	return timeElement(l.Format(time.RFC3339), day(l)+" à"+nbsp+clock(l)) + " (heure de Paris)"
}

// LastDay is the last day before an instant, where the instant is, as a field of a form holds a day.
func LastDay(first time.Time) string { return first.Add(-time.Nanosecond).Format(time.DateOnly) }

func (c calendar) lastDay(t time.Time) string { return LastDay(t.In(c.zone)) }

// period tells the first and the last day of what ends before an instant, near enough to go without weekday: du 24
// novembre au 1er décembre. Both days have their year when they are not of the same one.
func (c calendar) period(from, until time.Time) template.HTML {
	first, last := from.In(c.zone), until.In(c.zone).Add(-time.Nanosecond)
	short := func(t time.Time) template.HTML {
		_, words, _ := strings.Cut(day(t), " ")
		if first.Year() == last.Year() {
			words = words[:strings.LastIndex(words, nbsp)]
		}
		return timeElement(t.Format(time.DateOnly), words)
	}
	if first.Format(time.DateOnly) == last.Format(time.DateOnly) {
		return "du " + short(last)
	}
	return "du " + short(first) + " au " + short(last)
}

// timeElement marks a date up. Both arguments are written by this file alone.
func timeElement(machine, human string) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, machine, human)) //nolint:gosec // digits and our own words
}

// days writes a number of days.
func days(n int) string {
	if n < 2 {
		return fmt.Sprintf("%d"+nbsp+"jour", n)
	}
	return fmt.Sprintf("%d"+nbsp+"jours", n)
}

// size writes a number of octets as people read it: 812 octets, 240 Ko, 1,2 Mo, 2 Go (I220).
func size(n int64) string {
	const kilo, mega, giga = 1000, 1000 * 1000, 1000 * 1000 * 1000
	switch {
	case n < 0:
		return "0" + nbsp + "octet"
	case n < 2:
		return fmt.Sprintf("%d"+nbsp+"octet", n)
	case n < kilo:
		return fmt.Sprintf("%d"+nbsp+"octets", n)
	case n < mega:
		return fmt.Sprintf("%d"+nbsp+"Ko", n/kilo)
	}
	if n < giga {
		return tenths(n/(mega/10)) + nbsp + "Mo"
	}
	return tenths(n/(giga/10)) + nbsp + "Go"
}

// tenths writes a number of tenths, which was rounded down: a budget must hold.
func tenths(n int64) string {
	s := fmt.Sprintf("%.1f", float64(n)/10)
	return strings.TrimSuffix(strings.Replace(s, ".", ",", 1), ",0")
}

// format names the kind of a document for a link (I220, RGAA theme 13).
func format(mediaType, name string) string {
	switch mediaType {
	case "application/pdf":
		return "PDF"
	case "image/jpeg", "image/jpg":
		return "image JPEG"
	case "image/png":
		return "image PNG"
	case "image/tiff":
		return "image TIFF"
	case "text/plain":
		return "texte"
	case "application/rtf", "text/rtf":
		return "texte RTF"
	case "application/msword":
		return "document Word"
	case "application/zip", "application/x-zip-compressed":
		return "archive ZIP"
	}
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 && len(name)-dot <= 6 {
		if ext := strings.ToUpper(name[dot+1:]); ext != "" && strings.IndexFunc(ext, notAlphanumeric) < 0 {
			return "fichier " + ext
		}
	}
	return "fichier"
}

func notAlphanumeric(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }

// enumerate joins names as in a sentence: A, B et C.
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " et " + names[len(names)-1]
}

// cutAddress cuts an address before its at sign, where a line may break rather than within a word.
func cutAddress(address string) [2]string {
	at := max(strings.LastIndexByte(address, '@'), 0)
	return [2]string{address[:at], address[at:]}
}
