package conversations

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Sizes of a page of a list (docs/contract.md): larger wishes are cut, none means the default.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// pageSize returns the size of the page to give.
func pageSize(limit int) int {
	if limit <= 0 {
		return DefaultPage
	}
	return min(limit, MaxPage)
}

// cursor writes a place in a list, opaque and safe in a URL.
func cursor(at time.Time, parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(append([]string{strconv.FormatInt(at.UnixMilli(), 36)}, parts...), "/")))
}

// parseCursor reads a place in a list that has so many parts beside its time; the empty cursor is the
// start.
func parseCursor(c string, parts int) (time.Time, []string, error) {
	if c == "" {
		return time.Time{}, make([]string, parts), nil
	}
	b, err := base64.RawURLEncoding.DecodeString(c)
	if err != nil {
		return time.Time{}, nil, &Error{Kind: KindInvalidRequest, Rule: "cursor"}
	}
	fields := strings.Split(string(b), "/")
	ms, err := strconv.ParseInt(fields[0], 36, 64)
	if err != nil || len(fields) != parts+1 {
		return time.Time{}, nil, &Error{Kind: KindInvalidRequest, Rule: "cursor"}
	}
	return time.UnixMilli(ms).UTC(), fields[1:], nil
}
