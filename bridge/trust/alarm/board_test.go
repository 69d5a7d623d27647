package alarm_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge/trust/alarm"
)

func TestBoard_tellsChangesOnly(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	at := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	b := alarm.NewBoard(slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return at })
	lines := func(want int) {
		t.Helper()
		if got := strings.Count(log.String(), "\n"); got != want {
			t.Errorf("%d lines, want %d:\n%s", got, want, log.String())
		}
	}
	b.Clear(alarm.ListAge, "")
	lines(0)
	b.Raise(alarm.ListAge, "", slog.LevelWarn, "warning")
	b.Raise(alarm.ListAge, "", slog.LevelWarn, "warning")
	lines(1)
	at = at.Add(time.Hour)
	b.Raise(alarm.ListAge, "", slog.LevelError, "critical")
	lines(2)
	b.Raise(alarm.HostName, "mx1.test", slog.LevelWarn, "x")
	b.Raise(alarm.HostName, "mx2.test", slog.LevelWarn, "x")
	lines(4)
	active := b.Active()
	if len(active) != 3 || active[0].Subject != "mx1.test" || active[2].Level != slog.LevelError || !active[2].Since.Equal(at.Add(-time.Hour)) {
		t.Errorf("%+v", active)
	}
	b.Clear(alarm.HostName, "mx1.test")
	b.Clear(alarm.HostName, "mx1.test")
	lines(5)
	var none *alarm.Board
	none.Raise(alarm.ListAge, "", slog.LevelWarn, "x")
	none.Clear(alarm.ListAge, "")
	if none.Active() != nil || len(b.Active()) != 2 {
		t.Error("a board that is not there holds something")
	}
}
