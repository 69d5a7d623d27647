package page

import "time"

// Stay tells how long a viewer stays logged in (RGAA 13.1).
type Stay struct {
	Until time.Time // first instant without the session, unless the viewer does something before
	Last  bool      // nothing that he does makes it later
	CSRF  string    // token with which a script of ours prolongs it
	// Whole seconds from the moment of the page, for that script: a browser's clock may be wrong.
	Left  int // to Until
	Limit int // to the end that nothing moves
	Idle  int // that each activity gives
}
