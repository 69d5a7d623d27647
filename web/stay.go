package web

import (
	"time"

	"mesbridge/web/page"
)

// stay is what the pages tell of the session of a visitor; nil when nobody knows how long it lasts.
func (a *App) stay(v visit) *page.Stay {
	if v.who.Until.IsZero() {
		return nil
	}
	now := a.deps.Now()
	seconds := func(to time.Time) int { return max(0, int(to.Sub(now)/time.Second)) }
	idle := seconds(v.who.Until)
	return &page.Stay{
		Until: v.who.Until, Last: !v.who.Until.Before(v.who.End), CSRF: v.viewer().SessionCSRF,
		Left: idle, Limit: seconds(v.who.End), Idle: max(idle, int(a.cfg.SessionIdle/time.Second)-stayStep),
	}
}

// stayStep is by how many seconds a session may end before it was idle for its whole time: writes are spared.
const stayStep = 60
