package fhir_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge/directory/fhir"
	"mesbridge/bridge/directory/fhir/fhirtest"
)

// O130: no more calls than are allowed, and patience with 429 and 503, for as long as the server asks.
func TestClient_pace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	var at []time.Time
	refused := 0
	w.server.Before(func(rw http.ResponseWriter, _ *http.Request) bool {
		at = append(at, w.clock.Now())
		switch refused++; refused {
		case 2:
			rw.Header().Set("Retry-After", "30")
			rw.WriteHeader(http.StatusTooManyRequests)
		case 3:
			rw.Header().Set("Retry-After", w.clock.Now().Add(40*time.Second).Format(http.TimeFormat))
			rw.WriteHeader(http.StatusServiceUnavailable)
		default:
			return false
		}
		return true
	})
	w.must()
	for i := 1; i < len(at); i++ {
		least := 100 * time.Millisecond
		switch i {
		case 2:
			least = 30 * time.Second
		case 3:
			least = 39 * time.Second
		}
		if gap := at[i].Sub(at[i-1]); gap < least {
			t.Errorf("call %d came after %v, want %v", i, gap, least)
		}
	}
}

// A server that wants to be left alone for long is left alone.
func TestClient_longPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	began := w.clock.Now()
	w.server.Before(func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.Header().Set("Retry-After", "86400")
		rw.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	if err := w.refresh(); err == nil || w.clock.Now().Sub(began) > time.Minute {
		t.Errorf("%v after %v", err, w.clock.Now().Sub(began))
	}
}

// A page that is asked for again is not sent again when it is the same (ETag), nor asked for within its age.
func TestClient_cache(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some()...)
	w.must()
	w.clock.Move(10 * time.Hour)
	w.must()
	w.clock.Move(time.Minute)
	w.must()
	statuses := map[string]int{}
	w.server.Before(func(_ http.ResponseWriter, r *http.Request) bool {
		statuses[r.Header.Get("If-None-Match")]++
		return false
	})
	w.clock.Move(time.Minute)
	w.server.Asked()
	w.must()
	if asked := len(w.server.Asked()); asked != 3 || statuses[""] != 0 {
		t.Errorf("%d requests, %d without a validator", asked, statuses[""])
	}
}

// Pages are followed on the same server alone: the key would go with the question (I93).
func TestClient_followsNobodyElse(t *testing.T) {
	t.Parallel()
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("ESANTE-API-KEY") != "" {
			elsewhere++
		}
	}))
	t.Cleanup(other.Close)
	for name, next := range map[string]string{
		"another host": other.URL + "/fhir/v2/Practitioner", "above the API": "/admin", "climbing": "/fhir/v2/../admin", "no URL": "http://[::1",
		"user": "http://user@HOST/fhir/v2/x", "another scheme": "https://HOST/fhir/v2/x", "neighbour": "/fhir/v22/x",
	} {
		w := newWorld(t, some()...)
		host := strings.TrimSuffix(strings.TrimPrefix(w.server.URL, "http://"), "/fhir/v2")
		w.server.Before(func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(`{"resourceType":"Bundle","link":[{"relation":"next","url":"` + strings.ReplaceAll(next, "HOST", host) + `"}]}`))
			return true
		})
		if err := w.refresh(); !errors.Is(err, fhir.ErrElsewhere) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld(t, some()...)
	w.server.Before(func(rw http.ResponseWriter, r *http.Request) bool {
		http.Redirect(rw, r, other.URL, http.StatusFound)
		return true
	})
	if err := w.refresh(); !errors.Is(err, fhir.ErrElsewhere) || elsewhere > 0 {
		t.Errorf("redirect: %v, %d calls elsewhere", err, elsewhere)
	}
}

// Whatever the server answers: an error, and the copy stays.
func TestClient_hostileAnswers(t *testing.T) {
	t.Parallel()
	big := strings.Repeat(" ", fhir.MaxPageBytes+1)
	for name, answer := range map[string]string{
		"not JSON": "<html>", "half": `{"resourceType":"Bundle","entry":[`, "null": "null", "another resource": `{"resourceType":"Patient"}`,
		"outcome": `{"resourceType":"OperationOutcome","issue":[{"diagnostics":"secret"}]}`, "batch": `{"resourceType":"Bundle","type":"batch-response"}`,
		"huge": big, "many": `{"resourceType":"Bundle","entry":[` + strings.Repeat("{},", 6000) + `{}]}`,
		"deep":   `{"resourceType":"Bundle","entry":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		"broken": `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Practitioner","name":1,"telecom":"x"}},{"resource":7},{}]}`,
		"circle": `{"resourceType":"Bundle","link":[{"relation":"next","url":"/fhir/v2?_page_token=a"}]}`,
	} {
		w := newWorld(t, some()...)
		w.must()
		w.clock.Move(24 * time.Hour)
		w.server.Before(func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.Header().Set("Content-Type", "application/fhir+json")
			_, _ = rw.Write([]byte(answer))
			return true
		})
		err := w.refresh()
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "lastUpdated") {
			t.Errorf("%s: error %v", name, err)
		}
		if w.copy.Entries() == nil || w.at("cardio@ch.mssante.fr").Name != "Cardiologie" {
			t.Errorf("%s: the copy in service is gone", name)
		}
		w.server.Before(nil)
		w.clock.Move(25 * time.Hour)
		if err := w.refresh(); err != nil {
			t.Errorf("%s: afterwards %v", name, err)
		}
	}
	w := newWorld(t, fhirtest.Practitioner("p1", "10000001916", "A", "B"))
	w.server.Before(func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = rw.Write([]byte("<html>"))
		return true
	})
	if err := w.refresh(); !errors.Is(err, fhir.ErrAnswer) {
		t.Errorf("a page for people: %v", err)
	}
}
