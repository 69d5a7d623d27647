package rules_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The scenarios in testdata are written to be read without knowing Go. A file is a list of blocks: a
// title that names the rules, commands, a line of dashes, and what the rules answer. A title that
// starts with ## begins with a new patient; the others go on from the block before.
//
//	go test ./rules -run TestScenarios -rewrite
//
// writes the answers that the rules give now. Read the difference before it is committed.
var rewrite = flag.Bool("rewrite", false, "write the answers of the rules into the scenario files")

// block is one block of a scenario file.
type block struct {
	title    []string
	commands []string
	answers  []string
}

// cites finds a rule id.
var cites = regexp.MustCompile(`\b(R|O|I|D|OP)[0-9]+[a-z]?\b`)

func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("scenario files: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			runFile(t, file)
		})
	}
}

func runFile(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := parseScenarios(t, string(text))
	var w *world
	for i, b := range blocks {
		title := strings.Join(b.title, "\n")
		if !cites.MatchString(title) {
			t.Errorf("no rule is named in the title %q", title)
		}
		if strings.HasPrefix(title, "##") || w == nil {
			w = newWorld()
		}
		var got []string
		for _, c := range b.commands {
			answer, err := w.run(c)
			if err != nil {
				t.Fatalf("%s\n%s: %v", title, c, err)
			}
			got = append(got, answer...)
		}
		blocks[i].answers = got
		if a, b := strings.Join(got, "\n"), strings.Join(b.answers, "\n"); a != b && !*rewrite {
			t.Errorf("%s\nthe rules answer\n%s\nand the scenario says\n%s", title, a, b)
		}
	}
	if !*rewrite {
		return
	}
	if err := os.WriteFile(file, []byte(formatScenarios(blocks)), 0o644); err != nil {
		t.Fatal(err)
	}
}

const dashes = "----"

// parseScenarios reads a file: blocks are divided by empty lines.
func parseScenarios(t *testing.T, text string) (blocks []block) {
	for part := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		var b block
		answers := false
		for line := range strings.SplitSeq(strings.Trim(part, "\n"), "\n") {
			switch {
			case answers:
				b.answers = append(b.answers, line)
			case line == dashes:
				answers = true
			case strings.HasPrefix(line, "#"):
				b.title = append(b.title, line)
			default:
				b.commands = append(b.commands, line)
			}
		}
		if len(b.commands) == 0 || len(b.title) == 0 {
			t.Fatalf("block without a title or a command:\n%s", part)
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func formatScenarios(blocks []block) string {
	var parts []string
	for _, b := range blocks {
		lines := append(append(append([]string{}, b.title...), b.commands...), dashes)
		parts = append(parts, strings.Join(append(lines, b.answers...), "\n"))
	}
	return strings.Join(parts, "\n\n") + "\n"
}
