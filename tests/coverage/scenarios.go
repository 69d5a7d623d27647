package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// scenario is one block of a scenario file.
type scenario struct {
	file  string // without folder
	title string
	ids   []string
}

func (s scenario) String() string { return "`" + s.file + "`: " + cell(s.title) }

var citation = regexp.MustCompile(`\b(?:OP|[ROID])[0-9]+[a-z]?\b`)

// readScenarios lists the blocks of rules/testdata, file by file.
func readScenarios(root string) (all []scenario, err error) {
	files, err := filepath.Glob(filepath.Join(root, "rules", "testdata", "*.txt"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("find scenario files under %s: %w", root, cmp.Or(err, os.ErrNotExist))
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("read scenarios: %w", err)
		}
		for part := range strings.SplitSeq(strings.Trim(string(text), "\n"), "\n\n") {
			var title []string
			for line := range strings.SplitSeq(part, "\n") {
				if strings.HasPrefix(line, "#") {
					title = append(title, strings.TrimLeft(line, "# "))
				}
			}
			s := scenario{file: filepath.Base(f), title: strings.Join(title, " ")}
			s.ids = citation.FindAllString(s.title, -1)
			all = append(all, s)
		}
	}
	return all, nil
}

// citedIDs lists the ids of all scenarios, by family and number.
func citedIDs(all []scenario) (ids []string) {
	for _, s := range all {
		ids = append(ids, s.ids...)
	}
	slices.SortFunc(ids, byNumber)
	return slices.Compact(ids)
}

// byNumber orders ids by family, number and part.
func byNumber(a, b string) int {
	fa, na := family(a)
	fb, nb := family(b)
	return cmp.Or(cmp.Compare(fa, fb), cmp.Compare(na, nb), cmp.Compare(a, b))
}

// family takes an id apart: R75 is R and 75.
func family(id string) (string, int) {
	letters := strings.TrimRight(id, "0123456789abcdefghijklmnopqrstuvwxyz")
	n, _ := strconv.Atoi(strings.TrimRight(id[len(letters):], "abcdefghijklmnopqrstuvwxyz")) // the expression above found it
	return letters, n
}

// citing lists the scenarios that cite an id.
func citing(all []scenario, id string) (list []string) {
	for _, s := range all {
		if slices.Contains(s.ids, id) {
			list = append(list, s.String())
		}
	}
	return list
}
