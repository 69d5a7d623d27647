package directory

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// searchIndex finds mailboxes by words. A search walks the records in the order in which they are shown, and stops
// at the end of its page; half a million take some milliseconds, in 12 octets and the name of each.
type searchIndex struct {
	words  strings.Builder // folded names
	ends   []uint32        // of each record's in words
	order  []uint32        // records, sorted by folded name
	sites  []foldedSite
	trades []foldedTrade
}

type foldedSite struct{ name, place string }

type foldedTrade struct{ label, speciality string }

// note keeps the name of the record that was just added. A name for which there is no room is not found.
func (s *searchIndex) note(name string) {
	if folded := rules.Fold(nil, name); s.words.Len()+len(folded) < math.MaxUint32 {
		s.words.Write(folded)
	}
	s.ends = append(s.ends, uint32(s.words.Len())) //nolint:gosec // compared above
}

// name returns the folded name of a record.
func (s *searchIndex) name(record uint32) string {
	if record == 0 {
		return s.words.String()[:s.ends[0]]
	}
	return s.words.String()[s.ends[record-1]:s.ends[record]]
}

// build sorts the records and folds what they share.
func (s *searchIndex) build(x *index) {
	s.order = make([]uint32, len(x.records))
	for i := range s.order {
		s.order[i] = uint32(i)
	}
	slices.SortFunc(s.order, func(a, b uint32) int {
		return cmp.Or(strings.Compare(s.name(a), s.name(b)), bytes.Compare(x.addressOf(&x.records[a]), x.addressOf(&x.records[b])))
	})
	text := func(t string) string { return string(rules.Fold(nil, t)) }
	s.sites = make([]foldedSite, len(x.sites.list))
	for i, v := range x.sites.list {
		s.sites[i] = foldedSite{text(v.name), text(v.place + " " + v.district)}
	}
	s.trades = make([]foldedTrade, len(x.trades.list))
	for i, v := range x.trades.list {
		s.trades[i] = foldedTrade{text(v.label), text(v.speciality)}
	}
}

// holds reports whether a folded text holds every needle.
func holds(text string, list []string) bool {
	for _, n := range list {
		if !strings.Contains(text, n) {
			return false
		}
	}
	return true
}

// wanted is a question, made ready: which sites and trades fit, and what to look for in names.
type wanted struct {
	names      []string
	named      [][]bool // by needle of names: sites whose name holds it
	speciality []string
	sites      []bool // nil: any
	trades     []bool // of personal mailboxes; nil: any
	profession bool   // a profession is asked for, which only persons have
}

// ready prepares a question.
func (x *index) ready(q conversations.MailboxQuery) wanted {
	w := wanted{names: rules.FoldedWords(q.Name), speciality: rules.FoldedWords(q.Speciality)}
	for _, n := range w.names {
		one := []string{n}
		w.named = append(w.named, fitting(x.search.sites, func(s foldedSite) bool { return holds(s.name, one) }))
	}
	if place := rules.FoldedWords(q.Place); len(place) > 0 {
		w.sites = fitting(x.search.sites, func(s foldedSite) bool { return holds(s.place, place) })
	}
	profession := rules.FoldedWords(q.Profession)
	w.profession = len(profession) > 0
	if w.profession || len(w.speciality) > 0 {
		w.trades = make([]bool, len(x.trades.list))
		for i, t := range x.search.trades {
			w.trades[i] = (holds(t.label, profession) || x.trades.list[i].profession == strings.TrimSpace(q.Profession)) && holds(t.speciality, w.speciality)
		}
	}
	return w
}

// fitting tells of each item whether it fits.
func fitting[T any](all []T, fits func(T) bool) []bool {
	list := make([]bool, len(all))
	for i, item := range all {
		list[i] = fits(item)
	}
	return list
}

// fits reports whether a record answers the question. The words of a name may stand in that of the structure; the
// speciality of a service is in its name.
func (x *index) fits(at uint32, w *wanted) bool {
	r := &x.records[at]
	if w.sites != nil && !w.sites[r.site] {
		return false
	}
	name := x.search.name(at)
	switch {
	case w.trades == nil:
	case kinds()[r.kind] == rules.Personal:
		if !w.trades[r.trade] {
			return false
		}
	case w.profession:
		return false
	default:
		for _, n := range w.speciality {
			if !strings.Contains(name, n) {
				return false
			}
		}
	}
	for i, n := range w.names {
		if !w.named[i][r.site] && !strings.Contains(name, n) {
			return false
		}
	}
	return true
}

// list returns the mailboxes that answer a question, from a place of the order on, at most limit. next is where the
// list goes on; 0: it is at its end.
func (x *index) list(q conversations.MailboxQuery, from, limit int) (items []conversations.Mailbox, next int) {
	if rpps, ok := personNumber(q.Name); ok {
		return x.held(rpps), 0
	}
	w := x.ready(q)
	for i := from; i < len(x.search.order); i++ {
		at := x.search.order[i]
		if !x.fits(at, &w) {
			continue
		}
		if len(items) == limit {
			return items, i
		}
		if m, ok := x.mailbox(&x.records[at]); ok {
			items = append(items, m)
		}
	}
	return items, 0
}

// personNumber reads an RPPS number, or the national identifier made of it, which is a name that one may ask for as
// well (I208, I109).
func personNumber(text string) (person string, ok bool) {
	digits := strings.Join(strings.Fields(text), "")
	if _, err := strconv.ParseUint(digits, 10, 64); err != nil {
		return "", false
	}
	switch {
	case len(digits) == 11:
		return "8" + digits, true
	case len(digits) == 12 && digits[0] == '8':
		return digits, true
	}
	return "", false
}

// ErrCursor means that a cursor is none of ours.
var ErrCursor = errors.New("not a cursor of a search")

// MaxFound is how many mailboxes one page of a search has at most.
const MaxFound = 200

// Search lists the mailboxes that answer a question, sorted by name, and the cursor of the next page. A load between
// two pages may move a mailbox from one to the other. It fails with ErrCursor for a cursor that it did not give.
func (t *Table) Search(q conversations.MailboxQuery, cursor string, limit int) ([]conversations.Mailbox, string, error) {
	from := 0
	if cursor != "" {
		n, err := strconv.ParseUint(cursor, 10, 31)
		if err != nil {
			return nil, "", ErrCursor
		}
		from = int(n)
	}
	x := t.current.Load()
	if x == nil {
		return nil, "", nil
	}
	items, next := x.list(q, from, min(max(limit, 1), MaxFound))
	if next == 0 {
		return items, "", nil
	}
	return items, strconv.Itoa(next), nil
}
