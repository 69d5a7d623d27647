package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// defining finds the items and the table rows of docs/rules that define an id.
var defining = regexp.MustCompile(`(?m)^\s*[-|]\s*(?:\*\*)?((?:OP|[ROID])[0-9]+[a-z]?)(?:\*\*)?\b(.*(?:\n  .*)*)`)

// maxRequirement is how many characters of a requirement are quoted: enough to know which one it is.
const maxRequirement = 160

// readRequirements gives the beginning of each rule's text.
func readRequirements(root string) (map[string]string, error) {
	texts := map[string]string{}
	for _, name := range []string{"decisions.md", "mes-messaging.md", "operator.md", "identity-rights-interop.md"} {
		text, err := os.ReadFile(filepath.Join(root, "docs", "rules", name))
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		for _, m := range defining.FindAllStringSubmatch(string(text), -1) {
			if _, known := texts[m[1]]; !known {
				texts[m[1]] = beginning(m[2])
			}
		}
	}
	return texts, nil
}

// beginning is the first sentence of a rule, or what fits of it, without its markup.
func beginning(text string) string {
	text = strings.Join(strings.Fields(strings.NewReplacer("**", "", "*", "").Replace(text)), " ")
	text = strings.Trim(text, " |:")
	if end := strings.Index(text, ". "); end > 0 {
		text = text[:end+1]
	}
	if short := []rune(text); len(short) > maxRequirement {
		text = strings.TrimRight(string(short[:maxRequirement]), " ,;") + "…"
	}
	return text
}
