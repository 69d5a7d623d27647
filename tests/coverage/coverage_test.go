package main

import (
	"os"
	"strings"
	"testing"
)

const root = "../.."

// Every row of the official tables is shown by a scenario, or by a test that names it.
func TestRepository_officialRowsAreShown(t *testing.T) {
	t.Parallel()
	all, err := readScenarios(root)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := officialRows(root, all)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 10+8+8+8 {
		t.Errorf("%d rows: a table was cut short", len(rows))
	}
	for _, r := range rows {
		if len(r.shownBy) == 0 {
			t.Errorf("%s, %s: nothing shows it", r.name, r.what)
		}
	}
	if len(all) < 150 {
		t.Errorf("%d scenarios were read", len(all))
	}
}

// Every rule that a scenario cites has its requirement beside it.
func TestRepository_citedRulesHaveARequirement(t *testing.T) {
	t.Parallel()
	all, err := readScenarios(root)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := readRequirements(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range citedIDs(all) {
		if texts[id] == "" {
			t.Errorf("%s has no requirement in docs/rules", id)
		}
	}
}

// What is committed is what the files give.
func TestRepository_coverageIsUpToDate(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile(root + "/docs/rules/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := run(root, &got); err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Error("docs/rules/coverage.md is out of date: run make gen")
	}
}
