package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// Exercise is an exercise situation that a professional may choose (I46).
type Exercise struct {
	Key  string `json:"key"`  // names it among those of the person: code of the profession, and of the structure after a stroke
	Name string `json:"name"` // in words, as pages and traces tell it
}

// exercisePath is where a professional chooses, after the login and whenever he likes.
const exercisePath = "/oauth/exercise"

// FieldExercise is the field of the form of exercises.
const FieldExercise = "exercise"

// undecided reports whether the person has several exercises and chose none yet: until then there is no session for
// anything but that choice (I46).
func (i Identity) undecided() bool { return len(i.Exercises) > 1 && i.Exercise == "" }

// settled is the identity as a login begins with it: one exercise needs no question.
func (i Identity) settled() Identity {
	if len(i.Exercises) == 1 {
		i.take(i.Exercises[0])
	}
	return i
}

// take chooses an exercise.
func (i *Identity) take(e Exercise) { i.Exercise, i.ExerciseName = e.Key, e.Name }

// askExercise shows the exercises of whoever is logged in, or has just proved who he is.
func (s *Server) askExercise(w http.ResponseWriter, r *http.Request) {
	found, back, ok := s.chooser(w, r, r.URL.Query().Get("return"))
	if !ok {
		return
	}
	s.showExercises(w, r, found, back, false)
}

// takeExercise keeps the choice. The session goes on under a new name and with a new form token: forms that were opened
// under another exercise do nothing any more.
func (s *Server) takeExercise(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	found, back, ok := s.chooser(w, r, r.PostFormValue("return"))
	if !ok {
		return
	}
	if !same(r.PostFormValue(FieldCSRF), found.CSRF) {
		s.pages.Error(w, r, http.StatusForbidden, ErrorData{Code: FormExpired, Retry: exercisePage(back)})
		return
	}
	who := found.Identity
	i := slices.IndexFunc(who.Exercises, func(e Exercise) bool { return e.Key == r.PostFormValue(FieldExercise) })
	if i < 0 {
		s.showExercises(w, r, found, back, true)
		return
	}
	found.Identity.take(who.Exercises[i])
	names := s.sessions.cookies
	renamed, err := s.sessions.rename(ctx, value(r, names.session()), found)
	if err != nil {
		s.exerciseError(w, r, err, back)
		return
	}
	names.set(w, names.session(), renamed, 0)
	http.Redirect(w, r, back, http.StatusSeeOther) //nolint:gosec // returnPath lets paths on this host pass alone
}

// chooser gives the session whose exercise is asked for. When it returns false it has answered: nobody is logged in,
// or there is nothing to choose.
func (s *Server) chooser(w http.ResponseWriter, r *http.Request, asked string) (session, string, bool) {
	back := returnPath(asked, Professional)
	found, err := s.sessions.read(r.Context(), value(r, s.sessions.cookies.session()))
	switch {
	case err != nil:
		s.exerciseError(w, r, err, back)
		return session{}, "", false
	case len(found.Identity.Exercises) < 2:
		http.Redirect(w, r, back, http.StatusSeeOther) //nolint:gosec // returnPath lets paths on this host pass alone
		return session{}, "", false
	}
	return found, back, true
}

func (s *Server) exerciseError(w http.ResponseWriter, r *http.Request, err error, back string) {
	if errors.Is(err, ErrUnavailable) {
		s.pages.Error(w, r, http.StatusServiceUnavailable, ErrorData{Code: Unavailable, Retry: exercisePage(back)})
		return
	}
	login := loginPath + string(Professional) + "?" + url.Values{"return": {back}}.Encode()
	http.Redirect(w, r, login, http.StatusSeeOther)
}

func (s *Server) showExercises(w http.ResponseWriter, r *http.Request, found session, back string, missing bool) {
	who := found.Identity
	d := ExerciseData{
		Person: who.Name, Exercises: who.Exercises, Chosen: who.Exercise, Missing: missing, Action: exercisePath, Return: back, CSRF: found.CSRF,
	}
	s.pages.Exercise(w, r, d)
}

// exercisePage is the page of exercises that leads back to a path.
func exercisePage(back string) string {
	return exercisePath + "?" + url.Values{"return": {back}}.Encode()
}

// otherExercise is where somebody with several exercises chooses another one and comes back.
func otherExercise(who Identity, back string) string {
	if len(who.Exercises) < 2 {
		return ""
	}
	return exercisePage(back)
}
