package page

import (
	"strings"
	"testing"
	"time"
)

func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// plain makes no-break spaces visible as ordinary ones.
func plain(s string) string { return strings.ReplaceAll(s, nbsp, " ") }

// wording.md, D8: both forms of the end of a reply window.
func TestUntil_wordsOfD8(t *testing.T) {
	t.Parallel()
	c := calendar{paris(t)}
	for instant, want := range map[string]string{
		"2026-05-12T16:00:00Z": `<time datetime="2026-05-12T18:00:00+02:00">mardi 12 mai 2026 à 18 h</time> (heure de Paris)`,
		"2026-05-11T22:00:00Z": `<time datetime="2026-05-11">lundi 11 mai 2026</time> inclus`,
		"2026-01-31T23:00:00Z": `<time datetime="2026-01-31">samedi 31 janvier 2026</time> inclus`,
		"2026-03-01T08:05:00Z": `<time datetime="2026-03-01T09:05:00+01:00">dimanche 1er mars 2026 à 9 h 05</time> (heure de Paris)`,
	} {
		at, err := time.Parse(time.RFC3339, instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := plain(string(c.until(at))); got != want {
			t.Errorf("%s: got %s, want %s", instant, got, want)
		}
	}
}

// A period goes without weekdays, and without the year when it is of one year.
func TestPeriod(t *testing.T) {
	t.Parallel()
	c := calendar{paris(t)}
	at := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, c.zone)
	}
	for _, p := range []struct {
		from, until time.Time
		want        string
	}{
		{at(2026, 11, 24), at(2026, 12, 2), `du <time datetime="2026-11-24">24 novembre</time> au <time datetime="2026-12-01">1er décembre</time>`},
		{at(2026, 12, 28), at(2027, 1, 4), `du <time datetime="2026-12-28">28 décembre 2026</time> au <time datetime="2027-01-03">3 janvier 2027</time>`},
		{at(2026, 11, 24).Add(15 * time.Hour), at(2026, 11, 25), `du <time datetime="2026-11-24">24 novembre</time>`},
	} {
		if got := plain(string(c.period(p.from, p.until))); got != p.want {
			t.Errorf("got %s, want %s", got, p.want)
		}
	}
}

// What begins with a day is told by the day.
func TestBegins(t *testing.T) {
	t.Parallel()
	c := calendar{paris(t)}
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, c.zone)
	for at, want := range map[time.Time]string{
		day:                `<time datetime="2026-11-24">mardi 24 novembre 2026</time>`,
		day.Add(time.Hour): `<time datetime="2026-11-24T01:00:00+01:00">mardi 24 novembre 2026 à 1 h</time>`,
	} {
		if got := plain(string(c.begins(at))); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestMoment_acrossClockChange(t *testing.T) {
	t.Parallel()
	c := calendar{paris(t)}
	at := time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC) // half past two for the second time that night
	if got := plain(string(c.moment(at))); got != `<time datetime="2026-10-25T02:30:00+01:00">dimanche 25 octobre 2026 à 2 h 30</time>` {
		t.Errorf("got %s", got)
	}
	if got := plain(string(c.date(at))); got != `<time datetime="2026-10-25">dimanche 25 octobre 2026</time>` {
		t.Errorf("got %s", got)
	}
}

// I220: sizes and formats of links.
func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		-5: "0 octet", 0: "0 octet", 1: "1 octet", 812: "812 octets", 1000: "1 Ko", 240_999: "240 Ko", 999_999: "999 Ko",
		1_000_000: "1 Mo", 1_250_000: "1,2 Mo", 7_299_999: "7,2 Mo", 26_214_400: "26,2 Mo",
	} {
		if got := plain(size(n)); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for in, want := range map[[2]string]string{
		{"application/pdf", "a"}:               "PDF",
		{"image/jpeg", "a.jpg"}:                "image JPEG",
		{"application/octet-stream", "a.dcm"}:  "fichier DCM",
		{"application/octet-stream", "a.<b>"}:  "fichier",
		{"application/octet-stream", "a"}:      "fichier",
		{"application/octet-stream", "a."}:     "fichier",
		{"application/zip", "IHE_XDM.zip"}:     "archive ZIP",
		{"text/xml", "a.averylongone"}:         "fichier",
		{"application/msword", "ordonnance.x"}: "document Word",
	} {
		if got := format(in[0], in[1]); got != want {
			t.Errorf("%v: got %s, want %s", in, got, want)
		}
	}
}

func TestEnumerate(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{"": nil, "A": {"A"}, "A et B": {"A", "B"}, "A, B et C": {"A", "B", "C"}} {
		if got := enumerate(names); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestLapse counts days by the midnights of Paris.
func TestLapse(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 28, 22, 30, 0, 0, time.UTC) // half past eleven in the evening; the clocks change that night
	for after, want := range map[time.Duration]string{
		-time.Hour: "aujourd’hui", 0: "aujourd’hui", 29 * time.Minute: "aujourd’hui", 30 * time.Minute: "hier", 23 * time.Hour: "hier",
		24 * time.Hour: "2\u00a0jours", 14*24*time.Hour + time.Minute: "15\u00a0jours",
	} {
		if got := (calendar{zone}).lapse(at, at.Add(after)); got != want {
			t.Errorf("after %v: %q, want %q", after, got, want)
		}
	}
}

// A line may break before the at sign, and nothing of the address is lost.
func TestCutAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][2]string{
		"claire@cabinet.mssante.fr": {"claire", "@cabinet.mssante.fr"}, `"a@b"@c.fr`: {`"a@b"`, "@c.fr"}, "cabinet": {"", "cabinet"}, "": {},
	} {
		if got := cutAddress(address); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}
