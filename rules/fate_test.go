package rules_test

import (
	"math/rand/v2"
	"testing"

	"mesbridge/rules"
)

// fates lists every fate in the order of news.
var fates = [...]rules.Fate{"", rules.FateQueued, rules.FateSent, rules.FateDelivered, rules.FateFailed, rules.FateRead}

// TestFate_orderFree: reports that come in any order, and more than once, leave the message at the same
// place (OP7).
func TestFate_orderFree(t *testing.T) {
	t.Parallel()
	for _, a := range fates {
		for _, b := range fates {
			if a.After(b) != b.After(a) {
				t.Errorf("%s and %s: %s or %s", a, b, a.After(b), b.After(a))
			}
			if a.After(b).After(b) != a.After(b) {
				t.Errorf("%s twice after %s", b, a)
			}
		}
	}
	news := rand.New(rand.NewPCG(1, 2)).Perm(len(fates))
	end := rules.Fate("")
	for _, i := range news {
		end = end.After(fates[i])
	}
	if end != rules.FateRead {
		t.Errorf("all news together: %s", end)
	}
}

// TestFate_settled: a message of which anything but waiting is known is not sent again.
func TestFate_settled(t *testing.T) {
	t.Parallel()
	for _, f := range fates {
		if want := f != "" && f != rules.FateQueued; f.Settled() != want {
			t.Errorf("%q settled: %v", f, f.Settled())
		}
	}
}

// TestReadReport: R69, OP7: what each action of RFC 3464 and each disposition of RFC 8098 means.
func TestReadReport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		item rules.ReportItem
		want rules.News
	}{
		"failed":                {rules.ReportItem{Action: "failed"}, rules.News{Fate: rules.FateFailed, Known: true}},
		"delayed":               {rules.ReportItem{Action: "delayed"}, rules.News{Late: true, Known: true}},
		"delivered":             {rules.ReportItem{Action: "delivered"}, rules.News{Fate: rules.FateDelivered, Known: true}},
		"relayed":               {rules.ReportItem{Action: "relayed"}, rules.News{Fate: rules.FateSent, Known: true}},
		"expanded":              {rules.ReportItem{Action: "expanded"}, rules.News{Fate: rules.FateDelivered, Known: true}},
		"displayed":             {rules.ReportItem{Disposition: "displayed"}, rules.News{Fate: rules.FateRead, Known: true}},
		"displayed, error":      {rules.ReportItem{Disposition: "displayed", Faulty: true}, rules.News{Fate: rules.FateDelivered, Known: true}},
		"processed":             {rules.ReportItem{Disposition: "processed"}, rules.News{Fate: rules.FateDelivered, Known: true}},
		"KO of a platform":      {rules.ReportItem{Disposition: "processed", Faulty: true}, rules.News{Fate: rules.FateDelivered, Known: true}},
		"deleted unread":        {rules.ReportItem{Disposition: "deleted"}, rules.News{Fate: rules.FateDelivered, Known: true}},
		"away":                  {rules.ReportItem{Automatic: true}, rules.News{Fate: rules.FateDelivered, Away: true, Known: true}},
		"failed, also as MDN":   {rules.ReportItem{Action: "failed", Disposition: "displayed"}, rules.News{Fate: rules.FateFailed, Known: true}},
		"a word nobody knows":   {rules.ReportItem{Action: "vanished"}, rules.News{}},
		"nothing at all":        {rules.ReportItem{}, rules.News{}},
		"unknown but automatic": {rules.ReportItem{Action: "x", Automatic: true}, rules.News{Fate: rules.FateDelivered, Away: true, Known: true}},
	} {
		if got := rules.ReadReport(c.item); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
