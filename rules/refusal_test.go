package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// aRule is the id of a rule, a decision or a requirement.
var aRule = regexp.MustCompile(`^(R|O|I|D|OP)[0-9]+[a-z]?$`)

// Every refusal that package rules can give carries a code of the contract and the id of the rule that decided
// (D4, I246): the sources name both wherever they make one. That the ids exist is checked in tests.
func TestRefusals_carryCodeAndRule(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	check := func(set *token.FileSet, at token.Pos, args []ast.Expr) {
		checked++
		if len(args) != 2 {
			t.Errorf("%s: a refusal of %d parts", set.Position(at), len(args))
			return
		}
		if id, ok := args[0].(*ast.Ident); ok && (id.Name == "" || id.Name == "_") {
			t.Errorf("%s: no code", set.Position(at))
		}
		if lit, ok := args[1].(*ast.BasicLit); ok {
			if rule, err := strconv.Unquote(lit.Value); err != nil || !aRule.MatchString(rule) {
				t.Errorf("%s: %s is no id of a rule", set.Position(at), lit.Value)
			}
			return
		}
		switch args[1].(type) { // taken over from another decision, or the parameter of refuse
		case *ast.SelectorExpr, *ast.Ident:
		default:
			t.Errorf("%s: the rule is no id", set.Position(at))
		}
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.CallExpr:
				if id, ok := x.Fun.(*ast.Ident); ok && id.Name == "refuse" {
					check(set, x.Pos(), x.Args)
				}
			case *ast.CompositeLit:
				if id, ok := x.Type.(*ast.Ident); ok && id.Name == "Refusal" && len(x.Elts) > 0 {
					args := make([]ast.Expr, 0, len(x.Elts))
					for _, e := range x.Elts {
						if kv, keyed := e.(*ast.KeyValueExpr); keyed {
							e = kv.Value
						}
						args = append(args, e)
					}
					check(set, x.Pos(), args)
				}
			}
			return true
		})
	}
	if checked < 40 {
		t.Errorf("%d refusals were found", checked)
	}
}
