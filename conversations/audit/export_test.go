package audit

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
)

func noon() time.Time { return time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC) }

// chain is a journal of events, sealed in one round.
type chain []conversations.JournalEntry

// Local implements the chain that conversations.TraceTo writes to.
func (c *chain) Local(_ context.Context, at time.Time, entry []byte) error {
	*c = append(*c, conversations.JournalEntry{Shard: "sy", Sequence: uint64(len(*c) + 1), At: at, Entry: entry})
	return nil
}

func (c *chain) All(_ context.Context, each func(uint64, conversations.JournalEntry) error) error {
	for _, e := range *c {
		if err := each(1, e); err != nil {
			return err
		}
	}
	return nil
}

func (c *chain) add(t testing.TB, at time.Time, e conversations.Event) {
	t.Helper()
	if err := conversations.TraceTo(t.Context(), c, at, e); err != nil {
		t.Fatal(err)
	}
}

func events(t *testing.T) *chain {
	t.Helper()
	c := &chain{}
	for n := range 10 {
		c.add(t, noon().Add(time.Duration(n)*time.Hour), conversations.Event{
			Kind: conversations.TraceRecipient, Outcome: conversations.OutcomeRefused, Code: "mailbox-unknown", Rule: "R140",
			Patient: conversations.PatientID(fmt.Sprintf("%032x", n%2)), Message: conversations.ID(fmt.Sprint("00m", n)),
			Mailbox: "5a000000000000000000000000000001", Peer: "=cmd|'/c calc'!A1",
		})
	}
	return c
}

func TestExport_filters(t *testing.T) {
	t.Parallel()
	c := events(t)
	for name, tt := range map[string]struct {
		filter Filter
		rows   int
	}{
		"all":             {Filter{}, 10},
		"patient":         {Filter{Patient: "00000000000000000000000000000001"}, 5},
		"mailbox":         {Filter{Mailbox: "5a000000000000000000000000000001"}, 10},
		"another mailbox": {Filter{Mailbox: "5b000000000000000000000000000001"}, 0},
		"from, included":  {Filter{From: noon().Add(8 * time.Hour)}, 2},
		"to, left out":    {Filter{To: noon().Add(8 * time.Hour)}, 8},
		"message":         {Filter{Message: "00m3"}, 1},
		"all at once":     {Filter{Message: "00m3", Patient: "00000000000000000000000000000001", From: noon(), To: noon().Add(4 * time.Hour)}, 1},
		"unknown mail":    {Filter{MessageID: conversations.TraceOf([]byte("key"), "x@y")}, 0},
	} {
		var out bytes.Buffer
		m, err := Export(t.Context(), &out, Options{Source: c, Filter: tt.filter, Form: JSONLines, Now: noon()})
		if err != nil || m.Rows != tt.rows || strings.Count(out.String(), "\n") != tt.rows || m.Bytes != int64(out.Len()) {
			t.Errorf("%s: %+v, %v; want %d rows", name, m, err, tt.rows)
		}
	}
}

// TestExport_csv: O158, semicolons and a byte order mark; and no cell that a spreadsheet would run.
func TestExport_csv(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if _, err := Export(t.Context(), &out, Options{Source: events(t), Form: CSV, Now: noon()}); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(out.String(), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if !marked || err != nil || len(rows) != 11 || len(rows[0]) != len(columns()) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("cell %q is a formula", cell)
			}
		}
	}
}

// TestRow_columnsAndFields: both forms hold the same fields in the same order.
func TestRow_columnsAndFields(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(Row{})
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	var names []string
	for depth := 0; ; depth++ {
		token, err := d.Token()
		if err != nil {
			break
		}
		if name, ok := token.(string); ok && depth%2 == 1 {
			names = append(names, name)
		}
	}
	if strings.Join(names, " ") != strings.Join(columns(), " ") || len(Row{}.cells()) != len(names) {
		t.Errorf("fields %v, columns %v", names, columns())
	}
}

// TestExport_million answers O156 over 1 000 000 entries at the full size, 20 000 otherwise; the limit is
// five seconds.
func TestExport_million(t *testing.T) {
	t.Parallel()
	size := 20_000
	if os.Getenv("SOAK") != "" {
		size = 1_000_000
	}
	c := &chain{}
	for n := range size {
		c.add(t, noon(), conversations.Event{Kind: conversations.TraceRecipient, Message: conversations.ID(fmt.Sprint("00m", n)), Patient: "00000000000000000000000000000001"})
	}
	began := time.Now()
	m, err := Export(t.Context(), &bytes.Buffer{}, Options{Source: c, Filter: Filter{Message: "00m77"}, Form: CSV, Now: noon()})
	took := time.Since(began)
	if err != nil || m.Rows != 1 || took > 5*time.Second {
		t.Errorf("%d rows in %v, %v", m.Rows, took, err)
	}
	t.Logf("one message among %d entries in %v", size, took)
}
