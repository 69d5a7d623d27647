package page

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The same of the texts of pages that Go holds, here and in the package that answers requests. What the API answers
// is for programs, which compare it.
func TestTexts_noBreakBeforePunctuation(t *testing.T) {
	t.Parallel()
	loose := regexp.MustCompile(`[^\s%,(] [:;?!»]|« `)
	for _, pattern := range []string{"*.go", "../page*.go", "../oauthpages.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files: %v", pattern, len(files), err)
		}
		for _, name := range slices.DeleteFunc(files, isTest) {
			for _, text := range literals(t, name) {
				if loose.MatchString(text) {
					t.Errorf("%s: %q", name, text)
				}
			}
		}
	}
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }

// literals returns the strings that a Go file holds.
func literals(t *testing.T, name string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			text, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, text)
		}
		return true
	})
	return found
}

// I219: a date is written by the calendar, which marks it up as one. What a template would format itself is none.
func TestTemplates_everyDateIsMarkedUp(t *testing.T) {
	t.Parallel()
	bare := regexp.MustCompile(`{{[^}]*\.(Format|String|Unix|Local|UTC)\b[^}]*}}|{{-?\s*\.(\w*At|Since|Expires|AsOf)\s*-?}}`)
	files, err := templates.ReadDir("templates")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d templates: %v", len(files), err)
	}
	for _, f := range files {
		b, err := templates.ReadFile("templates/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range bare.FindAll(b, -1) {
			t.Errorf("%s: %s", f.Name(), found)
		}
	}
}
