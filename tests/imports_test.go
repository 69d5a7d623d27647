package tests

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the prefix of our packages.
const module = "mesbridge/"

// folders is the table of docs/design.md: what each top folder may import of ours, and why not more. A
// folder may always import itself.
var folders = map[string]struct {
	may []string
	why string
}{
	"rules":         {nil, "every decision is pure, so that it can be read, tested and repeated without the rest"},
	"conversations": {[]string{"rules"}, "state asks rules and declares what it needs of mail and directory; the borders implement it"},
	"bridge":        {[]string{"conversations", "rules"}, "mail works while the web is down, and knows operators by certificates, not tokens"},
	"oauth":         {nil, "who is calling is a question of its own; a fault in a page or a rule must not reach it"},
	"web":           {[]string{"conversations", "rules"}, "pages declare Authenticator; cmd joins them to oauth, so that neither knows the other"},
	"cmd":           {[]string{"bridge", "conversations", "oauth", "rules", "web"}, "wiring stands above everything and nothing imports it"},
	"docs":          {nil, "the examples are other people's programs: they know the outside contract alone"},
	"tests":         {[]string{"bridge", "cmd", "conversations", "oauth", "rules", "web"}, "tests look at everything and nothing imports them"},
}

// libraries are those that only some packages may import directly, in code that is not a test.
var libraries = []struct {
	path string
	only []string // packages with everything below them
	why  string
}{
	{"github.com/gofiber/fiber", []string{"web"}, "fiber reuses its buffers; a value that leaves web uncopied changes later"},
	{"github.com/valyala/fasthttp", []string{"web"}, "as fiber, which stands on it"},
	{"github.com/ory/fosite", []string{"oauth"}, "its many interfaces stay behind http.Handler and Introspect"},
	{"github.com/redis/go-redis", []string{"conversations/redisstore", "oauth", "cmd", "tests"}, "keys and scripts have two homes; cmd makes the connections, tests measure"},
	{"github.com/alicebob/miniredis", []string{"conversations/redisstore/redistest", "cmd/mesbridge/redisserver"}, "a stand-in for tests and for the demonstration without redis-server"},
	{"github.com/cockroachdb/pebble", []string{"conversations"}, "one local database, with one owner"},
	{"github.com/minio/minio-go", []string{"conversations/objects"}, "one package answers for what S3 promises; bodies and keys see a bucket"},
	{"github.com/emersion/go-smtp", []string{"bridge", "cmd/mesbridge/demo/operator", "tests"}, "its errors become wire text; one translator answers for that"},
	{"gopkg.in/yaml.v3", []string{"cmd/mesbridge/config"}, "settings have one reader"},
	{"github.com/alecthomas/kong", []string{"cmd/mesbridge"}, "the command line has one reader"},
}

// pure is all that rules may import: nothing with a clock of its own, I/O, a context, a logger or
// randomness. time is there for the types; forbidigo forbids time.Now.
var pure = []string{
	"bytes", "cmp", "errors", "fmt", "iter", "maps", "math", "math/bits", "slices", "strconv", "strings", "time",
	"unicode", "unicode/utf8", "golang.org/x/net/idna", "golang.org/x/text/unicode/norm",
}

// entries are what may stand at the top level; anything else needs an ADR.
var entries = []string{
	".ci", ".git", ".gitignore", ".golangci.yml", "LICENSE", "Makefile", "README.md", "docs", "go.mod", "go.sum",
	"bridge", "cmd", "conversations", "oauth", "rules", "tests", "web",
	"bin", "demo-data", // made by make, ignored by git
}

// goPackage is what go list tells of a package.
type goPackage struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
	GoFiles      []string
}

// goList asks the go command about our packages.
func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Standard,Imports,TestImports,XTestImports,GoFiles"}, args...)...)
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// under reports whether a path is a package or below it.
func under(path, pkg string) bool { return path == pkg || strings.HasPrefix(path, pkg+"/") }

// folder is the top folder of one of our packages.
func folder(path string) string {
	top, _, _ := strings.Cut(strings.TrimPrefix(path, module), "/")
	return top
}

func TestImports_directions(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range goList(t, "./...") {
		top := folder(p.ImportPath)
		rule, known := folders[top]
		if !known {
			t.Errorf("%s is in no folder of docs/design.md", p.ImportPath)
			continue
		}
		seen[top] = true
		for _, i := range p.Imports {
			if strings.HasPrefix(i, module) && folder(i) != top && !slices.Contains(rule.may, folder(i)) {
				t.Errorf("%s imports %s: %s", p.ImportPath, i, rule.why)
			}
		}
		for _, i := range slices.Concat(p.TestImports, p.XTestImports) {
			if top != "tests" && top != "cmd" && strings.HasPrefix(i, module) && (folder(i) == "cmd" || folder(i) == "tests") {
				t.Errorf("a test of %s imports %s: %s", p.ImportPath, i, folders["cmd"].why)
			}
		}
	}
	for top := range folders {
		if !seen[top] {
			t.Errorf("the folder %s of the table holds no package any more", top)
		}
	}
}

func TestImports_libraries(t *testing.T) {
	t.Parallel()
	ours := goList(t, "./...")
	for _, l := range libraries {
		used := false
		for _, p := range ours {
			allowed := slices.ContainsFunc(l.only, func(pkg string) bool { return under(p.ImportPath, module+pkg) })
			for _, i := range p.Imports {
				if !strings.HasPrefix(i, l.path) {
					continue
				}
				used = true
				if !allowed {
					t.Errorf("%s imports %s: %s", p.ImportPath, i, l.why)
				}
			}
		}
		if !used {
			t.Errorf("nothing imports %s any more; take it off the table", l.path)
		}
		for _, pkg := range l.only {
			if !slices.ContainsFunc(ours, func(p goPackage) bool { return under(p.ImportPath, module+pkg) }) {
				t.Errorf("%s of the table exists no more", pkg)
			}
		}
	}
}

func TestImports_rulesArePure(t *testing.T) {
	t.Parallel()
	for _, p := range goList(t, "./rules/...") {
		if !strings.HasPrefix(p.ImportPath, module) {
			continue
		}
		for _, i := range p.Imports {
			if !slices.Contains(pure, i) && !strings.HasPrefix(i, module+"rules") {
				t.Errorf("%s imports %s: %s", p.ImportPath, i, folders["rules"].why)
			}
		}
	}
	// What comes with them: nothing but the tables of golang.org/x.
	for _, p := range goList(t, "-deps", "./rules/...") {
		if !p.Standard && !under(p.ImportPath, module+"rules") && !strings.HasPrefix(p.ImportPath, "golang.org/x/") {
			t.Errorf("rules depends on %s", p.ImportPath)
		}
	}
}

func TestRepository_topLevel(t *testing.T) {
	t.Parallel()
	found, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if !slices.Contains(entries, f.Name()) {
			t.Errorf("%s stands at the top level; move it, or write an ADR and add it here", f.Name())
		}
	}
}

// Every package says what it promises, in doc.go; a package of one file may say it there. That it says
// something at all is for the linter.
func TestRepository_packageComments(t *testing.T) {
	t.Parallel()
	for _, p := range goList(t, "./...") {
		name := filepath.Join("..", filepath.FromSlash(strings.TrimPrefix(p.ImportPath, module)), "doc.go")
		if _, err := os.Stat(name); err != nil && len(p.GoFiles) > 1 {
			t.Errorf("%s has no doc.go", p.ImportPath)
		}
	}
}
