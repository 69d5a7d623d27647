package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mesbridge/web/page"
)

// The parts of an OpenAPI document that the page of the developers shows.
type (
	apiDocument struct {
		Info  struct{ Description string }
		Paths map[string]map[string]apiOperation
		Parts struct {
			Parameters map[string]apiParameter
			Responses  map[string]apiResponse
			Schemas    map[string]apiSchema
		} `json:"components"`
	}
	apiOperation struct {
		Summary     string
		Parameters  []apiParameter
		RequestBody struct{ Content map[string]apiContent }
		Responses   map[string]apiResponse
	}
	apiParameter struct {
		Ref                   string `json:"$ref"`
		Name, In, Description string
		Required              bool
		Schema                apiSchema
	}
	apiResponse struct {
		Ref         string `json:"$ref"`
		Description string
		Content     map[string]apiContent
	}
	apiContent struct{ Schema apiSchema }
	apiSchema  struct {
		Ref         string `json:"$ref"`
		Type        any    // a word, or several
		Description string
		Enum        []any
		Properties  map[string]apiSchema
		Required    []string
		Items       *apiSchema
		AllOf       []apiSchema
		OneOf       []apiSchema
		AnyOf       []apiSchema
	}
)

// refName is the name of the part that a reference names.
func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// shape returns the name of the schema that s is or lists, empty for none.
func (s apiSchema) shape() string {
	switch {
	case s.Ref != "":
		return refName(s.Ref)
	case s.Items != nil:
		return s.Items.shape()
	}
	for _, other := range slices.Concat(s.OneOf, s.AnyOf, s.AllOf) {
		if name := other.shape(); name != "" {
			return name
		}
	}
	return ""
}

// words is the type of a member as the page writes it.
func (s apiSchema) words() string {
	switch {
	case s.Ref != "":
		return refName(s.Ref)
	case s.Items != nil:
		return "[" + s.Items.words() + "]"
	case len(s.Enum) > 0:
		return joinAny(s.Enum)
	}
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		return joinAny(t)
	}
	var all []string
	for _, other := range slices.Concat(s.OneOf, s.AnyOf, s.AllOf) {
		all = append(all, other.words())
	}
	return strings.Join(all, " | ")
}

func joinAny(all []any) string {
	texts := make([]string, len(all))
	for i, v := range all {
		if texts[i] = fmt.Sprint(v); v == nil {
			texts[i] = "null"
		}
	}
	return strings.Join(texts, " | ")
}

// fields are the members of an object, the required ones first.
func (s apiSchema) fields() []page.APIField {
	var all []page.APIField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		all = append(all, page.APIField{
			Name: name, Type: p.words(), Shape: p.shape(), Text: p.Description, Required: slices.Contains(s.Required, name),
		})
	}
	slices.SortStableFunc(all, func(a, b page.APIField) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	return all
}

// developerOf makes the page from the description of the API. The order is that of the router.
func developerOf(document []byte, served []endpoint) (page.Developer, error) {
	var d apiDocument
	if err := json.Unmarshal(document, &d); err != nil {
		return page.Developer{}, fmt.Errorf("read the description of the API: %w", err)
	}
	groups := []page.CallGroup{
		{Anchor: "bureau", Heading: "Pour les professionnels et les applications"},
		{Anchor: "etablissements", Heading: "Pour les établissements"},
		{Anchor: "patients", Heading: "Pour les patients"},
	}
	for i := range served {
		e := &served[i]
		at := 0
		switch {
		case e.takes(Patient):
			at = 2
		case !e.takes(Professional):
			at = 1
		}
		groups[at].Calls = append(groups[at].Calls, d.call(e))
	}
	p := page.Developer{About: d.Info.Description, Groups: groups}
	for _, name := range slices.Sorted(maps.Keys(d.Parts.Schemas)) {
		s := d.Parts.Schemas[name]
		shape := page.Shape{Name: name, Text: s.Description, Fields: s.fields()}
		for _, base := range s.AllOf {
			if base.Ref != "" {
				shape.Bases = append(shape.Bases, refName(base.Ref))
			}
			shape.Fields = append(shape.Fields, base.fields()...)
		}
		if len(shape.Fields) == 0 {
			shape.Text = strings.TrimSpace(shape.Text + " " + s.words())
		}
		p.Shapes = append(p.Shapes, shape)
	}
	return p, nil
}

// call describes one endpoint.
func (d apiDocument) call(e *endpoint) page.APICall {
	op := d.Paths[apiBase+e.path][strings.ToLower(e.method)]
	c := page.APICall{Method: e.method, Path: apiBase + e.path, Scope: e.scope, Summary: op.Summary}
	query := ""
	for _, p := range op.Parameters {
		if p.Ref != "" {
			p = d.Parts.Parameters[refName(p.Ref)]
		}
		c.Parameters = append(c.Parameters, page.APIField{
			Name: p.Name, Type: p.Schema.words(), Shape: p.Schema.shape(), Text: p.Description, Required: p.Required,
		})
		if p.In == "query" && p.Name == "mailbox" {
			query = "?mailbox=$BAL"
		}
	}
	var body apiSchema
	if content, takes := op.RequestBody.Content["application/json"]; takes {
		c.Body, body = content.Schema.shape(), content.Schema
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		if r.Ref != "" {
			r = d.Parts.Responses[refName(r.Ref)]
		}
		a := page.APIAnswer{Status: status, Text: r.Description}
		for _, content := range r.Content {
			a.Shape = content.Schema.shape()
		}
		c.Answers = append(c.Answers, a)
	}
	c.Curl = d.curl(c, query, body)
	return c
}

// curl is a line for a shell that makes the call with the members that are required.
func (d apiDocument) curl(c page.APICall, query string, body apiSchema) string {
	path := strings.NewReplacer("{id}", "$ID", "{finess}", "$FINESS", "{visit}", "$VENUE", "{user}", "$PERSONNE").Replace(c.Path)
	line := `curl -s -H "Authorization: Bearer $JETON"`
	if c.Method != "GET" {
		line += " -X " + c.Method
	}
	if c.Body != "" {
		if sample, err := json.Marshal(d.sample(body, 0)); err == nil {
			line += ` -H 'Content-Type: application/json' -d '` + string(sample) + `'`
		}
	}
	return line + ` "$BASE` + path + query + `"`
}

// maxSampleDepth stops samples of shapes that hold themselves.
const maxSampleDepth = 5

// sample is a value of the form of a schema, with its required members alone.
func (d apiDocument) sample(s apiSchema, depth int) any {
	if s.Ref != "" {
		s = d.Parts.Schemas[refName(s.Ref)]
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	if depth > maxSampleDepth {
		return nil
	}
	if len(s.Properties) > 0 {
		members := map[string]any{}
		for _, name := range s.Required {
			members[name] = d.sample(s.Properties[name], depth+1)
		}
		return members
	}
	switch s.Type {
	case "boolean":
		return true
	case "integer", "number":
		return 1
	case "array":
		return []any{}
	case "object":
		return map[string]any{}
	}
	return "…"
}

// developerPage shows the description of the API.
func developerPage(a *App, _ visit) (view, error) { return show(a.developer) }
