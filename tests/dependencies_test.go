package tests

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Each direct dependency is explained in docs/dependencies.md, at the version that go.mod has.
func TestRepository_dependencies(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod edit: %v", err)
	}
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
	}
	if err = json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	doc := read(t, "../docs/dependencies.md")
	direct := map[string]bool{}
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		direct[r.Path] = true
		if !strings.Contains(doc, fmt.Sprintf("| %s | %s | ", r.Path, r.Version)) {
			t.Errorf("docs/dependencies.md does not explain %s %s", r.Path, r.Version)
		}
	}
	if len(direct) == 0 {
		t.Fatal("go.mod names no direct dependency")
	}
	for line := range strings.Lines(doc) {
		cells := strings.Split(line, "|")
		if len(cells) != 7 || !strings.Contains(cells[1], ".") {
			continue
		}
		if path := strings.TrimSpace(cells[1]); !direct[path] {
			t.Errorf("docs/dependencies.md explains %s, which go.mod does not require directly", path)
		}
	}
}
