package tests

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ruleID is one id as docs/rules/README.md says that they are written: R, O, I, D and P ids have a
// letter and a number, those of open points OP (of mes-messaging.md) or OP- (of operator.md), with one
// letter for a part where the text has it (OP3c).
const ruleID = `(?:OP-?\d{1,2}|[ROID]\d{1,3}|P\d{1,2})[a-z]?`

var (
	// cited finds ids in text. What stands before and after tells ids from the rest: a letter, a
	// digit or a dot makes a longer word, "TRE_" a code table, "=" and "%" an encoded octet, "#" and
	// "&" a colour or an entity, "FHIR " a version of that standard.
	cited = regexp.MustCompile(`(^|TRE_|FHIR |[^A-Za-z0-9.=%#&\\$])(` + ruleID + `)([^A-Za-z0-9]|$)`)
	// defined finds the lines of docs/rules that define an id: an item of a list or a row of a table
	// that starts with it.
	defined = regexp.MustCompile(`(?m)^\s*(?:[-|]\s*)?(?:\*\*)?(` + ruleID + `)\b`)
	whole   = regexp.MustCompile(`^` + ruleID + `$`)
)

// definedIDs reads docs/rules.
func definedIDs(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../docs/rules/*.md")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	family := map[string]int{}
	for _, f := range files {
		for _, m := range defined.FindAllStringSubmatch(read(t, f), -1) {
			if !ids[m[1]] {
				family[strings.TrimRight(m[1], "0123456789abcdefghijklmnopqrstuvwxyz")]++
			}
			ids[m[1]] = true
		}
	}
	// What the texts held when they became ours; a smaller number means that reading them broke.
	for name, least := range map[string]int{"R": 159, "O": 205, "I": 252, "D": 36, "OP": 25, "OP-": 20, "P": 18} {
		if family[name] < least {
			t.Errorf("docs/rules defines %d %s ids, at least %d are known", family[name], name, least)
		}
	}
	return ids
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// citation is an id and the line it stands on.
type citation struct {
	id   string
	line int
}

// inText lists the ids of a text.
func inText(text string) []citation {
	var all []citation
	for n, line := range strings.Split(text, "\n") {
		// One match ends where the next one starts, so lists such as R75,R76 need the loop.
		for rest := line; ; {
			at := cited.FindStringSubmatchIndex(rest)
			if at == nil {
				break
			}
			before := rest[at[2]:at[3]]
			if before != "TRE_" && before != "FHIR " {
				all = append(all, citation{rest[at[4]:at[5]], n + 1})
			}
			rest = rest[at[5]:]
		}
	}
	return all
}

// inGo lists the ids of a Go file: in comments, in the names of tests, and in strings that are nothing
// but an id, as refusals have them. Other strings hold data.
func inGo(src string) []citation {
	var all []citation
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), nil, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		line := file.Line(pos)
		switch tok {
		case token.EOF:
			return all
		case token.COMMENT:
			if strings.HasPrefix(lit, "//go:") {
				continue
			}
			for _, c := range inText(lit) {
				all = append(all, citation{c.id, line + c.line - 1})
			}
		case token.STRING:
			if text := strings.Trim(lit, "\"`"); whole.MatchString(text) {
				all = append(all, citation{text, line})
			}
		case token.IDENT:
			if strings.HasPrefix(lit, "Test") {
				for _, c := range inText(lit) {
					all = append(all, citation{c.id, line})
				}
			}
		default:
		}
	}
}

// citations lists the ids of a file, by its kind; nil for a kind that cites nothing.
func citations(path, text string) []citation {
	switch filepath.Ext(path) {
	case ".go":
		return inGo(text)
	case ".md", ".txt", ".lua", ".yaml", ".yml", ".html", ".js", ".mjs", ".css":
		return inText(text)
	}
	return nil
}

func TestRuleIDs_citedOnesExist(t *testing.T) {
	t.Parallel()
	known := definedIDs(t)
	exists := func(id string) bool {
		return known[id] || known[strings.TrimRight(id, "abcdefghijklmnopqrstuvwxyz")]
	}
	count := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "bin", "demo-data", "node_modules", "screenshots"}, d.Name()) ||
				strings.HasSuffix(filepath.ToSlash(path), "docs/rules") {
				return filepath.SkipDir // the domain texts also quote the ids of their sources
			}
			return nil
		}
		if filepath.Base(path) == "rules_ids_test.go" {
			return nil // the examples below
		}
		for _, c := range citations(path, read(t, path)) {
			count++
			if !exists(c.id) {
				t.Errorf("%s:%d: %s is not defined in docs/rules", path, c.line, c.id)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 100 {
		t.Errorf("only %d citations found; the search is broken", count)
	}
}

func TestRuleIDs_whatIsACitation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"the deadline itself is late (D8)", "D8"},
		{"R75-R78, D9 and D14 b", "R75 R78 D9 D14"},
		{"see OP3c, OP-10, I246/I247", "OP3c OP-10 I246 I247"},
		{"TestReply_D34_closed", "D34"},
		{"R999 does not exist", "R999"},
		{"TRE_R257, FHIR R4, CSP R.1111-26, R1111, L1111", ""},
		{"curve P256, =D0=B4, %D0, #D0D0D0, &O5; A03 Z99 PD1", ""},
		{"docs/R5.md", "R5"},
	} {
		var got []string
		for _, f := range inText(c.text) {
			got = append(got, f.id)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q gives %q, want %q", c.text, strings.Join(got, " "), c.want)
		}
	}
	src := "package x\n// Rule (R12).\nvar a, b = \"O99\", \"data R98 here\" // I97\nfunc TestX_D96(t *testing.T) { R95 := 1 }\n"
	var got []string
	for _, f := range inGo(src) {
		got = append(got, f.id)
	}
	if want := "R12 O99 I97 D96"; strings.Join(got, " ") != want {
		t.Errorf("the Go file gives %q, want %q", strings.Join(got, " "), want)
	}
}
