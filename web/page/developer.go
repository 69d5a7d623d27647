package page

import "strings"

// Developer describes the API to whoever writes a program for it: what /openapi.json says, to be read.
type Developer struct {
	About  string // of the whole, in English
	Groups []CallGroup
	Shapes []Shape
}

// CallGroup is the calls of one kind of caller.
type CallGroup struct {
	Anchor, Heading string
	Calls           []APICall
}

// APICall is one call. Summary and descriptions are those of the description of the API, in English.
type APICall struct {
	Method, Path, Scope, Summary, Curl string
	Parameters                         []APIField
	Body                               string // name of the shape of the body; empty: none
	Answers                            []APIAnswer
}

// Anchor names the place of the call on the page.
func (c APICall) Anchor() string {
	return strings.ToLower(c.Method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(c.Path)
}

// APIAnswer is one status of a call.
type APIAnswer struct {
	Status, Text, Shape string // Shape is empty for no body, and for bytes
}

// Shape is one object that goes to and fro.
type Shape struct {
	Name   string
	Bases  []string // shapes whose fields it has too
	Text   string
	Fields []APIField
}

// APIField is a member of a shape, or a parameter.
type APIField struct {
	Name, Type, Shape, Text string
	Required                bool
}

func (Developer) title() string    { return "Développeurs : description de l’API" }
func (Developer) template() string { return "developer" }

// fieldTable is a table of fields with its name.
type fieldTable struct {
	Label  string
	Fields []APIField
}

func labelled(label string, fields []APIField) fieldTable { return fieldTable{label, fields} }
