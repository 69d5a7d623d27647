package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// row is one row of an official table, and what shows it.
type row struct {
	name, what string
	shownBy    []string
}

// tableRows are the rows that scenarios show: the table, what the row says, and how the title of a scenario
// names it. Table C4 is read as D34 says.
func tableRows() [][3]string {
	rows := [][3]string{
		{"8.2", "absent", `^Table 8\.2.*: absent`},
		{"8.2", "opposed (D16)", `^Table 8\.2.*: opposed`},
		{"8.2", "not activated", `^Table 8\.2.*: not activated`},
		{"8.2", "active", `^Table 8\.2.*: active`},
		{"8.2", "messaging closed", `^Table 8\.2.*: messaging closed`},
		{"8.2", "suspended", `^Table 8\.2.*: suspended`},
		{"8.2", "closed, and opened again", `^Table 8\.2.*: (closed|opened again)`},
		{"8.2", "purged", `^Table 8\.2.*: purged`},
		{"C4", "pro sends normal", `pro sends normal`},
		{"C4", "pro sends FIN", `pro sends \[FIN\]`},
		{"C4", "patient replies", `I161.*the patient replies`},
		{"C4", "patient blocks", `I161, state blocked \(open\): each event`},
		{"C4", "patient unblocks", `I161.*(unblocking|block is lifted)`},
		{"C4", "episode closed by clinic", `I161.*the episode (is closed|ends)`},
		{"C4", "discharge cancelled", `I161.*the discharge is cancelled`},
		{"C4", "patient opposed or MES closed", `I161, patient closed`},
	}
	for n := range 10 {
		rows = append(rows, [3]string{"9.1", fmt.Sprintf("row %d", n+1), fmt.Sprintf(`^Table 9\.1 row %d \(`, n+1)})
	}
	return rows
}

// peers are the audit domains of section 20 of operator.md; their tests name them.
func peers() []string {
	return []string{
		"cert-valide-audit", "cert-expire-audit", "cert-revoque-audit", "cert-non-igc-audit", "cert-no-match-audit",
		"cert-cn-diff-dn-audit", "sans-tls", "tests-operateur",
	}
}

// officialRows says of each row what shows it.
func officialRows(root string, all []scenario) ([]row, error) {
	var rows []row
	for _, t := range tableRows() {
		r := row{name: "table " + t[0], what: t[1]}
		named := regexp.MustCompile(t[2])
		for _, s := range all {
			if named.MatchString(s.title) {
				r.shownBy = append(r.shownBy, s.String())
			}
		}
		rows = append(rows, r)
	}
	sources, err := testSources(root)
	if err != nil {
		return nil, err
	}
	for _, p := range peers() {
		r := row{name: "section 20", what: p}
		for _, f := range sources {
			if strings.Contains(f.text, `"`+p) {
				r.shownBy = append(r.shownBy, "`"+f.name+"`")
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// source is a test file.
type source struct{ name, text string }

// testSources reads the tests that meet other operators: those of bridge and of the whole program.
func testSources(root string) (list []source, err error) {
	for _, folder := range []string{"bridge", "tests"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			list = append(list, source{filepath.ToSlash(name), string(text)})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read tests: %w", err)
		}
	}
	slices.SortFunc(list, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return list, nil
}
