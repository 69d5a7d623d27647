package fhir

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Bounds of the cache: the first pages of the searches for changes come again, the same for an hour.
const (
	maxCached      = 8
	maxCachedBytes = 1 << 20 // of one answer, in octets
)

// cache keeps answers as their server allows (RFC 9111).
type cache struct{ kept map[string]cached }

type cached struct {
	etag  string
	at    time.Time // when it came
	until time.Time // no need to ask before
	body  []byte
}

func newCache() cache { return cache{map[string]cached{}} }

// fresh returns an answer that need not be asked for.
func (c cache) fresh(from string, now time.Time) ([]byte, bool) {
	k, ok := c.kept[from]
	return k.body, ok && now.Before(k.until)
}

// validate makes a request conditional, and reports whether it is.
func (c cache) validate(req *http.Request) bool {
	k, ok := c.kept[req.URL.String()]
	if !ok || k.etag == "" {
		return false
	}
	req.Header.Set("If-None-Match", k.etag)
	return true
}

// keep keeps an answer that has an ETag or an age.
func (c cache) keep(from string, resp *http.Response, body []byte, now time.Time) {
	delete(c.kept, from)
	k := cached{etag: resp.Header.Get("ETag"), at: now, until: now.Add(maxAge(resp.Header)), body: body}
	if !storable(resp.Header) || len(body) > maxCachedBytes || k.etag == "" && !k.until.After(now) {
		return
	}
	if len(c.kept) >= maxCached {
		c.evict()
	}
	c.kept[from] = k
}

// renew returns the answer that the server says is still the newest.
func (c cache) renew(from string, resp *http.Response, now time.Time) []byte {
	k := c.kept[from]
	k.until = now.Add(maxAge(resp.Header))
	c.kept[from] = k
	return k.body
}

// evict makes room for another answer: the one that was kept first goes.
func (c cache) evict() {
	oldest := ""
	for from, k := range c.kept {
		if o, ok := c.kept[oldest]; !ok || k.at.Before(o.at) {
			oldest = from
		}
	}
	delete(c.kept, oldest)
}

func storable(h http.Header) bool { return !strings.Contains(h.Get("Cache-Control"), "no-store") }

// longestAge bounds how long a page is believed unasked, whatever the server says.
const longestAge = time.Hour

// maxAge is how long an answer need not be asked for again.
func maxAge(h http.Header) time.Duration {
	for directive := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if strings.EqualFold(name, "no-cache") {
			return 0
		}
		if seconds, err := strconv.ParseUint(value, 10, 31); err == nil && strings.EqualFold(name, "max-age") {
			return min(time.Duration(seconds)*time.Second, longestAge)
		}
	}
	return 0
}
