package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := run(".", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const head = `# Rules and their scenarios

Written by ` + "`make gen`" + ` from the titles of ` + "`rules/testdata`" + ` and the rules of this folder; DO NOT EDIT. A scenario file is meant to be read: commands, a
line of dashes, and what the rules answer.

`

// run writes the whole page for the repository at root.
func run(root string, w io.Writer) error {
	scenarios, err := readScenarios(root)
	if err != nil {
		return err
	}
	texts, err := readRequirements(root)
	if err != nil {
		return err
	}
	rows, err := officialRows(root, scenarios)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(head + "## Official tables\n\n| Row | What | Shown by |\n|---|---|---|\n")
	for _, r := range rows {
		shown := strings.Join(r.shownBy, "<br>")
		if shown == "" {
			shown = "**nothing**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.name, cell(r.what), shown)
	}
	b.WriteString("\n## Rules\n\n| Rule | Requirement | Scenarios |\n|---|---|---|\n")
	for _, id := range citedIDs(scenarios) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", id, cell(texts[id]), strings.Join(citing(scenarios, id), "<br>"))
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// cell writes a text so that it stays in one cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s)
}
