package conversations

import (
	"context"
	"slices"

	"mesbridge/rules"
)

// CareFilter narrows a list of a shared mailbox's exchanges by who takes care of their conversations.
type CareFilter string

// Lists by care.
const (
	AnyCare CareFilter = ""
	MyCare  CareFilter = "mine"   // who asks takes care of a conversation
	NoCare  CareFilter = "nobody" // a conversation waits for an answer, and nobody takes care of it
)

// careSift keeps of a list the exchanges that stand in a list by care. No such list is stored: care lapses by itself
// with the right of whoever took it (D27), and is sealed. So each patient's is read, of a batch at once.
type careSift struct {
	team    *teamBox
	want    CareFilter
	by      rules.Member
	waiting map[PatientID][]ID // conversations that wait, for NoCare
	partial bool               // there are more of them
	kept    map[PatientID]bool // of the batch read last
}

// sift makes the filter by care of a list ready, nil for none, and narrows the list to those who wait where it wants
// these.
func (t *teamBox) sift(ctx context.Context, f *Filter) (*careSift, error) {
	if f.Care == AnyCare {
		return nil, nil //nolint:nilnil // nothing is sifted
	}
	c := &careSift{team: t, want: f.Care, by: t.svc.member(f.By)}
	if f.Care == MyCare {
		return c, nil
	}
	f.List, c.waiting = rules.ListWaiting, map[PatientID][]ID{}
	entries, err := t.svc.Store.Ledger(ctx, t.id, LedgerQuery{List: rules.ListWaiting, Oldest: f.Oldest, Limit: MaxLookedThrough})
	if err != nil {
		return nil, unavailable("list the conversations that wait", err)
	}
	c.partial = len(entries) == MaxLookedThrough
	for _, e := range entries {
		c.waiting[e.Patient] = append(c.waiting[e.Patient], e.Thread)
	}
	return c, nil
}

// read looks at who takes care of the conversations of a batch of patients.
func (c *careSift) read(ctx context.Context, entries []LedgerEntry) error {
	if c == nil {
		return nil
	}
	kept, err := readEach(ctx, entries, func(ctx context.Context, p PatientID) (bool, error) {
		w, err := c.team.listed(ctx, p)
		return err == nil && c.stands(w, p), err
	})
	if err != nil {
		return err
	}
	c.kept = make(map[PatientID]bool, len(entries))
	for i, e := range entries {
		c.kept[e.Patient] = kept[i]
	}
	return nil
}

// stands reports whether a patient's exchange belongs in the list. Where it is not known which of his conversations
// wait, since the list is a moment old or a colleague of another mailbox answered, whoever takes care of one of them
// has seen him; where it is not known because too many wait, better one too many is listed than one forgotten.
func (c *careSift) stands(w *teamwork, p PatientID) bool {
	if c.want == MyCare {
		return slices.ContainsFunc(w.cares, func(l careLabel) bool { return w.shownCare(l, c.by).Mine })
	}
	waiting := c.waiting[p]
	if len(waiting) == 0 {
		return c.partial || len(w.shownCares()) == 0
	}
	return slices.ContainsFunc(waiting, func(id ID) bool { return !w.care(id, c.by).Taken() })
}

// keeps reports whether an exchange of the batch read last stands in the list.
func (c *careSift) keeps(p PatientID) bool { return c == nil || c.kept[p] }
