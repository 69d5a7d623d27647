package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mesbridge/conversations"
)

// Sizes of a page of a list (docs/contract.md).
const (
	defaultLimit = 50
	maxLimit     = 200
	maxCursor    = 512 // octets
)

// list is a page of a list. AsOf is told for the lists of a mailbox, which are projected.
type list[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
	AsOf  *string `json:"asOf,omitempty"`
}

// listOf makes a page of the API from items of the core.
func listOf[S, T any](items []S, next string, asOf time.Time, shape func(S) T) list[T] {
	l := list[T]{Items: make([]T, len(items)), Next: optional(next), AsOf: stamp(asOf)}
	for i, item := range items {
		l.Items[i] = shape(item)
	}
	return l
}

// place reads cursor and limit: 1 to 200, larger is cut, 50 by default.
func place(r request) (cursor string, limit int, err error) {
	cursor, limit = r.query("cursor"), defaultLimit
	if len(cursor) > maxCursor || strings.ContainsFunc(cursor, notIDRune) {
		return "", 0, badCursor()
	}
	if wish := r.query("limit"); wish != "" {
		n, err := strconv.ParseUint(wish, 10, 64)
		if err != nil && !isAllDigits(wish) || n == 0 {
			return "", 0, invalid("limit", "The limit is a number from 1 to 200.")
		}
		limit = int(min(n, maxLimit))
	}
	return cursor, limit, nil
}

// badCursor refuses a cursor that no list of ours gave.
func badCursor() *problem { return invalid("cursor", "This is no cursor of ours.") }

// ofList names the cursor where the core found a list's request invalid: all the rest of such a request
// is checked before.
func ofList(err error) error {
	if conversations.KindOf(err) == conversations.KindInvalidRequest {
		return badCursor()
	}
	return err
}

// pageOf cuts the page that a request asks for out of a list that is known whole. Its cursor is the id of
// the last item of the page before.
func pageOf[T any](r request, all []T, id func(T) string) (items []T, next string, err error) {
	cursor, limit, err := place(r)
	if err != nil {
		return nil, "", err
	}
	if cursor != "" {
		last := slices.IndexFunc(all, func(item T) bool { return id(item) == cursor })
		if last < 0 {
			return nil, "", badCursor()
		}
		all = all[last+1:]
	}
	if len(all) > limit {
		return all[:limit], id(all[limit-1]), nil
	}
	return all, "", nil
}

// isAllDigits tells a number too large to be read, which is only a wish to be cut, from nonsense.
func isAllDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// stamp writes an instant as the API does: RFC 3339, UTC, cut to the millisecond; nil for none.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format("2006-01-02T15:04:05.000Z")
	return &s
}

// optional is nil for the empty string.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
