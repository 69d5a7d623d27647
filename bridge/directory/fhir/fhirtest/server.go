package fhirtest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Key is the key that the server takes.
const Key = "a-key-of-tests"

// Resource is one resource, as JSON.
type Resource = map[string]any

// Server is a running server. Change what it holds by Put and Remove, what it does by Before.
type Server struct {
	URL string // base of the API

	t        testing.TB
	mu       sync.Mutex
	now      func() time.Time
	held     map[string]Resource // by type and id
	changed  map[string]time.Time
	asked    []string // paths and queries
	pageSize int
	before   func(w http.ResponseWriter, r *http.Request) bool
}

// New starts a server with pages of two entries.
func New(t testing.TB, now func() time.Time) *Server {
	s := &Server{t: t, now: now, held: map[string]Resource{}, changed: map[string]time.Time{}, pageSize: 2}
	web := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(web.Close)
	s.URL = web.URL + "/fhir/v2"
	return s
}

// Put adds or replaces a resource, which changed just now.
func (s *Server) Put(all ...Resource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range all {
		place := fmt.Sprint(r["resourceType"], "/", r["id"])
		s.held[place], s.changed[place] = r, s.now()
	}
}

// Deactivate leaves of a resource its ids alone, as the server does with those that are gone (I95).
func (s *Server) Deactivate(kind, id string) {
	s.mu.Lock()
	old := s.held[kind+"/"+id]
	s.mu.Unlock()
	s.Put(Resource{"resourceType": kind, "id": id, "active": false, "identifier": old["identifier"]})
}

// PageSize sets how many entries a page has.
func (s *Server) PageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageSize = n
}

// Before calls f before each answer; when f says true it has answered itself.
func (s *Server) Before(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// Asked lists the requests since the last call.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.asked
	s.asked = nil
	return list
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.RequestURI())
	before := s.before
	s.mu.Unlock()
	if before != nil && before(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("ESANTE-API-KEY") != Key {
		http.Error(w, `{"message":"Unauthorized"}`, http.StatusUnauthorized)
		return
	}
	query, from := r.URL.Query(), 0
	kind := strings.TrimPrefix(r.URL.Path, "/fhir/v2/")
	if token := query.Get("_page_token"); token != "" {
		var err error
		if kind, query, from, err = readToken(token); err != nil {
			outcome(w, http.StatusGone)
			return
		}
	} else if r.URL.Path == "/fhir/v2" || query.Has("_type") || query.Has("mailbox-mss-type") {
		outcome(w, http.StatusBadRequest) // not served (O135)
		return
	}
	s.answer(w, r, kind, query, from)
}

// answer sends one page of a search.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, kind string, query url.Values, from int) {
	found := s.find(kind, query)
	end := min(from+s.pageSize, len(found))
	bundle := map[string]any{"resourceType": "Bundle", "type": "searchset", "total": len(found)}
	links := []map[string]any{{"relation": "self", "url": s.URL + "/" + kind}}
	if end < len(found) {
		links = append(links, map[string]any{"relation": "next", "url": s.URL + "?_page_token=" + url.QueryEscape(token(kind, query, end))})
	}
	bundle["link"] = links
	entries := []map[string]any{}
	for _, place := range found[min(from, end):end] {
		entries = append(entries, map[string]any{"resource": s.held[place], "search": map[string]any{"mode": "match"}})
		for _, include := range query["_include"] {
			member := include[strings.LastIndexByte(include, ':')+1:]
			ref, _ := s.held[place][member].(map[string]any)
			if other, ok := s.held[fmt.Sprint(ref["reference"])]; ok {
				entries = append(entries, map[string]any{"resource": other, "search": map[string]any{"mode": "include"}})
			}
		}
	}
	bundle["entry"] = entries
	body, err := json.Marshal(bundle)
	if err != nil {
		s.t.Errorf("encode a page: %v", err)
	}
	tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(body))
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/fhir+json;charset=UTF-8")
	_, _ = w.Write(body)
}

// find lists what a search finds, sorted by place.
func (s *Server) find(kind string, query url.Values) []string {
	var found []string
	for place, r := range s.held {
		if r["resourceType"] == kind && s.fits(place, r, query) {
			found = append(found, place)
		}
	}
	slices.Sort(found)
	return found
}

func (s *Server) fits(place string, r Resource, query url.Values) bool {
	text, err := json.Marshal(r)
	if err != nil {
		s.t.Errorf("encode a resource: %v", err)
	}
	if query.Has("mailbox-mss:contains") && !strings.Contains(string(text), "MSSANTE") && !strings.Contains(string(text), "MailboxMSS") {
		return false
	}
	if roles := query.Get("role"); roles != "" && !slices.ContainsFunc(strings.Split(roles, ","), func(c string) bool { return strings.Contains(string(text), `"`+c+`"`) }) {
		return false
	}
	if since, ok := strings.CutPrefix(query.Get("_lastUpdated"), "ge"); ok {
		at, err := time.Parse(time.RFC3339, since)
		return err == nil && !s.changed[place].Before(at)
	}
	return true
}

func outcome(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/fhir+json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-supported"}]}`))
}

func token(kind string, query url.Values, from int) string {
	return kind + "!" + strconv.Itoa(from) + "!" + query.Encode()
}

func readToken(text string) (kind string, query url.Values, from int, err error) {
	parts := strings.SplitN(text, "!", 3)
	if len(parts) != 3 {
		return "", nil, 0, fmt.Errorf("not a token")
	}
	if from, err = strconv.Atoi(parts[1]); err != nil {
		return "", nil, 0, err
	}
	query, err = url.ParseQuery(parts[2])
	return parts[0], query, from, err
}
