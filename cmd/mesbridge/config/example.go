package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

const exampleHead = `Settings of mesbridge, complete, as an example. Check a file with: mesbridge check-config FILE
A setting that is left out has its default; marked (needed), it has none. Ids in brackets are those
of docs/rules. Made by: mesbridge config example`

// WriteExample writes a complete commented file that Read accepts.
func WriteExample(w io.Writer) error {
	var doc yaml.Node
	if err := doc.Encode(sample()); err != nil {
		return fmt.Errorf("encode example: %w", err)
	}
	comment(&doc, reflect.TypeFor[Config](), 0)
	if _, err := fmt.Fprintf(w, "# %s\n\n", strings.ReplaceAll(exampleHead, "\n", "\n# ")); err != nil {
		return err
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(indent)
	if err := e.Encode(&doc); err != nil {
		return fmt.Errorf("write example: %w", err)
	}
	return e.Close()
}

// Columns of the example file.
const (
	indent = 2
	column = 100
)

// comment puts the doc tag of each field of t above its key in n.
func comment(n *yaml.Node, t reflect.Type, depth int) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, value := n.Content[2*i], n.Content[2*i+1]
		text := field.Tag.Get("doc")
		if field.Tag.Get("need") == "yes" {
			text = "(needed) " + text
		}
		name.HeadComment = wrap(text, column-depth*indent)
		if field.Type.Kind() == reflect.Struct {
			comment(value, field.Type, depth+1)
		}
	}
}

// wrap breaks text into comment lines of at most width columns.
func wrap(text string, width int) string {
	var b strings.Builder
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len([]rune(line))+1+len([]rune(word)) > width {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	return b.String() + line
}
