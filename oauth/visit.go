package oauth

import (
	"context"
	"net/http"
	"time"
)

// Visit is what a page needs to know of the session that it is shown in.
type Visit struct {
	Identity Identity
	CSRF     string    // token that forms must bring back
	Until    time.Time // first instant without the session, unless the person does something before
	End      time.Time // first instant without the session, whatever the person does (I23)
}

// Visit tells who the session with this cookie value belongs to, and counts as activity of that person, for whom it
// then lives on. The provider's own session is kept alive with it, where the provider lets us (I23, I24). It fails as
// [Sessions.Load] does.
func (s *Server) Visit(ctx context.Context, cookieValue string) (Visit, error) {
	found, err := s.sessions.load(ctx, cookieValue)
	if err != nil {
		return Visit{}, err
	}
	if err := s.sessions.Touch(ctx, cookieValue); err != nil {
		return Visit{}, err
	}
	if err := s.renew(ctx, cookieValue, found); err != nil {
		return Visit{}, err
	}
	// Touch spares writes, so that the deadline may be early by its step.
	until, end := s.now().Add(sessionIdle-touchStep), found.LoggedIn.Add(sessionAbsolute)
	if end.Before(until) {
		until = end
	}
	return Visit{Identity: found.Identity, CSRF: found.CSRF, Until: until, End: end}, nil
}

// stay lets a person who only reads or writes for long go on: it counts as activity, and leads back to the page.
func (s *Server) stay(w http.ResponseWriter, r *http.Request) {
	found, err := s.sessions.fromRequest(r)
	switch {
	case err == nil && !same(r.PostFormValue(FieldCSRF), found.CSRF):
		s.pages.Error(w, r, http.StatusForbidden, ErrorData{Code: FormExpired, Retry: "/"})
		return
	case err == nil:
		_, err = s.Visit(r.Context(), value(r, s.sessions.cookies.session()))
	}
	if err != nil {
		s.sessionError(w, r, err)
		return
	}
	http.Redirect(w, r, returnPath(r.PostFormValue("return"), found.Identity.Kind), http.StatusSeeOther) //nolint:gosec // which lets paths on this host pass alone
}
