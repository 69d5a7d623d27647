package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// LiveSession is a browser session that a person has, as that person is shown it.
type LiveSession struct {
	ID       string    // names it among the person's; it opens nothing
	Device   string    // browser and system, as the browser named itself at the login; empty when it did not
	Through  string    // name of the structure whose provider let the person in (D26); empty: the national one
	LoggedIn time.Time // when it began
	Active   time.Time // of the last activity, to the minute
	Here     bool      // it is the one asked from
}

// Live lists the live browser sessions of a person, newest first. cookieValue marks the one asked from; it may be empty.
// It fails with ErrUnavailable.
func (s *Server) Live(ctx context.Context, who Identity, cookieValue string) ([]LiveSession, error) {
	keys, err := s.sessionsOf(ctx, who)
	if err != nil {
		return nil, err
	}
	var list []LiveSession
	for _, key := range keys {
		found, idle, err := s.sessions.readKey(ctx, key)
		switch {
		case errors.Is(err, ErrUnauthenticated):
			continue // it ended by itself
		case err != nil:
			return nil, err
		}
		list = append(list, LiveSession{
			ID: liveID(key), Device: found.Device, Through: s.structureName(found.Identity.Provider), LoggedIn: found.LoggedIn, Active: idle.Add(-sessionIdle),
			Here: cookieValue != "" && key == sessionKey(cookieValue),
		})
	}
	slices.SortFunc(list, func(a, b LiveSession) int { return b.LoggedIn.Compare(a.LoggedIn) })
	return list, nil
}

// EndSession ends one browser session of a person, by the id that Live gave; one that is over is no error. Tokens that
// clients hold stay: see EndEverywhere. It fails with ErrUnavailable.
func (s *Server) EndSession(ctx context.Context, who Identity, id string) error {
	keys, err := s.sessionsOf(ctx, who)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !same(liveID(key), id) {
			continue
		}
		_, err := s.store.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, key)
			p.SRem(ctx, personKey(who), key)
			return nil
		})
		if err != nil {
			return unavailable("end session", err)
		}
	}
	return nil
}

// sessionsOf gives the keys of a person's sessions, those that ended by themselves among them.
func (s *Server) sessionsOf(ctx context.Context, who Identity) ([]string, error) {
	keys, err := s.store.redis.SMembers(ctx, personKey(who)).Result()
	if err != nil {
		return nil, unavailable("list sessions", err)
	}
	return slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, sessionPrefix) }), nil
}

// structureName is the name of the structure with this provider; empty for a national provider, and for one that went.
func (s *Server) structureName(provider string) string {
	at := slices.IndexFunc(s.structures, func(t Structure) bool { return t.Key == provider })
	if at < 0 {
		return ""
	}
	return s.structures[at].Name
}

// liveID names a session to its owner without its key.
func liveID(key string) string { return digest("live " + key)[:22] }

// readKey reads the session under a key, an undecided one too, with its idle deadline.
func (s *Sessions) readKey(ctx context.Context, key string) (session, time.Time, error) {
	fields, err := s.redis.HMGet(ctx, key, "d", "i").Result()
	if err != nil {
		return session{}, time.Time{}, unavailable("read session", err)
	}
	sealed, _ := fields[0].(string)
	idleText, _ := fields[1].(string)
	idle, err := strconv.ParseInt(idleText, 10, 64)
	if err != nil || sealed == "" {
		return session{}, time.Time{}, ErrUnauthenticated
	}
	var found session
	if err := s.seal.openJSON(key, []byte(sealed), &found); err != nil || found.Version != sessionVersion {
		return session{}, time.Time{}, ErrUnauthenticated
	}
	now := s.now()
	if !now.Before(time.UnixMilli(idle)) || !now.Before(found.LoggedIn.Add(sessionAbsolute)) {
		return session{}, time.Time{}, ErrUnauthenticated
	}
	return found, time.UnixMilli(idle), nil
}

// sessionError sends whoever has no session to the start page, and says when that cannot be told.
func (s *Server) sessionError(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrUnavailable) {
		s.pages.Error(w, r, http.StatusServiceUnavailable, ErrorData{Code: Unavailable, Retry: "/"})
		return
	}
	s.pages.Error(w, r, http.StatusForbidden, ErrorData{Code: LoginExpired, Retry: "/"})
}
